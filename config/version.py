"""Which code made a result: the version, and the commit where the code runs from a checkout."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

VERSION = "0.1.0"


@cache
def code_version() -> str:
    """For example `0.1.0+3f2a91c`, with `.dirty` behind it when the checkout has uncommitted changes."""
    commit = _git("describe", "--always", "--dirty=.dirty", "--exclude=*")
    return f"{VERSION}+{commit}" if commit else VERSION


def _git(*words: str) -> str:
    root = Path(__file__).resolve().parent.parent
    if not (root / ".git").exists():
        return ""
    try:
        done = subprocess.run(["git", "-C", root, *words], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
