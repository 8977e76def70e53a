"""The secret key of a local installation: made once, kept in the data folder, readable by its owner alone."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def local_secret_key(path: Path) -> str:
    """Read the key at `path`, making it first (mode 600) when there is none."""
    try:
        return path.read_text()
    except FileNotFoundError:
        return _make_key(path)


def _make_key(path: Path) -> str:
    """Two processes may come here at once: the first to link its file in wins, and both read that one."""
    mine = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    mine.touch(mode=0o600)
    mine.write_text(secrets.token_urlsafe(50))
    try:
        os.link(mine, path)
    except FileExistsError:
        pass
    finally:
        mine.unlink()
    return path.read_text()
