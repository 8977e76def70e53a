"""The results that benchmarks leave, and the page made of them; no test measures time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.page import PAGE, page
from bench.results import Outcome, Target, figure, read, table, target_rows
from bench.run import results


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1_000_000, "1,000,000"),
        (1234.5, "1,234"),
        (12.345, "12.3"),
        (0.1234, "0.123"),
        (0.9996, "0.9996"),
        ("a", "a"),
    ],
)
def test_figures(value: Any, text: str) -> None:
    assert figure(value) == text


def test_a_target_is_met_on_its_side() -> None:
    outcome = Outcome("x", "", {}, [], [Target("a", 3.0, 3), Target("b", 3.1, 3, at_most=True)])
    assert [row[""] for row in target_rows([outcome])] == ["met", "**missed**"]


def test_a_table_has_figures_to_the_right() -> None:
    assert table([{"what": "one", "s": 1}, {"what": "two", "s": 2.5}]) == (
        "| what | s |\n| --- | ---: |\n| one | 1 |\n| two | 2.50 |"
    )


def test_an_outcome_is_read_as_it_was_written(tmp_path: Path) -> None:
    outcome = Outcome("x", "about", {"n": 1}, [{"a": 1.5}], [Target("a", 1.5, 1)], ["a note"])
    again, machine = read(outcome.save(tmp_path))
    assert again == outcome
    assert machine["cores"] >= 1
    assert machine["processor"]


def test_the_page_tells_the_results_that_lie_beside_it() -> None:
    assert PAGE.read_text() == page(results())
