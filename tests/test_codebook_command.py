"""`manage.py codebook`, and `assign --codebook`."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError

from annotation.models import Codebook, Study
from annotation.services.codebooks import as_json, as_markdown, find_version, freeze, make_codebook
from annotation.services.codes import make_theme, reword_theme
from config.models import User
from tests.commands import run
from tests.conftest import MakeVideo

pytestmark = pytest.mark.django_db


@pytest.fixture
def book(alice: User) -> Codebook:
    """Frozen twice: the second time with another definition."""
    book = make_codebook("Shapes", by=alice)
    theme = make_theme(book, name="Round", definition="without corners")
    freeze(book, by=alice)
    reword_theme(theme, definition="no corners at all")
    freeze(book, by=alice)
    return book


def refusal(command: str, *arguments: object) -> str:
    with pytest.raises(CommandError) as error:
        run(command, *arguments)
    return str(error.value)


def test_list(book: Codebook) -> None:
    assert run("codebook") == run("codebook", "list")
    (row,) = run("codebook", "list")["codebooks"]
    assert row == {"codebook": "Shapes", "themes": 1, "codes": 0, "rounds": 0, "versions": 2}


def test_show(book: Codebook) -> None:
    shown = run("codebook", "show", "Shapes:1")
    assert (shown["version"], shown["content"]["themes"][0]["definition"]) == (1, "without corners")
    assert run("codebook", "show", "Shapes")["version"] == 2
    assert "There is no codebook 'Shape'" in refusal("codebook", "show", "Shape")


@pytest.mark.parametrize(("file", "options"), [("a.json", []), ("a.md", []), ("a.txt", ["--format", "markdown"])])
def test_export_is_the_same_in_every_byte(book: Codebook, tmp_path: Path, file: str, options: list[str]) -> None:
    path = tmp_path / file
    written = []
    for _ in range(2):
        run("codebook", "export", "Shapes:1", path, *options)
        written.append(path.read_bytes())
    version = find_version("Shapes:1")
    assert written == [(as_json if file == "a.json" else as_markdown)(version).encode()] * 2


def test_exports_that_cannot_be_written(book: Codebook, tmp_path: Path) -> None:
    assert "say which with --format" in refusal("codebook", "export", "Shapes", tmp_path / "a.txt")
    assert "cannot be written: Is a directory" in refusal(
        "codebook", "export", "Shapes", tmp_path, "--format", "json"
    )


def test_diff(book: Codebook) -> None:
    last = run("codebook", "diff", "Shapes")
    assert last == run("codebook", "diff", "Shapes", 1, 2)
    assert (last["before"], last["after"]) == (1, 2)
    assert [(one["kind"], one["before"], one["after"]) for one in last["changes"]] == [
        ("reworded", "without corners", "no corners at all")
    ]
    assert run("codebook", "diff", "Shapes", 2, 2)["changes"] == []


def test_diffs_that_cannot_be_made(book: Codebook) -> None:
    assert "has no version 3" in refusal("codebook", "diff", "Shapes", 1, 3)
    assert "Give two version numbers" in refusal("codebook", "diff", "Shapes", 1)
    run("codebook", "paper")
    assert "fewer than two versions" in refusal("codebook", "diff", "Unsafe video, five themes")


def test_paper(alice: User) -> None:
    made = run("codebook", "paper", "--name", "Five", "--by", "alice")
    version = find_version("Five")
    assert made == {"codebook": "Five", "version": 1, "digest": version.digest}
    assert version.frozen_by == alice
    assert "There is a codebook 'Five' already" in refusal("codebook", "paper", "--name", "Five")
    assert "no active researcher" in refusal("codebook", "paper", "--name", "Six", "--by", "nobody")


def test_assign_makes_a_study_from_a_version(book: Codebook, rita: User, make_video: MakeVideo) -> None:
    make_video()
    ask = ("assign", "--study", "Pilot", "--overlap", 1, "--codebook")
    assert run(*ask, "Shapes:1")["slots"] == 1
    study = Study.objects.get()
    assert study.codebook_version == find_version("Shapes:1")
    assert study.choices.get().definition == "without corners"
    assert run(*ask, "Shapes:1")["added"] == 0
    assert run("assign", "--study", "Pilot")["added"] == 0
    assert "made from Shapes version 1 already" in refusal(*ask, "Shapes:2")
    assert "There is no codebook 'Other'" in refusal(*ask, "Other")
