"""Codes and themes of a living codebook: made, reworded, merged and gathered, with their history.

A codebook's codes change one person at a time: each write holds the codebook's row until its transaction ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.utils.text import slugify

from annotation.coding import folded, roots
from annotation.models import COLOURS, Code, Codebook, CodeChange, Round, Theme
from config.errors import UserError
from config.models import User

CODE_FIELDS = ("name", "definition", "included", "excluded", "example", "colour")
THEME_FIELDS = ("name", "definition", "guidance", "examples", "counter_examples", "has_severity", "colour")
LONGEST = 80


def visible_codes(codebook: Codebook, *, user: User) -> QuerySet[Code]:
    """The codes that were not merged away; those of open rounds only to their maker."""
    mine_or_open = Q(made_in=None) | Q(made_in__closed_at__isnull=False) | Q(made_by=user)
    return Code.objects.filter(mine_or_open, codebook=codebook, merged_into=None).select_related("theme", "made_in")


def open_round(codebook: Codebook) -> Round | None:
    """The round that is under way; a codebook has at most one."""
    return codebook.rounds.filter(closed_at=None).first()


def living(codebook: Codebook) -> dict[int, Code]:
    """What became of each code by its number: itself, or the code that it was merged into, however often."""
    codes = {code.pk: code for code in codebook.codes.select_related("theme")}
    root = roots({pk: code.merged_into_id for pk, code in codes.items()})
    return {pk: codes[root[pk]] for pk in codes}


def hold(codebook: Codebook) -> None:
    """Let nobody else change the codebook until the transaction ends."""
    Codebook.objects.select_for_update().get(pk=codebook.pk)


# --- codes ---


@transaction.atomic
def make_code(codebook: Codebook, *, name: str, by: User, made_in: Round | None = None, **texts: Any) -> Code:
    """A new code, or the one of that name that `by` can see already.

    A coder's code belongs to their open round, also when `made_in` does not say so, and is theirs alone until the
    round closes. Raises `UserError` when the round is closed or not theirs, and when `texts` would be lost on a code
    that is there already.
    """
    hold(codebook)
    fields = _fields({"name": name, **texts}, CODE_FIELDS)
    made_in = _round_of(codebook, by, made_in)
    known = _named(visible_codes(codebook, user=by), fields["name"])
    if known is None:
        fields.setdefault("colour", codebook.codes.count() % COLOURS + 1)
        return Code.objects.create(codebook=codebook, made_by=by, made_in=made_in, **fields)
    if len(fields) > 1:
        raise UserError(f"There is a code {known.name!r} already; reword that one, or choose another name.")
    return known


def _round_of(codebook: Codebook, by: User, made_in: Round | None) -> Round | None:
    current = Round.objects.filter(codebook=codebook, closed_at=None, coders__user=by, coders__left_at=None).first()
    if made_in is not None and made_in != current:
        raise UserError(f"{made_in} is closed, or you are not one of its coders; make the code in the codebook.")
    return current


@transaction.atomic
def reword(code: Code, *, by: User, **fields: Any) -> Code:
    """Change the name, the texts or the colour of a code. What it said before stays in its history.

    Raises `UserError` when the code is not to be seen by `by` or was merged, and when the name is taken.
    """
    hold(code.codebook)
    code = current_codes(code.codebook, [code], user=by)[0]
    fields = _fields(fields, CODE_FIELDS)
    if "name" in fields:
        _refuse_taken(visible_codes(code.codebook, user=by).exclude(pk=code.pk), fields["name"])
        _refuse_taken_unseen(code, fields["name"])
    changes = {name: [getattr(code, name), value] for name, value in fields.items() if getattr(code, name) != value}
    if changes:
        Code.objects.filter(pk=code.pk).update(**fields)
        _remember([code], by, changes)
    return _again(code)


@transaction.atomic
def merge(codes: Sequence[Code], *, into: Code, by: User) -> Code:
    """Let `into` stand for `codes` too. Their codings stay as they were and are read through the merging.

    Raises `UserError` when one of them was merged by somebody else meanwhile.
    """
    hold(into.codebook)
    into, *gone = current_codes(into.codebook, [into, *codes], user=by)
    if not gone:
        raise UserError("Choose at least two codes to merge.")
    if _is_private(into) and any(code.made_in_id != into.made_in_id for code in gone):
        raise UserError(f"{into.name!r} is yours alone until its round closes; merge it into the other code instead.")
    merge_in(gone, into=into, by=by)
    return _again(into)


def merge_in(codes: Sequence[Code], *, into: Code, by: User) -> None:
    """Merge `codes`, which are held and not merged, and remember it."""
    pks = [code.pk for code in codes]
    merged = Code.objects.filter(pk__in=pks, merged_into=None).exclude(pk=into.pk).update(merged_into=into)
    if merged != len(pks):
        raise UserError("One of these codes was merged meanwhile; load the page again.")
    _remember(codes, by, {"merged_into": ["", into.name]})


@transaction.atomic
def unmerge(code: Code, *, by: User) -> Code:
    """Let a merged code stand for itself again.

    Raises `UserError` when it is not merged, and when its name was taken meanwhile.
    """
    hold(code.codebook)
    code = _again(code)
    if code.merged_into is None:
        raise UserError(f"The code {code.name!r} is not merged; load the page again.")
    current_codes(code.codebook, [living(code.codebook)[code.pk]], user=by)
    if _named(visible_codes(code.codebook, user=by), code.name):
        raise UserError(f"There is another code {code.name!r} by now; give that one another name first.")
    _refuse_taken_unseen(code, code.name)
    Code.objects.filter(pk=code.pk).update(merged_into=None)
    _remember([code], by, {"merged_into": [code.merged_into.name, ""]})
    return _again(code)


@transaction.atomic
def to_theme(codes: Sequence[Code], *, theme: Theme | None, by: User) -> list[Code]:
    """Gather `codes` in `theme`, or take them out of any. Raises `UserError` for codes of another codebook."""
    if not codes:
        raise UserError("No code is chosen; choose at least one.")
    hold(codes[0].codebook)
    found = current_codes(codes[0].codebook, codes, user=by)
    if theme is not None and theme.codebook_id != codes[0].codebook_id:
        raise UserError(f"The theme {theme.name!r} belongs to another codebook.")
    for code in found:
        if code.theme != theme:
            Code.objects.filter(pk=code.pk).update(theme=theme)
            _remember([code], by, {"theme": [code.theme.name if code.theme else "", theme.name if theme else ""]})
    return [_again(code) for code in found]


# --- themes ---


@transaction.atomic
def make_theme(codebook: Codebook, *, name: str, **texts: Any) -> Theme:
    """A new theme, after those that are there. Its key is made from its first name and stays."""
    hold(codebook)
    fields = _fields({"name": name, **texts}, THEME_FIELDS)
    _refuse_taken(codebook.themes.all(), fields["name"])
    last = codebook.themes.aggregate(last=Max("position"))["last"]
    position = 0 if last is None else last + 1
    fields.setdefault("colour", position % COLOURS + 1)
    return Theme.objects.create(codebook=codebook, key=_key(codebook, fields["name"]), position=position, **fields)


def _key(codebook: Codebook, name: str) -> str:
    """Short and plain; numbered where two names make the same key, or none."""
    stem = slugify(name)[:30] or "theme"
    taken = set(codebook.themes.values_list("key", flat=True))
    numbered = (f"{stem}-{number}" for number in range(2, len(taken) + 3))
    return next(key for key in (stem, *numbered) if key not in taken)


@transaction.atomic
def reword_theme(theme: Theme, **fields: Any) -> Theme:
    """Change the name, texts, severity or colour of a theme. Raises `UserError` when the name is taken."""
    hold(theme.codebook)
    fields = _fields(fields, THEME_FIELDS)
    if "name" in fields:
        _refuse_taken(theme.codebook.themes.exclude(pk=theme.pk), fields["name"])
    if fields and not Theme.objects.filter(pk=theme.pk).update(**fields):
        raise UserError(f"The theme {theme.name!r} was dropped meanwhile; load the page again.")
    theme.refresh_from_db()
    return theme


@transaction.atomic
def order_themes(codebook: Codebook, *, themes: Sequence[Theme]) -> list[Theme]:
    """Put all themes of the codebook in this order. Raises `UserError` when one is missing or new."""
    hold(codebook)
    if sorted(theme.pk for theme in themes) != sorted(codebook.themes.values_list("pk", flat=True)):
        raise UserError("The themes have changed meanwhile; load the page again and order them anew.")
    for position, theme in enumerate(themes):
        Theme.objects.filter(pk=theme.pk).update(position=position)
    return list(codebook.themes.all())


@transaction.atomic
def drop_theme(theme: Theme, *, by: User) -> None:
    """Take a theme away. Its codes stay, in no theme; versions that were frozen keep it."""
    hold(theme.codebook)
    codes = list(theme.codes.all())
    _remember(codes, by, {"theme": [theme.name, ""]})
    theme.delete()


# --- what they share ---


def _fields(given: dict[str, Any], known: Sequence[str]) -> dict[str, Any]:
    """The fields without blanks around them. Raises `UserError` for an empty or long name and an unknown colour."""
    if unknown := given.keys() - set(known):
        raise TypeError(f"unknown fields: {', '.join(sorted(unknown))}")
    fields: dict[str, Any] = {
        name: value.strip() if isinstance(value, str) else value for name, value in given.items()
    }
    if "name" in fields:
        fields["name"] = " ".join(fields["name"].split())
        if not 1 <= len(fields["name"]) <= LONGEST:
            raise UserError(f"A name has 1 to {LONGEST} characters; this one has {len(fields['name'])}.")
    if not 1 <= fields.get("colour", 1) <= COLOURS:
        raise UserError(f"There is no colour {fields['colour']}; choose one from 1 to {COLOURS}.")
    return fields


def _named(rows: QuerySet[Any], name: str) -> Any:
    """The row of this name but for case; compared here, since databases differ in what they fold."""
    return next((row for row in rows if folded(row.name) == folded(name)), None)


def _refuse_taken(rows: QuerySet[Any], name: str) -> None:
    if taken := _named(rows, name):
        raise UserError(f"The name {taken.name!r} is taken; choose another.")


def _refuse_taken_unseen(code: Code, name: str) -> None:
    """One maker's codes have different names, those included that only the maker may see."""
    others = Code.objects.filter(codebook=code.codebook, made_by=code.made_by, merged_into=None)
    if _named(others.exclude(pk=code.pk), name):
        raise UserError("This name cannot be given while a round is open; choose another.")


def current_codes(codebook: Codebook, codes: Sequence[Code], *, user: User) -> list[Code]:
    """The codes as they are now, each once. Raises `UserError` for one that `user` cannot see or that was merged."""
    wanted = list(dict.fromkeys(code.pk for code in codes))
    found = visible_codes(codebook, user=user).in_bulk(wanted)
    for code in codes:
        if code.pk not in found:
            raise UserError(_missing(code, user))
    return [found[pk] for pk in wanted]


def _missing(code: Code, user: User) -> str:
    merging = CodeChange.objects.filter(code=code, changes__has_key="merged_into").select_related("by").first()
    into = Code.objects.filter(merged=code).first()
    hidden = _is_private(code) and code.made_by_id != user.pk
    if hidden or merging is None or into is None:
        return "One of these codes is not in this codebook; load the page again."
    return f"{merging.by} has merged {code.name!r} into {into.name!r} meanwhile; load the page again."


def _is_private(code: Code) -> bool:
    return code.made_in is not None and code.made_in.closed_at is None


def _remember(codes: Sequence[Code], by: User, changes: dict[str, Any]) -> None:
    CodeChange.objects.bulk_create(CodeChange(code=code, by=by, changes=changes) for code in codes)


def _again(code: Code) -> Code:
    return Code.objects.select_related("theme", "made_in", "merged_into", "codebook").get(pk=code.pk)
