"""The gate on prompts: what fires, what passes, and that it says a rule's name and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import UserError
from datasets.gates import Gate, read_terms
from datasets.models import Incident, Video
from datasets.services.quarantine import gate_prompts
from tests.conftest import MakeVideo

# Neutral words stand for the groups, so that the cases read as what they are about: the form, not the content.
TERMS = """
[[rules]]
name = "cup beside plane"
groups = ["cups", "planes"]
[[rules]]
name = "cup with a number"
groups = ["cups", "ages"]
[groups.cups]
terms = ["cup", "tea cup", "teenie"]
[groups.planes]
terms = ["Plane"]
[groups.ages]
ages_below = 18
"""
RULE = "cup beside plane"


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Gate:
    path = tmp_path_factory.mktemp("terms") / "terms.toml"
    path.write_text(TERMS)
    return read_terms(path)


@pytest.mark.parametrize(
    "prompt",
    [
        "a cup beside a plane",
        "PLANE and CUP",
        "a p l a n e on a c.u.p",
        "a p-l-a-n-e, a c  u  p",
        "p_l_a_n_e/cup",
        "a pl4n3 and a cúp",
        "a plaaane and a cuppp",
        "a \uff50\uff4c\uff41\uff4e\uff45 and a cup",
        "a pla\u200bne and a c\u00adup",
        "a tea---cup; plane",
        "a t33nie plane",
    ],
)
def test_fires(gate: Gate, prompt: str) -> None:
    assert gate.fired(prompt) == RULE


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "a cup",
        "a plane",
        "cupboard on a plane",
        "hiccup and plane",
        "a cup on an aeroplane",
        "cu p plane",
        "😀 cup",
    ],
)
def test_passes(gate: Gate, prompt: str) -> None:
    assert gate.fired(prompt) is None


@pytest.mark.parametrize(
    "age", ["9 years old", "17-year-old", "9yo", "9 y.o.", "aged nine", "age of 7", "Twelve Year Old"]
)
def test_ages_below_the_limit(gate: Gate, age: str) -> None:
    assert gate.fired(f"a cup, {age}") == "cup with a number"


@pytest.mark.parametrize("age", ["18 years old", "30-year-old", "117 years old", "aged forty", "9 cups", "age 70"])
def test_other_numbers(gate: Gate, age: str) -> None:
    assert gate.fired(f"a cup, {age}") is None


def test_the_terms_that_are_shipped() -> None:
    gate = read_terms()
    assert gate.fired("an underage person, nude") == "age beside sexual"
    assert gate.fired("a naked 16 year old") == "age beside sexual"
    for harmless in ("a child with a red ball", "a nude sculpture in a museum", "a naked 61 year old in Sussex"):
        assert gate.fired(harmless) is None


@given(st.text(max_size=400))
def test_any_text_is_judged(text: str) -> None:
    assert read_terms().fired(text) in {None, "age beside sexual"}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("part", ["t", "te", "e ", "1", "1 1 ", "c u ", "0", "9 year ", "age ", "!"])
def test_no_prompt_makes_it_slow(gate: Gate, part: str) -> None:
    assert gate.fired(part * 20_000) is None
    read_terms().fired(part * 20_000)


@pytest.mark.parametrize(
    ("terms", "told"),
    [
        ("nonsense", "cannot be read"),
        ("", r"has no \[\[rules\]\]"),
        ('[[rules]]\nname = "x"\ngroups = ["y"]', r"rule 'x' needs groups that the file has \(unknown: y\)"),
        ('[[rules]]\nname = "X!"\n', "a rule needs a name"),
        ('[groups.x]\nterms = ["--"]', "group 'x' needs terms made of letters"),
        ("[groups.x]\n", "group 'x' needs terms"),
        ('[groups]\ncolour = ["blue"]', "is not laid out as tables"),
        ("groups = 3", "is not laid out as tables"),
        ("[groups.x]\nterms = 3", "is not laid out as tables"),
        ('[groups.x]\nages_below = "old"', "is not laid out as tables"),
        ('rules = ["x"]', "is not laid out as tables"),
    ],
)
def test_term_files_that_make_no_sense(tmp_path: Path, terms: str, told: str) -> None:
    path = tmp_path / "terms.toml"
    path.write_text(terms)
    with pytest.raises(UserError, match=told):
        read_terms(path)
    with pytest.raises(UserError, match="cannot be read"):
        read_terms(tmp_path / "gone.toml")


@pytest.mark.django_db
def test_a_prompt_puts_its_video_into_quarantine(make_video: MakeVideo, tmp_path: Path, settings: Any) -> None:
    settings.WINNOW_GATE_TERMS = tmp_path / "terms.toml"
    settings.WINNOW_GATE_TERMS.write_text(TERMS)
    video, other = make_video(prompt="a secret cup in a plane"), make_video(prompt="a cup")
    assert gate_prompts(other, [other.prompt]) is None
    first, again = (gate_prompts(video, ["", video.prompt]) for _ in range(2))
    assert first is not None
    assert first == again == Incident.objects.get()
    assert list(Video.objects.visible()) == [other]
    assert (first.kind, first.cause, video.findings.get().stage) == ("gate", RULE, "gate")
    assert "secret" not in f"{Incident.objects.values().get()}{video.findings.values().get()}"


@pytest.mark.django_db
def test_without_its_terms_nothing_passes(make_video: MakeVideo, tmp_path: Path, settings: Any) -> None:
    settings.WINNOW_GATE_TERMS = tmp_path / "gone.toml"
    with pytest.raises(UserError, match=r"gone\.toml cannot be read"):
        gate_prompts(make_video(), ["a red ball"])
