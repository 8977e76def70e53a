"""What a closed round of coding came to: agreement, disagreements, and what was settled."""

from __future__ import annotations

import pytest

from annotation.agreement import Undefined, conger_kappa
from annotation.models import RoundCoder, RoundItem
from annotation.services.codes import living, merge, reword
from annotation.services.rounds import agreement, disagreements, resolve, settled
from config.errors import UserError
from config.models import Role, User
from datasets.models import Run
from tests.coding import coders_of, play, say, small_run, started
from tests.conftest import MakeVideo, quarantine

pytestmark = pytest.mark.django_db


@pytest.fixture
def tiny(make_video: MakeVideo) -> Run:
    """One cluster of two videos: three items with the cluster as a whole."""
    return small_run(make_video, [2])


@pytest.fixture
def pair(tiny: Run, alice: User, bob: User) -> list[RoundCoder]:
    """Alice and Bob before three items."""
    return started(tiny, alice, bob)


@pytest.fixture
def carla(db: None) -> User:
    return User.objects.create_user("carla", role=Role.RESEARCHER)


# --- agreement ---


def test_alpha_of_the_published_table_of_sets(pair: list[RoundCoder]) -> None:
    of = play(pair, ["dog", "cat", "cat"], ["dog", "cat", "cat mouse"])
    found = agreement(of)
    assert found.overall.value == pytest.approx(0.666667, abs=5e-7)
    assert found.overall.interval is not None
    assert (found.overall.interval.level, found.overall.interval.over) == (0.95, "items")
    told = {one.code.name: (one.coefficient, one.kappa.value, [n for _, n in one.given]) for one in found.codes}
    assert told == {
        "cat": ("Cohen's kappa", 1.0, [2, 2]),
        "dog": ("Cohen's kappa", 1.0, [1, 1]),
        "mouse": ("Cohen's kappa", pytest.approx(0.0), [0, 1]),  # observed 2/3, and as much by chance
    }
    assert agreement(of, seed=0) == found


def test_kappa_of_three_coders_is_congers(tiny: Run, alice: User, bob: User, carla: User) -> None:
    said = (["disc", "disc", "calm"], ["disc", "calm", "calm"], ["disc", "disc", "disc calm"])
    found = agreement(play(started(tiny, alice, bob, carla), *said))
    matrix = [["disc" in text for text in words] for words in said]
    expected = conger_kappa([[int(yes) for yes in row] for row in matrix], 2)
    assert expected.value is not None
    disc = next(one for one in found.codes if one.code.name == "disc")
    assert (disc.coefficient, disc.kappa.value) == ("Conger's kappa", pytest.approx(expected.value))


def test_undefined_agreement_is_named(pair: list[RoundCoder]) -> None:
    found = agreement(play(pair, ["disc"] * 3, ["disc"] * 3))
    assert (found.overall.value, found.overall.undefined) == (None, Undefined.NO_VARIATION)
    assert [(one.kappa.value, one.kappa.undefined) for one in found.codes] == [(None, Undefined.NO_VARIATION)]


def test_merged_codes_agree(pair: list[RoundCoder], alice: User) -> None:
    of = play(pair, ["disc", "calm", "disc"], ["circle", "calm", "disc"])
    assert len(disagreements(of)) == 1
    codes = {code.name: code for code in of.codebook.codes.filter(merged_into=None)}
    merge([codes["circle"]], into=codes["disc"], by=alice)
    assert disagreements(of) == []
    assert agreement(of).overall.value == 1.0


def test_items_that_left_are_in_no_figure(pair: list[RoundCoder]) -> None:
    of = play(pair, ["dog", "cat", "cat"], ["dog", "cat", "mouse"])
    gone = disagreements(of)[0].item
    assert gone.video is not None
    quarantine(gone.video)
    assert disagreements(of) == []
    assert gone not in settled(of)
    assert (agreement(of).overall.n_items, agreement(of).overall.value) == (2, 1.0)


# --- settling ---


def test_disagreements_are_settled_one_by_one(pair: list[RoundCoder], alice: User, bob: User) -> None:
    say(pair[0], 2, "cat", memo="ears")
    of = play([*pair], ["dog", "cat"], ["dog", "cat mouse", "mouse"])
    first, second = disagreements(of)
    told = [(str(voice.coder.user), [code.name for code in voice.codes], voice.memo) for voice in second.voices]
    assert told == [("alice", ["cat"], "ears"), ("bob", ["mouse"], "")]
    cat = living(of.codebook)[second.voices[0].codes[0].pk]
    assert [[code.name for code in codes] for codes in settled(of).values()] == [["dog"]]
    resolve(second.item, codes=[cat], why="a tail", by=alice)
    resolve(first.item, codes=first.voices[1].codes, why="both are there", by=bob)
    assert [(one.resolution and one.resolution.why) for one in disagreements(of)] == ["both are there", "a tail"]
    final = settled(of)
    assert [[code.name for code in codes] for codes in final.values()] == [["dog"], ["cat", "mouse"], ["cat"]]
    assert [item.order for item in final] == [0, 1, 2]
    resolve(second.item, codes=second.voices[1].codes, why="no, whiskers", by=bob)
    newest = disagreements(of)[1].resolution
    assert newest is not None
    assert (newest.by, newest.why) == (bob, "no, whiskers")
    assert second.item.resolutions.count() == 2


def test_what_cannot_be_resolved(pair: list[RoundCoder], alice: User) -> None:
    of = play(pair, ["dog", "cat", "cat"], ["dog", "cat", "mouse"])
    disputed, fine = disagreements(of)[0].item, RoundItem.objects.get(round=of, order=0)
    cat = of.codebook.codes.filter(name="cat", merged_into=None).get()
    with pytest.raises(UserError, match="nothing to resolve"):
        resolve(fine, codes=[cat], why="so", by=alice)
    with pytest.raises(UserError, match="Say why"):
        resolve(disputed, codes=[cat], why="  ", by=alice)
    with pytest.raises(UserError, match="at least one code"):
        resolve(disputed, codes=[], why="so", by=alice)
    assert not disputed.resolutions.exists()


def test_a_reworded_code_is_read_by_its_new_name(pair: list[RoundCoder], alice: User) -> None:
    of = play(pair, ["dog", "cat", "cat"], ["dog", "cat", "cat"])
    cat = of.codebook.codes.filter(name="cat", merged_into=None).get()
    reword(cat, name="feline", by=alice)
    assert [codes[0].name for codes in settled(of).values()] == ["dog", "feline", "feline"]
    assert coders_of(of)[0].codings.get(item__order=1).codes.get() == cat
