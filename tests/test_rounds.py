"""Rounds of coding: drawn, gone through in blindness, and closed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import groupby

import pytest

from annotation.models import CodeChange, Round, RoundCoder
from annotation.services.codebooks import make_codebook
from annotation.services.codes import make_code, visible_codes
from annotation.services.rounds import (
    Wanted,
    agreement,
    code,
    disagreements,
    finish,
    items,
    leave,
    left_out,
    resolve,
    settled,
    start,
    undo,
)
from clustering.services.runs import use_run
from config.errors import UserError
from config.models import Role, User
from datasets.models import Finding, Run, Video
from datasets.services.findings import lift_finding
from tests.coding import ALL, named, play, say, shown, small_run, started
from tests.conftest import MakeVideo, quarantine, remove
from tests.test_review import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(make_video: MakeVideo) -> Run:
    """Clusters of four and three videos, and two in none."""
    return small_run(make_video, [4, 3], noise=2)


@pytest.fixture
def tiny(make_video: MakeVideo) -> Run:
    """One cluster of two videos: three items with the cluster as a whole."""
    return small_run(make_video, [2])


@pytest.fixture
def carla(db: None) -> User:
    return User.objects.create_user("carla", role=Role.RESEARCHER)


@pytest.fixture
def pair(tiny: Run, alice: User, bob: User) -> list[RoundCoder]:
    """Alice and Bob before three items."""
    return started(tiny, alice, bob)


# --- a round begins ---


def test_items_come_cluster_by_cluster_with_the_cluster_first_and_the_noise_last(
    run: Run, alice: User, bob: User
) -> None:
    coder = started(run, alice, bob)[0]
    told = [(one.item.cluster and one.item.cluster.number, one.item.kind) for one in items(coder)]
    groups = {place: [kind for _, kind in group] for place, group in groupby(told, key=lambda pair: pair[0])}
    assert [*groups][-1] is None
    assert groups.pop(None) == ["noise"] * 2
    assert {place: len(kinds) for place, kinds in groups.items()} == {0: 5, 1: 4}
    for kinds in groups.values():
        assert kinds == ["cluster", "medoid", *["core"] * (len(kinds) - 2)]
    assert [one.item.order for one in items(coder)] == list(range(11))


def test_the_sample_is_as_large_as_asked_for(run: Run, alice: User, bob: User) -> None:
    coder = started(run, alice, bob, wanted=Wanted(core=1, boundary=1, random=0, noise=1))[0]
    kinds = [one.item.kind for one in items(coder)]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "cluster": 2, "medoid": 2, "core": 2, "boundary": 2, "noise": 1,
    }  # fmt: skip
    assert coder.round.sample == {"core": 1, "boundary": 1, "random": 0, "noise": 1}


def drawn(run: Run, alice: User, bob: User, seed: int) -> list[tuple[object, ...]]:
    coder = started(run, alice, bob, seed=seed)[0]
    return [(one.item.kind, one.item.cluster_id, one.item.video_id) for one in items(coder)]


def test_the_seed_makes_the_order(make_video: MakeVideo, alice: User, bob: User) -> None:
    run = small_run(make_video, [2, 2, 2, 2])
    first, again, other = (drawn(run, alice, bob, seed) for seed in (0, 0, 1))
    assert first == again
    assert first != other
    assert set(first) == set(other)


def test_the_run_in_use_is_taken(run: Run, make_video: MakeVideo, alice: User, bob: User) -> None:
    small_run(make_video, [2])
    use_run(run.pk)
    book = make_codebook("Book", by=alice)
    assert start(book, coders=[alice, bob], wanted=ALL, seed=0, by=alice).run == run


@pytest.mark.parametrize(
    ("people", "wanted", "sentence"),
    [
        (["alice"], Wanted(), "at least two coders"),
        (["alice", "alice"], Wanted(), "at least two coders"),
        (["alice", "rita"], Wanted(), "Coders are researchers; rita cannot be one"),
        (["alice", "bob"], Wanted(noise=-1), "number of noise videos is below 0"),
    ],
)
def test_rounds_that_cannot_begin(
    run: Run, alice: User, bob: User, rita: User, people: list[str], wanted: Wanted, sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
        started(run, *[User.objects.get(username=name) for name in people], wanted=wanted)
    assert not Round.objects.exists()


def test_a_codebook_has_one_open_round_at_a_time(pair: list[RoundCoder], tiny: Run, alice: User, bob: User) -> None:
    book = pair[0].round.codebook
    again = partial(start, book, coders=[alice, bob], wanted=ALL, seed=0, by=alice, run=tiny)
    with pytest.raises(UserError, match="round 1 is still open"):
        again()
    play(pair, ["a", "a", "a"], ["a", "a", "a"])
    assert again().number == 2


def test_nothing_clustered_and_nothing_kept(make_video: MakeVideo, alice: User, bob: User) -> None:
    book = make_codebook("Book", by=alice)
    begin = partial(start, book, coders=[alice, bob], wanted=ALL, seed=0, by=alice)
    with pytest.raises(UserError, match="Nothing has been clustered yet"):
        begin()
    run = small_run(make_video, [1])
    remove(run.clusters.get().medoid)
    with pytest.raises(UserError, match="has no kept video"):
        begin()


# --- a coder goes through it ---


def test_coders_see_their_own_work_alone(pair: list[RoundCoder]) -> None:
    one, other = pair
    say(one, 0, "disc", "calm", memo="slow")
    assert shown(one) == ["calm disc", "", ""]
    assert shown(other) == ["", "", ""]
    assert [item.state for item in items(one)] == ["coded", "open", "open"]
    assert [(item.version, item.coding) for item in items(other)] == [(0, None)] * 3
    coding = items(one)[0].coding
    assert coding is not None
    assert coding.memo == "slow"


@pytest.mark.parametrize("take_away", [quarantine, remove])
def test_videos_that_left_are_not_shown_and_are_counted(
    pair: list[RoundCoder], take_away: Callable[[Video], Finding]
) -> None:
    gone = items(pair[0])[2].item.video
    assert gone is not None
    take_away(gone)
    assert gone not in [one.item.video for one in items(pair[0])]
    assert (len(items(pair[0])), left_out(pair[0].round)) == (2, 1)


def test_videos_that_come_back_are_shown_with_what_was_said(pair: list[RoundCoder]) -> None:
    say(pair[0], 2, "disc")
    video = items(pair[0])[2].item.video
    assert video is not None
    finding = remove(video)
    assert undo(pair[0]) is None
    lift_finding(finding, by=pair[0].user, why="seen again")
    assert (shown(pair[0]), left_out(pair[0].round)) == (["", "", "disc"], 0)


def test_a_cluster_leaves_with_its_last_video(pair: list[RoundCoder]) -> None:
    for one in items(pair[0])[1:]:
        assert one.item.video is not None
        remove(one.item.video)
    assert items(pair[0]) == []
    assert left_out(pair[0].round) == 3


def test_codings_are_versions(pair: list[RoundCoder]) -> None:
    assert say(pair[0], 0, "disc").version == 1
    assert say(pair[0], 0, "square").version == 2
    assert shown(pair[0])[0] == "square"
    assert pair[0].codings.count() == 2


def test_a_stale_tab_is_told_what_is_there(pair: list[RoundCoder]) -> None:
    item = items(pair[0])[0].item
    say(pair[0], 0, "disc", "calm")
    with pytest.raises(UserError, match="coded elsewhere in the meantime, with calm, disc"):
        code(pair[0], item=item, codes=[named(pair[0], "square")], seen_version=0)
    assert shown(pair[0])[0] == "calm disc"


def test_two_tabs_at_once_are_one_version_and_a_sentence(transactional_db: None, pair: list[RoundCoder]) -> None:
    item, disc = items(pair[0])[0].item, named(pair[0], "disc")
    for version in range(8):
        told = at_once(*[partial(code, pair[0], item=item, codes=[disc], seen_version=version)] * 4)
        assert told.count("done") == 1
        assert sum("coded elsewhere in the meantime, with disc" in sentence for sentence in told) == 3
        assert pair[0].codings.count() == version + 1


def test_an_item_needs_codes_that_the_coder_may_see(pair: list[RoundCoder], alice: User) -> None:
    one, other = pair
    item = items(one)[0].item
    with pytest.raises(UserError, match="at least one code"):
        code(one, item=item, codes=[], seen_version=0)
    secret = named(other, "secret")
    with pytest.raises(UserError, match="not in this codebook") as error:
        code(one, item=item, codes=[secret], seen_version=0)
    assert "secret" not in str(error.value)
    elsewhere = make_code(make_codebook("Elsewhere", by=alice), name="far", by=alice)
    with pytest.raises(UserError, match="not in this codebook"):
        code(one, item=item, codes=[elsewhere], seen_version=0)
    assert shown(one)[0] == ""


def test_items_of_other_rounds_and_of_videos_that_left_are_refused(
    pair: list[RoundCoder], run: Run, alice: User, bob: User
) -> None:
    disc = named(pair[0], "disc")
    foreign = items(started(run, alice, bob)[0])[0].item
    own = items(pair[0])[1].item
    assert own.video is not None
    quarantine(own.video)
    for item in (foreign, own):
        with pytest.raises(UserError, match="not in the round any more"):
            code(pair[0], item=item, codes=[disc], seen_version=0)


def test_those_who_are_done_add_nothing(tiny: Run, alice: User, bob: User, carla: User) -> None:
    done, gone, rest = started(tiny, alice, bob, carla)
    for coder in (done, gone, rest):
        for number in range(3):
            say(coder, number, "disc")
    item, disc = items(rest)[0].item, named(rest, "disc")
    finish(done)
    leave(gone, by=bob)
    for coder, sentence in ((done, "alice has finished"), (gone, "bob has left")):
        for act in (partial(code, coder, item=item, codes=[disc], seen_version=1), partial(undo, coder)):
            with pytest.raises(UserError, match=sentence):
                act()
    finish(rest)
    with pytest.raises(UserError, match="is closed"):
        code(rest, item=item, codes=[disc], seen_version=1)


def test_undo_goes_back_act_by_act(pair: list[RoundCoder]) -> None:
    coder = pair[0]
    say(coder, 0, "disc")
    say(coder, 1, "calm")
    say(coder, 0, "square", memo="not round")
    seen = []
    while undo(coder):
        seen.append(shown(coder))
    assert seen == [["disc", "calm", ""], ["disc", "", ""], ["", "", ""]]
    assert undo(coder) is None
    assert coder.codings.count() == 6
    say(coder, 2, "new")
    assert undo(coder) is not None
    assert shown(coder) == ["", "", ""]


def test_undo_leaves_the_others_alone(pair: list[RoundCoder]) -> None:
    say(pair[0], 0, "disc")
    assert undo(pair[1]) is None
    assert shown(pair[0])[0] == "disc"


# --- blindness ---


def test_of_an_open_round_nobody_learns_anything(pair: list[RoundCoder], alice: User, bob: User) -> None:
    of = pair[0].round
    say(pair[0], 0, "disc")
    say(pair[1], 0, "square")
    asked: list[Callable[[], object]] = [
        partial(agreement, of),
        partial(disagreements, of),
        partial(settled, of),
        partial(resolve, items(pair[0])[0].item, codes=[named(pair[0], "disc")], why="so", by=alice),
    ]
    for ask in asked:
        with pytest.raises(UserError, match="0 of 2 coders have finished") as error:
            ask()
        assert "disc" not in str(error.value)
        assert "square" not in str(error.value)
    assert [code.name for code in visible_codes(of.codebook, user=alice)] == ["disc"]
    assert [code.name for code in visible_codes(of.codebook, user=bob)] == ["square"]


def test_a_coders_code_is_theirs_alone_wherever_it_is_made(pair: list[RoundCoder], bob: User) -> None:
    book = pair[0].round.codebook
    made = make_code(book, name="disc", by=pair[0].user)
    assert made.made_in == pair[0].round
    assert not visible_codes(book, user=bob).exists()
    assert make_code(book, name="disc", by=bob) != made


def test_a_stale_round_is_looked_up_anew(pair: list[RoundCoder]) -> None:
    """Somebody may hold a round that has not closed yet in their eyes, or one that they call closed."""
    stale = Round.objects.get(pk=pair[0].round_id)
    play(pair, ["a", "a", "a"], ["a", "a", "a"])
    assert stale.closed_at is None
    assert disagreements(stale) == []


# --- a round ends ---


def test_a_coder_finishes_when_all_is_coded(pair: list[RoundCoder]) -> None:
    say(pair[0], 0, "disc")
    with pytest.raises(UserError, match=r"2 items of .* are not coded yet"):
        finish(pair[0])
    say(pair[0], 1, "disc")
    with pytest.raises(UserError, match=r"1 item of .* is not coded yet"):
        finish(pair[0])
    say(pair[0], 2, "disc")
    assert finish(pair[0]).closed_at is None
    for number in range(3):
        say(pair[1], number, "disc")
    assert finish(pair[1]).closed_at is not None


def test_an_item_whose_coding_was_undone_is_uncoded(pair: list[RoundCoder]) -> None:
    for number in range(3):
        say(pair[0], number, "disc")
    undo(pair[0])
    with pytest.raises(UserError, match="1 item"):
        finish(pair[0])


def test_the_last_two_to_finish_at_once_close_the_round(
    transactional_db: None, tiny: Run, alice: User, bob: User
) -> None:
    for _ in range(8):
        coders = started(tiny, alice, bob)
        for coder in coders:
            for number in range(3):
                say(coder, number, "disc")
        assert at_once(*[partial(finish, coder) for coder in coders]) == ["done", "done"]
        of = Round.objects.get(pk=coders[0].round_id)
        assert of.closed_at is not None
        assert visible_codes(of.codebook, user=alice).count() == 1


def test_codes_of_one_name_become_the_earliest_when_the_round_closes(
    pair: list[RoundCoder], alice: User, bob: User
) -> None:
    of = play(pair, ["Disc", "calm", "calm"], ["disc", "DISC", "square"])
    first, second = of.codebook.codes.filter(name__iexact="disc").order_by("pk")
    assert (first.made_by, second.made_by) == (alice, bob)
    assert (first.merged_into, second.merged_into) == (None, first)
    change = CodeChange.objects.get(code=second)
    assert (change.by, change.changes) == (bob, {"merged_into": ["", "Disc"]})
    assert [code.name for code in visible_codes(of.codebook, user=bob)] == ["Disc", "calm", "square"]
    assert [code.name for code in disagreements(of)[0].voices[1].codes] == ["Disc"]


def test_a_round_goes_on_without_who_leaves(tiny: Run, alice: User, bob: User, carla: User) -> None:
    gone, *rest = started(tiny, alice, bob, carla)
    say(gone, 0, "square")
    assert leave(gone, by=alice).closed_at is None
    of = play(rest, ["disc", "disc", "calm"], ["disc", "disc", "calm"])
    assert of.closed_at is not None
    assert [len(one.voices) for one in disagreements(of)] == [3]
    found = agreement(of).overall
    assert (found.n_items, found.n_raters, found.n_ratings) == (3, 3, 7)


def test_the_round_closes_when_the_last_one_waited_for_leaves(tiny: Run, alice: User, bob: User, carla: User) -> None:
    *done, gone = started(tiny, alice, bob, carla)
    for coder in done:
        for number in range(3):
            say(coder, number, "disc")
        assert finish(coder).closed_at is None
    assert leave(gone, by=carla).closed_at is not None


def test_with_fewer_than_two_left_a_round_closes_without_agreement(pair: list[RoundCoder], alice: User) -> None:
    say(pair[0], 0, "disc")
    say(pair[1], 0, "disc")
    of = leave(pair[1], by=pair[1].user)
    assert of.closed_at is not None
    with pytest.raises(UserError, match="closed without agreement: 1 coder of 2 stayed to the end"):
        agreement(of)
    assert [[code.name for code in codes] for codes in settled(of).values()] == [["disc"]]


def test_who_may_end_a_coders_part(pair: list[RoundCoder], carla: User, bob: User, admin: User) -> None:
    for person in (carla, bob):
        with pytest.raises(UserError, match="Only alice can end"):
            leave(pair[0], by=person)
    leave(pair[0], by=admin)
    with pytest.raises(UserError, match="is closed"):
        leave(pair[0], by=admin)
