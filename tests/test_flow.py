"""The drawing of the funnel: widths are counts, nothing is lost on the way, and a paper gets the same bytes."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from annotation.flow import GAP, NODE, SLOT, TRUNK_STEPS, WHOLE, flow_of
from annotation.funnel import Funnel, Step
from annotation.services.bars import funnel_svg
from annotation.services.funnel import funnel
from config.models import User
from tests.conftest import MakeVideo, World, client_of, quarantine

COUNTS = st.integers(0, 10_000)


def funnel_from(left: dict[str, int], unsafe: int) -> Funnel:
    """A funnel at whose end `unsafe` videos arrive when `left` leave on the way."""
    counts, going = {"unsafe": unsafe}, unsafe
    for step, leaving in reversed(list(TRUNK_STEPS.items())[:-1]):
        going += sum(left[name] for name in leaving)
        counts[step] = going
    told = {name: left[name] for name in left if name not in ("not_labelled", "not_unsafe")}
    return Funnel(tuple(Step(key, key, count) for key, count in (counts | told).items()))


LEAVING = [name for names in TRUNK_STEPS.values() for name in names]
FUNNELS = st.builds(funnel_from, st.fixed_dictionaries(dict.fromkeys(LEAVING, COUNTS)), COUNTS)


def paper() -> Funnel:
    """Found, kept and unsafe as in the paper; how the others divide is made up."""
    left = dict.fromkeys(LEAVING, 0) | {
        "near_duplicates": 3000,
        "failed": 495,
        "not_labelled": 112,
        "not_unsafe": 1063,
    }
    return funnel_from(left, 937)


@given(FUNNELS)
def test_what_stays_and_what_leaves_make_up_each_step(counted: Funnel) -> None:
    flow = flow_of(counted)
    left = {branch.step.key: branch.step.count for branch in flow.branches}
    for upper, lower in pairwise(flow.nodes):
        leaving = sum(left[key] for key in TRUNK_STEPS[upper.step.key])
        assert lower.step.count + leaving == upper.step.count
        assert upper.stem_width == pytest.approx(lower.width, abs=0.11)


@given(FUNNELS)
def test_all_widths_are_on_one_scale(counted: Funnel) -> None:
    flow, found = flow_of(counted), counted.counts()["found"]
    for node in flow.nodes:
        assert node.width == pytest.approx(WHOLE * node.step.count / max(found, 1), abs=0.06)


@given(FUNNELS)
def test_labels_never_overlap_and_stay_inside(counted: Funnel) -> None:
    flow = flow_of(counted)
    assert all(lower.y - upper.y >= SLOT - 0.11 for upper, lower in pairwise(flow.branches))
    assert all(lower.y - upper.y >= NODE + GAP for upper, lower in pairwise(flow.nodes))
    assert all(GAP <= y <= flow.height for y in [*(n.y for n in flow.nodes), *(b.y for b in flow.branches)])


def test_nothing_is_drawn_of_what_nobody_left_by() -> None:
    flow = flow_of(paper())
    drawn = {branch.step.key for branch in flow.branches if branch.path}
    assert drawn == {"near_duplicates", "failed", "not_labelled", "not_unsafe"}


def test_the_first_to_leave_leaves_outermost() -> None:
    flow = flow_of(paper())
    starts = {branch.step.key: start_of(branch.path) for branch in flow.branches if branch.path}
    unique = next(node for node in flow.nodes if node.step.key == "unique")
    assert starts["failed"] == (unique.x + unique.width, unique.y + NODE)
    assert starts["near_duplicates"][0] == pytest.approx(starts["failed"][0] - WHOLE * 495 / 5607, abs=0.11)


def start_of(path: str) -> tuple[float, float]:
    """The outer corner where a ribbon leaves the trunk."""
    x, y = path[1:].split("C")[0].split()
    return float(x), float(y)


def test_counts_that_do_not_add_up_are_refused() -> None:
    steps = [Step(step.key, step.label, step.count + (step.key == "kept")) for step in paper().steps]
    with pytest.raises(ValueError, match="unique: what stays and what leaves do not add up to 5607"):
        flow_of(Funnel(tuple(steps)))


def test_the_drawing_is_one_svg_without_links_for_a_paper() -> None:
    text = funnel_svg(paper(), standalone=True)
    root = ElementTree.fromstring(text)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert all(number in text for number in ("5,607", "2,112", "937"))
    assert not any(word in text for word in ("<a ", "var(", 'class=""'))
    assert text == funnel_svg(paper(), standalone=True)


def test_numbers_on_the_page_lead_to_the_videos() -> None:
    text = funnel_svg(paper(), standalone=False)
    assert '<a href="/videos/?state=not_labelled" aria-label="112 Not labelled">' in text
    assert ElementTree.fromstring(text) is not None


@pytest.mark.django_db
def test_the_funnel_adds_up_with_quarantined_and_labelled_videos(world: World, make_video: MakeVideo) -> None:
    quarantine(make_video())
    make_video()
    counts = funnel().counts()
    assert counts["quarantined"] == 1
    assert flow_of(funnel()).nodes[0].step.count == counts["found"]


@pytest.fixture
def desk(alice: User) -> Client:
    return client_of(alice)


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["labelled", "not_labelled", "unsafe", "not_unsafe"])
def test_branches_lead_to_as_many_videos(state: str, world: World, desk: Client) -> None:
    flow = flow_of(funnel())
    steps = [*(node.step for node in flow.nodes), *(branch.step for branch in flow.branches)]
    count = next(step.count for step in steps if step.key == state)
    assert desk.get("/videos/", {"state": state}).context["page"].paginator.count == count


@pytest.mark.django_db
def test_page_and_command_give_the_same_bytes(world: World, desk: Client, tmp_path: Path) -> None:
    call_command("funnel", svg=tmp_path / "funnel.svg")
    answer = desk.get("/funnel.svg")
    assert answer["Content-Type"] == "image/svg+xml"
    assert answer.content == (tmp_path / "funnel.svg").read_bytes()


@pytest.mark.django_db
def test_a_drawing_that_cannot_be_written_is_said(world: World, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"cannot be written to .*funnel\.svg: No such file"):
        call_command("funnel", svg=tmp_path / "no" / "funnel.svg")
