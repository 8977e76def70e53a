"""The media store: files named by their content, so that a name never changes its meaning."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage, default_storage

from config.errors import UserError

CHUNK = 1 << 20  # bytes


class ContentStore(FileSystemStorage):
    """A file system store where writing a name twice writes the same content twice."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"allow_overwrite": True} | options)

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name


@dataclass(frozen=True)
class Received:
    """A file copied into the installation under a temporary name, hashed while it was copied."""

    path: Path
    sha256: str
    size: int  # bytes
    md5: str = ""
    sha1: str = ""

    def keep(self, name: str) -> None:
        """Put the file into the media store as `name`: a rename on one file system, an upload elsewhere."""
        if not default_storage.exists(name):
            default_storage.save(name, _Spooled(self.path))
        self.drop()

    def drop(self) -> None:
        self.path.unlink(missing_ok=True)


def keep_bytes(name: str, content: bytes) -> None:
    """Put `content` into the media store as `name`, whole or not at all."""
    with _spool_file() as writer:
        writer.write(content)
    Received(Path(writer.name), "", len(content)).keep(name)


class _Spooled(File):
    """Django moves, rather than copies, a file that says where it lies."""

    def __init__(self, path: Path) -> None:
        self._path = path
        super().__init__(path.open("rb"))

    def temporary_file_path(self) -> str:
        return str(self._path)


class SourceUnreadableError(UserError):
    """The file to be taken in cannot be read; the message fits behind its name."""


def receive(source: Path) -> Received:
    """Copy `source` beside the media store and hash it on the way: one read, and what is judged is what is kept.

    Raises `SourceUnreadableError` when `source` is at fault and `OSError` when the media store is.
    """
    # MD5 and SHA-1 are what many lists of known material still hold; nothing trusts them for anything else.
    digests = [hashlib.new(name, usedforsecurity=name == "sha256") for name in ("sha256", "md5", "sha1")]
    size = 0
    with _spool_file() as writer:
        try:
            for chunk in _chunks(source):
                for digest in digests:
                    digest.update(chunk)
                size += writer.write(chunk)
            writer.flush()
            os.fsync(writer.fileno())
        except BaseException:
            Path(writer.name).unlink(missing_ok=True)
            raise
    sha256, md5, sha1 = (digest.hexdigest() for digest in digests)
    return Received(Path(writer.name), sha256, size, md5, sha1)


def _chunks(source: Path) -> Iterator[bytes]:
    try:
        with source.open("rb") as reader:
            while chunk := reader.read(CHUNK):
                yield chunk
    except OSError as error:
        raise SourceUnreadableError(f"cannot be read: {error.strerror}") from error


def _spool_file() -> Any:
    folder = spool_folder()
    folder.mkdir(parents=True, exist_ok=True)
    return tempfile.NamedTemporaryFile(dir=folder, prefix=f"{os.getpid()}-", delete=False)


def spool_folder() -> Path:
    return Path(settings.MEDIA_ROOT) / ".incoming"


def sweep_spool() -> None:
    """Remove what killed processes left behind."""
    for path in spool_folder().glob("*-*"):
        pid = path.name.split("-")[0]
        if pid.isdigit() and not _alive(int(pid)):
            path.unlink(missing_ok=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
