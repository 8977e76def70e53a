"""Text files that nobody vouches for: read whole within limits, or refused in one sentence."""

from __future__ import annotations

import os
from pathlib import Path

from config.errors import UserError

MAX_BYTES = 256 << 20  # of a file; a Label Studio task with three annotations takes about 2 KiB
MAX_LINE = 1_000_000  # characters


def read_text(path: Path, *, limit: int = MAX_BYTES) -> str:
    """The file's text, its line ends made `\\n`, without a byte order mark.

    Raises `UserError` when the file cannot be read, has more than `limit` bytes, is not UTF-8 or holds a NUL.
    """
    content = _read_bytes(path, limit)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UserError(f"{path} line {line} is not UTF-8; save the file as UTF-8.") from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise UserError(f"{path} line {line} holds a NUL character; this is not a text file, or a broken one.")
    return text


def read_lines(path: Path) -> list[str]:
    """The file's lines without their ends; only a line feed ends one, not the other breaks that Unicode knows.

    Raises `UserError` as `read_text` does, and for a line of more than `MAX_LINE` characters.
    """
    lines = read_text(path).split("\n")
    if lines[-1] == "":
        lines.pop()
    for number, line in enumerate(lines, start=1):
        if len(line) > MAX_LINE:
            raise UserError(f"{path} line {number} has {len(line):,} characters; Winnow reads up to {MAX_LINE:,}.")
    return lines


def _read_bytes(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            content = file.read(limit + 1) if size <= limit else b""
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}); check the path and your rights.") from error
    if max(size, len(content)) > limit:
        raise UserError(f"{path} has more than {limit >> 20} MiB, the most that Winnow reads; split it.")
    return content
