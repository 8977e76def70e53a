"""The drawing of a histogram: every value has its place, the threshold its line, and the axis its round numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.histogram import GROUND, HEIGHT, LEAST, Axis, chart


def test_bars_stand_where_their_values_are() -> None:
    drawn = chart([0, 1, 2, 4], [10, 0, 5], log=False, threshold=2.0, above=True)
    assert [(bar.left, bar.width, bar.height, bar.count) for bar in drawn.bars] == [
        (0.0, 0.25, HEIGHT, 10),
        (0.5, 0.5, HEIGHT / 2, 5),
    ]
    assert (drawn.bars[0].top, drawn.most) == (GROUND - HEIGHT, 10)
    assert (drawn.line, drawn.found_left, drawn.found_width) == (0.5, 0.5, 0.5)


def test_what_is_below_the_threshold_is_found() -> None:
    drawn = chart([0, 1, 2, 4], [10, 0, 5], log=False, threshold=1.0, above=False)
    assert (drawn.found_left, drawn.found_width) == (0.0, 0.25)


def test_decades_take_the_same_room() -> None:
    drawn = chart([0.1, 1, 10, 1000], [1, 1, 1], log=True, threshold=10.0, above=False)
    assert [round(bar.width, 6) for bar in drawn.bars] == [0.25, 0.25, 0.5]
    assert [tick.text for tick in drawn.ticks] == ["0.1", "1", "10", "100", "1,000"]
    assert drawn.line == pytest.approx(0.5)


def test_one_among_many_is_still_seen() -> None:
    drawn = chart([0, 1, 2], [10_000, 1], log=False, threshold=1.5, above=True)
    assert drawn.bars[1].height == LEAST


def test_the_axis_reaches_a_threshold_beyond_the_values() -> None:
    drawn = chart([25.0, 50.0], [3], log=False, threshold=1.0, above=False)
    assert (drawn.axis.low, drawn.axis.high, drawn.line) == (1.0, 50.0, 0.0)


def test_values_that_are_all_one() -> None:
    drawn = chart([1.0, 1.0], [4], log=False, threshold=1.0, above=True)
    assert drawn.axis == Axis(0.5, 1.5, log=False)
    assert drawn.line == 0.5


def test_a_threshold_of_nothing_on_a_logarithmic_axis() -> None:
    drawn = chart([0.5, 5.0], [4], log=True, threshold=0.0, above=True)
    assert (drawn.axis.low, drawn.axis.log, drawn.line) == (0.5, True, 0.0)


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [
        (0, 1, ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
        (-1, 1, ["−1", "−0.5", "0", "0.5", "1"]),  # noqa: RUF001
        (0, 31_000, ["0", "10,000", "20,000", "30,000"]),
    ],
)
def test_ticks_are_round_numbers(low: float, high: float, texts: list[str]) -> None:
    drawn = chart([low, high], [1], log=False, threshold=low, above=True)
    assert [tick.text for tick in drawn.ticks] == texts


finite = st.floats(-1e6, 1e6)


@given(st.lists(finite, min_size=2, max_size=30), finite, st.booleans(), st.data())
def test_nothing_leaves_the_drawing(values: list[float], threshold: float, log: bool, data: st.DataObject) -> None:
    edges = sorted(values)
    counts = data.draw(st.lists(st.integers(0, 10**6), min_size=len(edges) - 1, max_size=len(edges) - 1))
    drawn = chart(edges, counts, log=log, threshold=threshold, above=True)
    assert sum(bar.count for bar in drawn.bars) == sum(counts)
    for bar in drawn.bars:
        assert 0 <= bar.left <= bar.left + bar.width <= 1 + 1e-9
        assert LEAST <= bar.height <= HEIGHT
    assert all(0 <= tick.at <= 1 for tick in drawn.ticks)
    assert 0 <= drawn.line <= 1
