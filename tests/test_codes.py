"""Codes and themes: made, reworded, merged and gathered, and what coders' sets become for agreement."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.coding import agreed, last_act, roots, same_names
from annotation.models import Code, Codebook, CodeChange, Theme
from annotation.services.codebooks import make_codebook
from annotation.services.codes import (
    drop_theme,
    living,
    make_code,
    make_theme,
    merge,
    order_themes,
    reword,
    reword_theme,
    to_theme,
    unmerge,
    visible_codes,
)
from annotation.services.rounds import Wanted, items, start
from annotation.services.rounds import code as give_codes
from config.errors import UserError
from config.models import Role, User
from tests.coding import named, play, say, shown, small_run, started
from tests.conftest import MakeVideo
from tests.test_review import at_once

# --- without a database ---


def test_roots_follow_chains() -> None:
    assert roots({1: None, 2: 1, 3: 2, 4: None}) == {1: 1, 2: 1, 3: 1, 4: 4}
    with pytest.raises(ValueError, match="merged into itself"):
        roots({1: 2, 2: 1})


def test_one_voice_is_not_contradicted() -> None:
    assert agreed([]) is agreed([frozenset({1})]) is agreed([frozenset({1, 2}), frozenset({2, 1})]) is True
    assert not agreed([frozenset({1}), frozenset({1, 2})])


def test_same_names_but_for_case_and_blanks() -> None:
    assert same_names({4: "Red  Disc", 2: "red disc", 3: "STRASSE", 9: "straße", 5: "blue"}) == [[2, 4], [3, 9]]


acts = st.lists(st.one_of(st.just("undo"), st.integers(0, 3)), max_size=25)


@given(acts)
def test_undoing_is_walking_back_a_stack(played: list[str | int]) -> None:
    """Against a coder who keeps the acts that count on a stack of their own; each act says something new."""
    history: list[tuple[int, int]] = []
    stack: list[tuple[int, int]] = []
    for number, act in enumerate(played, start=1):
        if act == "undo":
            found = last_act(history, 0)
            assert (found is None) == (not stack)
            if found is None:
                continue
            item, _ = stack.pop()
            before = next((content for place, content in reversed(stack) if place == item), 0)
            assert found == (item, before)
            history.append(found)
        else:
            assert isinstance(act, int)
            stack.append((act, number))
            history.append((act, number))


# --- codes ---


@pytest.fixture
def book(alice: User) -> Codebook:
    return make_codebook("Book", by=alice)


def make(book: Codebook, by: User, *names: str) -> list[Code]:
    return [make_code(book, name=name, by=by) for name in names]


def changes(code: Code) -> list[dict[str, list[object]]]:
    """Oldest first."""
    return [change.changes for change in code.changes.order_by("pk")]


def names(book: Codebook, user: User) -> list[str]:
    return [code.name for code in visible_codes(book, user=user)]


def test_a_name_is_one_code(book: Codebook, alice: User, bob: User) -> None:
    code = make_code(book, name="  Red   disc ", by=alice, definition=" round and red ", example="the first")
    assert (code.name, code.definition, code.made_by) == ("Red disc", "round and red", alice)
    assert make_code(book, name="red DISC", by=alice) == make_code(book, name="Red disc", by=bob) == code
    assert names(book, bob) == ["Red disc"]


def test_texts_are_not_lost_on_a_code_that_is_there(book: Codebook, alice: User) -> None:
    make(book, alice, "disc")
    with pytest.raises(UserError, match="There is a code 'disc' already; reword that one"):
        make_code(book, name="DISC", by=alice, definition="round")


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
def test_names_have_a_length(book: Codebook, alice: User, name: str) -> None:
    with pytest.raises(UserError, match="1 to 80 characters"):
        make_code(book, name=name, by=alice)


@pytest.mark.parametrize("name", ["🎈" * 80, "قرص أحمر", "<b>disc</b>", "a'b\"c;--"])
def test_any_other_words_are_names(book: Codebook, alice: User, name: str) -> None:
    assert make_code(book, name=name, by=alice).name == name
    assert make_code(book, name=name, by=alice).name == name
    assert book.codes.count() == 1


@pytest.mark.parametrize("colour", [0, 9])
def test_colours_are_those_of_the_palette(book: Codebook, alice: User, colour: int) -> None:
    with pytest.raises(UserError, match="choose one from 1 to 8"):
        make_code(book, name="disc", by=alice, colour=colour)


def test_rewording_keeps_what_was_said_before(book: Codebook, alice: User, bob: User) -> None:
    (code,) = make(book, alice, "disc")
    code = reword(code, by=bob, name="circle", definition="round", colour=code.colour)
    assert (code.name, code.definition) == ("circle", "round")
    reword(code, by=alice, definition="round and flat")
    reword(code, by=alice, definition="round and flat ")
    assert changes(code) == [
        {"name": ["disc", "circle"], "definition": ["", "round"]},
        {"definition": ["round", "round and flat"]},
    ]
    assert [change.by for change in code.changes.all()] == [alice, bob]


def test_a_name_that_is_taken_is_refused(book: Codebook, alice: User, bob: User) -> None:
    disc = make(book, alice, "disc", "square")[0]
    with pytest.raises(UserError, match="The name 'square' is taken"):
        reword(disc, by=bob, name="Square")
    assert reword(disc, by=bob, name="DISC").name == "DISC"


def test_a_name_of_a_code_not_to_be_seen_is_refused_without_telling(
    make_video: MakeVideo, alice: User, bob: User
) -> None:
    coders = started(small_run(make_video, [2]), alice, bob)
    book = play(coders, ["disc"] * 3, ["disc"] * 3).codebook
    disc = visible_codes(book, user=alice).get()
    start(book, coders=[alice, bob], wanted=Wanted(), seed=0, by=alice, run=coders[0].round.run)
    make_code(book, name="secret", by=alice)
    with pytest.raises(UserError, match="cannot be given while a round is open"):
        reword(disc, by=bob, name="secret")


# --- merging ---


def test_merged_codes_are_read_through_the_merging(make_video: MakeVideo, alice: User, bob: User) -> None:
    coder = started(small_run(make_video, [2]), alice, bob)[0]
    coding = say(coder, 0, "circle", "calm")
    circle, disc, ring = (named(coder, name) for name in ("circle", "disc", "ring"))
    merge([circle], into=disc, by=alice)
    merge([disc], into=ring, by=alice)
    assert shown(coder)[0] == "calm ring"
    assert {code.name for code in coding.codes.all()} == {"circle", "calm"}
    assert living(coder.round.codebook)[circle.pk] == ring
    with pytest.raises(UserError, match="alice has merged 'circle' into 'disc' meanwhile"):
        give_codes(coder, item=items(coder)[1].item, codes=[circle], seen_version=0)


def test_merging_and_its_end_are_remembered(book: Codebook, alice: User, bob: User) -> None:
    disc, ring, circle = make(book, alice, "disc", "ring", "circle")
    assert merge([ring, circle, disc], into=disc, by=bob) == disc
    assert names(book, alice) == ["disc"]
    assert unmerge(ring, by=alice).merged_into is None
    assert names(book, alice) == ["disc", "ring"]
    assert changes(ring) == [{"merged_into": ["", "disc"]}, {"merged_into": ["disc", ""]}]
    assert changes(circle) == [{"merged_into": ["", "disc"]}]
    assert changes(disc) == []
    with pytest.raises(UserError, match="'ring' is not merged"):
        unmerge(ring, by=alice)


def test_one_code_is_nothing_to_merge(book: Codebook, alice: User) -> None:
    (disc,) = make(book, alice, "disc")
    for codes in ([], [disc]):
        with pytest.raises(UserError, match="at least two codes"):
            merge(codes, into=disc, by=alice)


def test_who_merges_second_is_told_by_whom_and_into_what(book: Codebook, alice: User, bob: User) -> None:
    disc, ring, circle = make(book, alice, "disc", "ring", "circle")
    merge([circle], into=disc, by=alice)
    with pytest.raises(UserError, match=r"alice has merged 'circle' into 'disc' meanwhile; load the page again\."):
        merge([circle, disc], into=ring, by=bob)
    with pytest.raises(UserError, match="alice has merged 'circle' into 'disc' meanwhile"):
        merge([ring], into=circle, by=bob)
    assert {code.pk: code.merged_into_id for code in book.codes.all()} == {
        disc.pk: None, ring.pk: None, circle.pk: disc.pk,
    }  # fmt: skip


def test_merging_makes_no_ring(book: Codebook, alice: User, bob: User) -> None:
    disc, ring = make(book, alice, "disc", "ring")
    merge([disc], into=ring, by=alice)
    with pytest.raises(UserError, match="alice has merged 'disc' into 'ring' meanwhile"):
        merge([ring], into=disc, by=bob)


def test_two_people_who_merge_at_once_are_one_and_a_sentence(transactional_db: None) -> None:
    people = [User.objects.create_user(name, role=Role.RESEARCHER) for name in ("alice", "bob")]
    book = make_codebook("Book", by=people[0])
    for number in range(6):
        disc, ring = make(book, people[0], f"disc {number}", f"ring {number}")
        told = at_once(
            partial(merge, [disc], into=ring, by=people[0]), partial(merge, [ring], into=disc, by=people[1])
        )
        assert told.count("done") == 1
        assert sum("meanwhile; load the page again." in sentence for sentence in told) == 1
        assert CodeChange.objects.filter(code__in=[disc, ring]).count() == 1
    assert len(set(living(book).values())) == 6


def test_two_people_who_make_the_same_code_at_once_make_one(transactional_db: None) -> None:
    alice = User.objects.create_user("alice", role=Role.RESEARCHER)
    book = make_codebook("Book", by=alice)
    assert at_once(*[partial(make_code, book, name="disc", by=alice)] * 4) == ["done"] * 4
    assert book.codes.count() == 1


def test_a_code_of_all_is_not_merged_into_one_of_an_open_round(
    make_video: MakeVideo, book: Codebook, alice: User, bob: User
) -> None:
    (shared,) = make(book, alice, "shared")
    start(book, coders=[alice, bob], wanted=Wanted(), seed=0, by=alice, run=small_run(make_video, [2]))
    (own,) = make(book, alice, "own")
    with pytest.raises(UserError, match="'own' is yours alone until its round closes"):
        merge([shared], into=own, by=alice)
    with pytest.raises(UserError, match="not in this codebook"):
        merge([own], into=shared, by=bob)
    assert merge([own], into=shared, by=alice) == shared


def test_a_code_whose_name_was_taken_stays_merged(book: Codebook, alice: User) -> None:
    disc, ring = make(book, alice, "disc", "ring")
    merge([disc], into=ring, by=alice)
    again = make_code(book, name="disc", by=alice)
    assert again != disc
    with pytest.raises(UserError, match="another code 'disc' by now"):
        unmerge(disc, by=alice)


# --- themes ---


def test_codes_are_gathered_into_themes_and_taken_out(book: Codebook, alice: User, bob: User) -> None:
    disc, ring = make(book, alice, "disc", "ring")
    round_things, flat = make_theme(book, name="Round things"), make_theme(book, name="Flat")
    assert [code.theme for code in to_theme([disc, ring], theme=round_things, by=bob)] == [round_things] * 2
    to_theme([disc], theme=round_things, by=bob)
    to_theme([disc], theme=flat, by=alice)
    (ring,) = to_theme([ring], theme=None, by=alice)
    assert ring.theme is None
    assert changes(disc) == [{"theme": ["", "Round things"]}, {"theme": ["Round things", "Flat"]}]
    with pytest.raises(UserError, match="No code is chosen"):
        to_theme([], theme=flat, by=alice)


def test_codes_stay_in_their_codebook(book: Codebook, alice: User) -> None:
    other = make_codebook("Other", by=alice)
    (disc,), (far,) = make(book, alice, "disc"), make(other, alice, "far")
    theme = make_theme(other, name="Far things")
    with pytest.raises(UserError, match="belongs to another codebook"):
        to_theme([disc], theme=theme, by=alice)
    for act in (partial(merge, [far], into=disc, by=alice), partial(to_theme, [disc, far], theme=None, by=alice)):
        with pytest.raises(UserError, match="not in this codebook"):
            act()


def test_a_dropped_theme_leaves_its_codes(book: Codebook, alice: User) -> None:
    (disc,) = make(book, alice, "disc")
    theme = make_theme(book, name="Round")
    to_theme([disc], theme=theme, by=alice)
    drop_theme(Theme.objects.get(pk=theme.pk), by=alice)
    disc.refresh_from_db()
    assert disc.theme is None
    assert changes(disc)[-1] == {"theme": ["Round", ""]}
    with pytest.raises(UserError, match="was dropped meanwhile"):
        reword_theme(theme, name="Rounder")


def test_keys_of_themes_are_plain_one_of_a_kind_and_stay(book: Codebook) -> None:
    keys = [make_theme(book, name=name).key for name in ("Violent / bloody", "Violent & bloody", "قرص", "🎈")]
    assert keys == ["violent-bloody", "violent-bloody-2", "theme", "theme-2"]
    theme = reword_theme(book.themes.get(key="theme"), name="Disc", definition=" round ", has_severity=True)
    assert (theme.key, theme.name, theme.definition, theme.has_severity) == ("theme", "Disc", "round", True)
    with pytest.raises(UserError, match="'Disc' is taken"):
        make_theme(book, name="disc")
    with pytest.raises(UserError, match="'Disc' is taken"):
        reword_theme(book.themes.get(key="theme-2"), name="DISC")
    assert reword_theme(theme).name == "Disc"


def test_themes_are_put_in_order(book: Codebook, alice: User) -> None:
    one, two, three = (make_theme(book, name=name) for name in ("one", "two", "three"))
    assert [theme.name for theme in order_themes(book, themes=[three, one, two])] == ["three", "one", "two"]
    for some in ([one, two], [one, two, two], []):
        with pytest.raises(UserError, match="themes have changed meanwhile"):
            order_themes(book, themes=some)
    assert [theme.name for theme in book.themes.all()] == ["three", "one", "two"]
    drop_theme(one, by=alice)
    assert make_theme(book, name="four").position == 3
