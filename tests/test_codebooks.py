"""Codebooks: frozen into versions that stay, compared, written out, and made into studies."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from annotation.codebook import PAPER_THEMES, canonical, diff, to_markdown
from annotation.models import COLOURS, Codebook, CodebookVersion, Study
from annotation.services import codebooks
from annotation.services.codebooks import (
    as_json,
    as_markdown,
    content_of,
    find_version,
    freeze,
    from_paper,
    make_codebook,
    make_study,
)
from annotation.services.codes import (
    drop_theme,
    make_code,
    make_theme,
    merge,
    order_themes,
    reword,
    reword_theme,
    to_theme,
)
from annotation.services.rounds import disagreements, leave, resolve, settled
from config.errors import UserError
from config.models import User
from tests.coding import play, say, small_run, started
from tests.conftest import MakeVideo

pytestmark = pytest.mark.django_db


@pytest.fixture
def book(alice: User) -> Codebook:
    """Two themes, one with a code, and a code in none."""
    book = make_codebook("Book", by=alice)
    round_things = make_theme(book, name="Round", definition="without corners", examples="a disc\n\n a ring \n")
    make_theme(book, name="Flat", definition="without depth", has_severity=True)
    to_theme([make_code(book, name="disc", by=alice, included="full ones")], theme=round_things, by=alice)
    make_code(book, name="calm", by=alice)
    return book


def read(version: CodebookVersion) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(as_json(version))
    return told


def told(before: CodebookVersion, after: CodebookVersion) -> list[tuple[str, str, str, str, str]]:
    return [(one.kind, one.name, one.field, one.before, one.after) for one in codebooks.diff(before, after)]


# --- making one ---


@pytest.mark.parametrize(
    ("name", "sentence"), [("BOOK", "There is a codebook"), (" ", "1 to 100 characters"), ("x" * 101, "1 to 100")]
)
def test_names_that_no_codebook_may_have(book: Codebook, alice: User, name: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        make_codebook(name, by=alice)


def test_the_papers_themes_are_ready_for_a_study(alice: User) -> None:
    book = from_paper(by=alice)
    version = book.versions.get()
    assert (book.name, version.number, version.frozen_by) == ("Unsafe video, five themes", 1, alice)
    study = make_study(version, name="Replication", overlap=3, by=alice)
    assert list(study.choices.values_list("key", "name", "definition")) == [
        (theme.key, theme.name, theme.definition) for theme in PAPER_THEMES
    ]
    assert study.codebook_version == version
    for theme in PAPER_THEMES:
        assert theme.guidance
        assert theme.examples
        assert theme.counter_examples
    with pytest.raises(UserError, match="There is a codebook"):
        from_paper(by=alice)


# --- freezing ---


def test_a_version_holds_themes_codes_and_what_is_in_none(book: Codebook, alice: User) -> None:
    content = freeze(book, by=alice, why=" first ").content
    first, second = content["themes"]
    assert (first["key"], first["definition"], first["position"]) == ("round", "without corners", 0)
    assert first["examples"] == ["a disc", "a ring"]
    assert (second["name"], second["has_severity"], second["codes"]) == ("Flat", True, [])
    (disc,) = first["codes"]
    assert (disc["name"], disc["included"]) == ("disc", "full ones")
    assert [code["name"] for code in content["unassigned"]] == ["calm"]
    assert content["rounds"] == []
    assert book.versions.get().why == "first"


def test_the_digest_is_that_of_the_canonical_json(book: Codebook, alice: User) -> None:
    version = freeze(book, by=alice)
    text = json.dumps(version.content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert version.digest == hashlib.sha256(text.encode()).hexdigest()
    version.refresh_from_db()
    assert canonical(version.content) == text


def test_what_was_frozen_stays_whatever_becomes_of_the_codebook(book: Codebook, alice: User) -> None:
    version = freeze(book, by=alice)
    before = as_json(version), as_markdown(version)
    disc, calm = book.codes.order_by("pk")
    merge([calm], into=disc, by=alice)
    reword_theme(book.themes.get(key="round"), name="Rounder", definition="other")
    drop_theme(book.themes.get(key="flat"), by=alice)
    again = find_version("Book:1")
    assert (as_json(again), as_markdown(again)) == before
    assert freeze(book, by=alice).number == 2


def test_nothing_new_is_no_new_version(book: Codebook, alice: User) -> None:
    freeze(book, by=alice)
    with pytest.raises(UserError, match=r"Nothing has changed since version 1\."):
        freeze(book, by=alice, why="again")
    theme = reword_theme(book.themes.get(key="round"), definition="no corners at all")
    freeze(book, by=alice)
    reword_theme(theme, definition="without corners")
    assert freeze(book, by=alice).number == 3
    assert find_version("Book:1").digest == find_version("Book:3").digest


def test_raters_need_themes_with_definitions(alice: User) -> None:
    book = make_codebook("Book", by=alice)
    with pytest.raises(UserError, match="no theme yet"):
        freeze(book, by=alice)
    for name, definition in (("Round", ""), ("Flat", "without depth"), ("Deep", "  ")):
        make_theme(book, name=name, definition=definition)
    with pytest.raises(UserError, match="write one for Round, Deep"):
        freeze(book, by=alice)
    assert not book.versions.exists()


def test_rounds_must_be_closed_and_disagreements_resolved(make_video: MakeVideo, alice: User, bob: User) -> None:
    coders = started(small_run(make_video, [2]), alice, bob)
    book = coders[0].round.codebook
    theme = make_theme(book, name="Animals", definition="with four legs")
    with pytest.raises(UserError, match="round 1 is still open"):
        freeze(book, by=alice)
    of = play(coders, ["dog", "cat", "cat"], ["dog", "mouse", "cat mouse"])
    with pytest.raises(UserError, match="still disagree on 2 items of round 1; resolve that first"):
        freeze(book, by=alice)
    for one in disagreements(of):
        resolve(one.item, codes=one.voices[0].codes, why="ears", by=bob)
    to_theme(next(iter(settled(of).values())), theme=theme, by=alice)
    content = freeze(book, by=alice).content
    (figures,) = content["rounds"]
    assert (figures["number"], figures["coders"], figures["items"], figures["without"]) == (1, 2, 3, "")
    assert {"value", "low", "high", "level", "undefined"} == figures["alpha"].keys()
    assert [(code["name"], code["given"]) for code in figures["codes"]] == [("cat", 3), ("dog", 2), ("mouse", 2)]
    assert [code["name"] for code in content["themes"][0]["codes"]] == ["dog"]


def test_the_agreement_on_record_is_that_of_the_published_table(
    make_video: MakeVideo, alice: User, bob: User
) -> None:
    of = play(started(small_run(make_video, [2]), alice, bob), ["dog", "cat", "cat"], ["dog", "cat", "cat mouse"])
    figures = content_of(of.codebook)["rounds"][0]
    assert figures["alpha"]["value"] == 0.666667
    kappas = {code["name"]: (code["coefficient"], code["value"]) for code in figures["codes"]}
    assert kappas == {"cat": ("Cohen's kappa", 1.0), "dog": ("Cohen's kappa", 1.0), "mouse": ("Cohen's kappa", 0.0)}
    assert canonical(content_of(of.codebook)) == canonical(content_of(of.codebook))


def test_undefined_agreement_and_none_at_all_are_on_record(make_video: MakeVideo, alice: User, bob: User) -> None:
    of = play(started(small_run(make_video, [2]), alice, bob), ["dog"] * 3, ["dog"] * 3)
    make_theme(of.codebook, name="Animals", definition="with four legs")
    version = freeze(of.codebook, by=alice)
    (figures,) = version.content["rounds"]
    assert figures["alpha"]["value"] is None
    assert "no disagreement to expect by chance" in figures["alpha"]["undefined"]
    assert "undefined | all ratings" in as_markdown(version)
    coders = started(small_run(make_video, [2]), alice, bob)
    say(coders[0], 0, "dog")
    other = leave(coders[0], by=alice).codebook
    (figures,) = content_of(other)["rounds"]
    assert figures["alpha"] is None
    assert "closed without agreement" in figures["without"]
    make_theme(other, name="Animals", definition="with four legs")
    assert "closed without agreement" in as_markdown(freeze(other, by=alice))


def test_codes_of_an_open_round_are_in_no_content(make_video: MakeVideo, alice: User, bob: User) -> None:
    coders = started(small_run(make_video, [2]), alice, bob)
    say(coders[0], 0, "secret")
    assert "secret" not in canonical(content_of(coders[0].round.codebook))


# --- two versions ---


def test_a_diff_names_each_change_with_before_and_after(book: Codebook, alice: User) -> None:
    first = freeze(book, by=alice)
    round_things, flat = book.themes.all()
    disc, calm = book.codes.order_by("pk")
    reword(disc, by=alice, name="circle", definition="all its points equally far")
    to_theme([disc, calm], theme=flat, by=alice)
    reword_theme(round_things, name="Rounded", has_severity=True, examples="a ring")
    order_themes(book, themes=[flat, round_things])
    deep = make_theme(book, name="Deep", definition="with depth")
    make_code(book, name="far", by=alice)
    second = freeze(book, by=alice)
    assert told(first, second) == [
        ("moved", "Flat", "place", "2", "1"),
        ("renamed", "Rounded", "name", "Round", "Rounded"),
        ("reworded", "Rounded", "examples", "a disc; a ring", "a ring"),
        ("reworded", "Rounded", "has_severity", "no", "yes"),
        ("moved", "Rounded", "place", "1", "2"),
        ("added", "Deep", "", "", ""),
        ("moved", "calm", "theme", "no theme", "Flat"),
        ("renamed", "circle", "name", "disc", "circle"),
        ("reworded", "circle", "definition", "", "all its points equally far"),
        ("moved", "circle", "theme", "Round", "Flat"),
        ("added", "far", "", "", ""),
    ]
    drop_theme(deep, by=alice)
    merge([calm], into=disc, by=alice)
    third = freeze(book, by=alice)
    assert told(second, third) == [("removed", "Deep", "", "", ""), ("removed", "calm", "", "", "")]
    assert told(third, second) == [("added", "Deep", "", "", ""), ("added", "calm", "", "", "")]
    assert codebooks.diff(second, second) == []


def test_an_added_theme_moves_no_other(book: Codebook, alice: User) -> None:
    first = freeze(book, by=alice)
    new = make_theme(book, name="Deep", definition="with depth")
    order_themes(book, themes=[new, *book.themes.exclude(pk=new.pk)])
    assert [one.kind for one in diff(first.content, content_of(book))] == ["added"]


def test_versions_of_two_codebooks_are_not_compared(book: Codebook, alice: User) -> None:
    with pytest.raises(UserError, match="belong to two codebooks"):
        codebooks.diff(freeze(book, by=alice), from_paper(by=alice).versions.get())


# --- written out ---


def test_json_holds_all_of_a_version(book: Codebook, alice: User) -> None:
    version = freeze(book, by=alice, why="first")
    written = read(version)
    assert written.pop("content") == version.content
    assert written.pop("frozen_at").endswith("Z")
    assert written == {"codebook": "Book", "version": 1, "why": "first", "digest": version.digest}


def test_markdown_can_be_read(book: Codebook, alice: User) -> None:
    text = as_markdown(freeze(book, by=alice))
    lines = text.splitlines()
    assert lines[0] == "# Book version 1"
    for line in ("## Round (`round`)", "without corners", "- a ring", "### disc", "- In: full ones", "### calm"):
        assert line in lines
    assert lines.index("### disc") < lines.index("## Flat (`flat`)") < lines.index("## Codes in no theme")
    assert text.endswith("\n")
    assert "Agreement" not in text


def test_peoples_words_are_no_markdown(book: Codebook, alice: User) -> None:
    make_theme(book, name="# <b>|x|", definition="[a](javascript:x)\n## not a heading")
    text = as_markdown(freeze(book, by=alice))
    assert "## \\# &lt;b>\\|x\\| (`bx`)" in text
    assert "\\[a\\](javascript:x) \\#\\# not a heading" in text
    assert "\n## not a heading" not in text


def test_an_empty_content_is_a_title() -> None:
    assert to_markdown("Nothing", [], {"themes": [], "unassigned": [], "rounds": []}) == "# Nothing\n"


# --- versions found, studies made ---


def test_versions_are_found_by_name_and_number(book: Codebook, alice: User) -> None:
    with pytest.raises(UserError, match="'Book' has no version yet; freeze it first"):
        find_version("Book")
    freeze(book, by=alice)
    make_code(book, name="far", by=alice)
    freeze(book, by=alice)
    assert [find_version(name).number for name in ("Book", "Book:1", "Book:2")] == [2, 1, 2]
    with pytest.raises(UserError, match="'Book' has no version 3"):
        find_version("Book:3")
    for unknown in ("Nook", "Book:one", "Nook:1", "Book:"):
        with pytest.raises(UserError, match=r"There is no codebook .* \(codebooks: 'Book'\)"):
            find_version(unknown)


def test_a_study_asks_what_its_version_says(book: Codebook, alice: User) -> None:
    version = freeze(book, by=alice)
    reword_theme(book.themes.get(key="round"), name="Rounder")
    study = make_study(version, name=" Shapes ", overlap=2, question="Which shapes?", by=alice)
    assert (study.name, study.overlap, study.question) == ("Shapes", 2, "Which shapes?")
    assert list(study.choices.values_list("key", "name", "position")) == [("round", "Round", 0), ("flat", "Flat", 1)]
    assert make_study(version, name="Plain", overlap=2, by=alice).question == Study().question


def test_studies_that_cannot_be_made(book: Codebook, alice: User, rita: User) -> None:
    version = freeze(book, by=alice)
    make_study(version, name="Shapes", overlap=2, by=alice)
    for name, overlap, by, sentence in (
        ("Shapes", 2, alice, "is there already"),
        ("More", 0, alice, "at least 1 rater"),
        (" ", 2, alice, "1 to 100 characters"),
        ("More", 2, rita, "made by researchers"),
    ):
        with pytest.raises(UserError, match=sentence):
            make_study(version, name=name, overlap=overlap, by=by)
    assert Study.objects.count() == 1


def test_the_papers_themes_have_colours_of_the_palette(alice: User) -> None:
    colours = [theme["colour"] for theme in from_paper(by=alice).versions.get().content["themes"]]
    assert len(set(colours)) == len(colours)
    assert set(colours) <= set(range(1, COLOURS + 1))
