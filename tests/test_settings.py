"""Settings, secrets and what a command says when the ground is missing."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from clustering.coherence import EMBED_RULES
from config.database import database_from_url
from config.errors import UserError
from config.report import counted, text_table
from config.secrets import local_secret_key
from datasets.screening import RULES
from tests.commands import ROOT, manage

SET_BY_TESTS = {"SECRET_KEY", "DATABASE_URL", "DEBUG", "DJANGO_ALLOW_ASYNC_UNSAFE"}  # the last by the browser tests


def in_a_process_of_its_own(data: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if key not in SET_BY_TESTS}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=kept | {"WINNOW_DATA": str(data)} | environment,
        capture_output=True,
        text=True,
    )


def test_the_local_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "secret_key"
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: local_secret_key(path), range(40)))
    assert len(keys) == 1
    assert len(keys.pop()) >= 50
    assert path.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_without_debug_the_key_must_be_given(tmp_path: Path) -> None:
    done = in_a_process_of_its_own(tmp_path, "check", DEBUG="0")
    assert done.returncode == 1
    assert "SECRET_KEY is required when DEBUG is off" in done.stderr
    assert "Traceback" not in done.stderr


def test_djangos_deployment_check_has_nothing_to_say(tmp_path: Path) -> None:
    done = in_a_process_of_its_own(
        tmp_path, "check", "--deploy", "--fail-level", "WARNING",
        DEBUG="0", SECRET_KEY=secrets.token_urlsafe(60), ALLOWED_HOSTS="winnow.test",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize("name", ["WINNOW_FRAMES", "WINNOW_WORKERS", "WINNOW_DECODE_MEMORY", "WINNOW_DECODE_SECONDS"])
@pytest.mark.parametrize("value", ["many", "0", "-3", ""])
def test_a_setting_that_is_no_number_is_one_sentence(tmp_path: Path, name: str, value: str) -> None:
    done = in_a_process_of_its_own(tmp_path, "check", **{name: value})
    assert done.returncode == 1
    assert done.stderr.strip() == f"Error: {name} is {value!r}; set it to a whole number of 1 or more."


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("ugly=3", f"names the rule 'ugly'; the rules are {', '.join(rule.reason for rule in RULES + EMBED_RULES)}."),
        ("noise=0.2, flicker", "sets flicker to ''; give a number, as in noise=0.25."),
        ("noise=much", "sets noise to 'much'; give a number, as in noise=0.25."),
        ("blur=inf", "sets blur to 'inf'; give a finite number."),
    ],
)
def test_a_threshold_that_makes_no_sense_is_one_sentence(tmp_path: Path, value: str, sentence: str) -> None:
    done = in_a_process_of_its_own(tmp_path, "check", WINNOW_THRESHOLDS=value)
    assert (done.returncode, done.stderr.strip()) == (1, f"Error: WINNOW_THRESHOLDS {sentence}")


def test_thresholds_are_the_stages_own(tmp_path: Path) -> None:
    assert manage(tmp_path, "migrate").returncode == 0
    thresholds = "noise=0.25, flicker = 9"
    done = in_a_process_of_its_own(tmp_path, "screen", "--dry-run", WINNOW_THRESHOLDS=thresholds)
    rows = {line.split()[0]: line.split() for line in done.stdout.splitlines()}
    assert (rows["noise"][3], rows["flicker"][3], rows["blank"][3]) == ("0.25", "9", "1")


def test_postgres_by_url() -> None:
    settings = database_from_url("postgres://ann:p%40ss@db.test:5433/winnow")
    assert settings["ENGINE"].endswith("postgresql")
    assert [settings[key] for key in ("USER", "PASSWORD", "HOST", "PORT", "NAME")] == [
        "ann",
        "p@ss",
        "db.test",
        "5433",
        "winnow",
    ]


@pytest.mark.parametrize("url", ["mysql://host/winnow", "postgres://host", "nonsense"])
def test_other_urls_are_refused_in_a_sentence(url: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="DATABASE_URL"):
        database_from_url(url)
    done = in_a_process_of_its_own(tmp_path, "check", DATABASE_URL=url)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)


def test_a_command_before_migrate_says_what_to_do(tmp_path: Path) -> None:
    done = manage(tmp_path, "screen")
    assert done.returncode == 1
    assert done.stderr.strip() == "Error: The database is not up to date; run `python manage.py migrate` first."


def test_wrong_usage_exits_with_two(tmp_path: Path) -> None:
    assert manage(tmp_path, "ingest").returncode == 2
    assert manage(tmp_path, "screen", "--blank", "much").returncode == 2


def test_numbers_are_right_aligned_and_nouns_counted() -> None:
    assert text_table([("a", 5), ("bb", 100)], head=("name", "n")) == "name    n\na       5\nbb    100"
    assert [counted(n, "copy") for n in (0, 1, 2)] == ["0 copies", "1 copy", "2 copies"]
