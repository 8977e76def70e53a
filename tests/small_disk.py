"""A disk that is full or read-only in the middle of `ingest`, and then mended: what `test_disk` runs apart.

It runs in a mount namespace of its own (`unshare --mount python -m tests.small_disk TROUBLE DATA CLIPS`), so that a
real file system of a megabyte can be mounted without anybody else seeing it. DATA is an installation whose tables
are made. Prints what either run of `ingest` came to, as JSON.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import django
from django.db import connection

from tests.commands import manage

ROOM = 3 << 20  # bytes of the small disk that are free


def full_media_store(data: Path) -> Callable[[], object]:
    return _full(data / "media", ROOM)


def full_database(data: Path) -> Callable[[], object]:
    """The database's folder is full; the media store lies on another disk."""
    elsewhere, template = data.with_name("elsewhere"), data.with_name("template")
    elsewhere.mkdir()
    shutil.copytree(data, template)
    mend = _full(data, ROOM // 3, holding=template)
    (data / "media").symlink_to(elsewhere, target_is_directory=True)
    return mend


def read_only_media_store(data: Path) -> Callable[[], object]:
    media = data / "media"
    media.mkdir()
    _mount("--bind", media, media)
    _mount("-o", "remount,ro,bind", media)
    return lambda: _mount("-o", "remount,rw,bind", media)


TROUBLES = {made.__name__: made for made in (full_media_store, full_database, read_only_media_store)}


def _full(folder: Path, room: int, holding: Path | None = None) -> Callable[[], object]:
    """Mount a disk with so much room beside what it holds; the answer makes more of it."""
    size = 32 << 20
    folder.mkdir(exist_ok=True)
    _mount("-t", "tmpfs", "-o", f"size={size}", "small", folder)
    if holding:
        shutil.copytree(holding, folder, dirs_exist_ok=True)
    ballast = folder / ".ballast"
    with ballast.open("wb") as writer:
        os.posix_fallocate(writer.fileno(), 0, shutil.disk_usage(folder).free - room)
    return ballast.unlink


def _mount(*words: object) -> None:
    subprocess.run(["mount", *map(str, words)], check=True)


def main(trouble: str, data: Path, clips: Path) -> list[dict[str, object]]:
    os.environ |= {"WINNOW_DATA": str(data), "DATABASE_URL": "", "DJANGO_SETTINGS_MODULE": "config.settings"}
    django.setup()
    mend = TROUBLES[trouble](data)
    runs = [_run(data, clips)]
    mend()
    return [*runs, _run(data, clips)]


def _run(data: Path, clips: Path) -> dict[str, object]:
    """Ingest the clips in a process of its own, and see that every video has its files and its rows."""
    from tests.stored import stored  # its models can be imported only after `setup`

    done = manage(data, "ingest", clips)
    count = stored(leftovers=done.returncode != 0)
    connection.close()
    return {"exit": done.returncode, "said": done.stderr or done.stdout, "stored": count}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))))
