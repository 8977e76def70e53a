"""What the pages of a codebook show: its board of themes and codes, where a code was given, and its rounds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from annotation.models import Code, Codebook, CodebookVersion, CodeChange, Coding, Round, RoundCoder, RoundItem, Theme
from annotation.services.codes import living, visible_codes
from config.models import User
from datasets.models import Video


@dataclass(frozen=True)
class CodeLine:
    """A code on the board. `uses` counts the items it was given to, as far as the reader may know."""

    code: Code
    uses: int


@dataclass(frozen=True)
class Column:
    """The codes of a theme, or of none. `number` is the key that moves a code here."""

    number: int
    theme: Theme | None
    lines: list[CodeLine]


@dataclass(frozen=True)
class RoundLine:
    """A round in the list. `mine` is the reader's own part in it while it is under way."""

    round: Round
    items: int
    staying: int
    finished: int
    mine: RoundCoder | None

    @property
    def state(self) -> str:
        if self.round.closed_at:
            return "closed"
        return f"open, {self.finished} of {self.staying} coders have finished"


@dataclass(frozen=True)
class Board:
    codebook: Codebook
    loose: Column
    columns: list[Column]
    rounds: list[RoundLine]
    versions: list[CodebookVersion]

    @property
    def next_number(self) -> int:
        return self.versions[0].number + 1 if self.versions else 1

    @property
    def places(self) -> list[Column]:
        return [self.loose, *self.columns]

    @property
    def lines(self) -> list[CodeLine]:
        """All codes by name."""
        return sorted(
            (line for column in self.places for line in column.lines), key=lambda line: line.code.name.casefold()
        )


@dataclass(frozen=True)
class CodebookLine:
    """A codebook in the list of all."""

    codebook: Codebook
    themes: int
    codes: int
    rounds: int
    version: CodebookVersion | None


def codebook_lines(user: User) -> list[CodebookLine]:
    counted = Codebook.objects.annotate(
        theme_count=Count("themes", distinct=True), round_count=Count("rounds", distinct=True)
    )
    return [
        CodebookLine(
            codebook=book,
            themes=book.theme_count,
            codes=visible_codes(book, user=user).count(),
            rounds=book.round_count,
            version=book.versions.first(),
        )
        for book in counted.order_by("name")
    ]


def board(codebook: Codebook, *, user: User) -> Board:
    """The codebook as `user` may see it: the codes of an open round are their maker's alone."""
    used = uses(codebook, user=user)
    lines: dict[int | None, list[CodeLine]] = defaultdict(list)
    for code in sorted(visible_codes(codebook, user=user), key=lambda code: code.name.casefold()):
        lines[code.theme_id].append(CodeLine(code, len(used.get(code.pk, {}))))
    return Board(
        codebook=codebook,
        loose=Column(0, None, lines[None]),
        columns=[Column(at, theme, lines[theme.pk]) for at, theme in enumerate(codebook.themes.all(), start=1)],
        rounds=[_round_line(of, user) for of in codebook.rounds.order_by("-number")],
        versions=list(codebook.versions.select_related("frozen_by")),
    )


def _round_line(of: Round, user: User) -> RoundLine:
    staying = of.coders.filter(left_at=None)
    mine = None if of.closed_at else staying.filter(user=user, finished_at=None).first()
    return RoundLine(of, of.items.count(), staying.count(), staying.exclude(finished_at=None).count(), mine)


# --- one code ---


def uses(codebook: Codebook, *, user: User) -> dict[int, dict[int, RoundItem]]:
    """The items that each code was given to, both by number; codes as they are by now.

    Of open rounds only what `user` said counts, and videos that left the funnel do not.
    """
    became = living(codebook)
    found: dict[int, dict[int, RoundItem]] = defaultdict(dict)
    for coding in _newest(codebook, user).values():
        for code in coding.codes.all():
            found[became[code.pk].pk][coding.item_id] = coding.item
    return found


def _newest(codebook: Codebook, user: User) -> Mapping[tuple[int, int], Coding]:
    known = Q(item__round__closed_at__isnull=False) | Q(coder__user=user)
    kept = Q(item__video=None) | Q(item__video__in=Video.objects.kept())
    codings = Coding.objects.filter(known, kept, item__round__codebook=codebook).order_by("version")
    told = codings.select_related("item__round", "item__cluster", "item__video").prefetch_related(
        "codes", "item__video__sightings"
    )
    return {(coding.item_id, coding.coder_id): coding for coding in told}


def find_code(number: int, *, user: User) -> Code | None:
    """The code, also one that was merged away, if `user` may see it."""
    public = Q(made_in=None) | Q(made_in__closed_at__isnull=False) | Q(made_by=user)
    found = Code.objects.filter(public, pk=number)
    return found.select_related("codebook", "theme", "merged_into", "made_by", "made_in").first()


@dataclass(frozen=True)
class CodePage:
    """One code with its history, what was merged into it, and the items it was given to in the rounds' order."""

    code: Code
    changes: list[CodeChange]
    merged: list[Code]
    items: list[RoundItem]


def code_page(code: Code, *, user: User) -> CodePage:
    merged = [one for one in code.merged.all() if find_code(one.pk, user=user)]
    changes: QuerySet[CodeChange] = code.changes.select_related("by")
    given = uses(code.codebook, user=user).get(code.pk, {}).values()
    in_order = sorted(given, key=lambda item: (item.round.number, item.order))
    return CodePage(code, list(changes), merged, in_order)
