"""Read the manifest that says where each video came from: CSV, JSONL, or Hugging Face's `metadata.csv`.

A row that cannot be used is a `Problem` with its line; it never stops the rows around it. Only what makes
the whole file unusable (no such file, no `file_name` column, another format) raises `UserError`.
"""

from __future__ import annotations

import csv
import json
import math
import re
import unicodedata
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, TextIO

from config.errors import UserError
from datasets.cells import long_cells

COLUMNS = ("file_name", "prompt", "prompt_source", "generator", "seed", "steps", "guidance_scale")
SEEDS = range(-(2**63), 2**64)  # what torch.manual_seed takes; ComfyUI draws from all 64 bits
STEPS = range(2**31)
MAX_CELL = 1_000_000  # characters; the csv module stops at 131,072, less than a workflow kept in a column
MAX_DEPTH = 32

# "7.0" is whole: pandas writes it so when the column has gaps.
_WHOLE = re.compile(r"[+-]?[0-9]{1,30}(\.0*)?")
_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,4})?")
# Control characters, line separators, marks that turn text round: in a name they only hide what it is.
_HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# PostgreSQL refuses NUL; a lone surrogate stands for a byte that is not UTF-8.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """What the manifest says of one video. `line` is the physical line on which the row starts, from 1."""

    line: int
    file_name: str
    prompt: str = ""
    prompt_source: str = ""
    generator: str = ""
    seed: int | None = None
    steps: int | None = None
    guidance_scale: float | None = None
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Problem:
    """A row or a file that cannot be used, and why. `line` is None for a file that has no row."""

    line: int | None
    file_name: str
    reason: str

    def __str__(self) -> str:
        where = f"line {self.line}" if self.line is not None else ""
        return ": ".join(part for part in (where, self.file_name, self.reason) if part)


@dataclass
class Manifest:
    """The usable rows by normalised file name, and what was wrong with the others.

    `refused` holds the names of rows with a problem, so that their files are not also said to have no row.
    """

    rows: dict[str, Row] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)

    def row_for(self, file_name: str) -> Row | None:
        """Return the row of a file found on disk (path relative to the folder), or None."""
        return self.rows.get(normalised(file_name))


class _RefusedError(Exception):
    """Why one row cannot be used."""


def normalised(file_name: str) -> str:
    """Return the one spelling under which a relative path is compared: Unicode NFC, no `./`, no `//`.

    macOS hands out decomposed names (NFD) and Linux whatever was written, so both sides are composed first.
    """
    return str(PurePosixPath(unicodedata.normalize("NFC", file_name)))


def read_manifest(path: Path) -> Manifest:
    """Read a manifest; of two rows for one file the first counts and the second is a problem.

    Blank lines, and rows of empty cells as spreadsheets leave them, are skipped. Raises `UserError` when the
    file is not there, is neither `.csv` nor `.jsonl`, is not UTF-8 from its first line on, or has no
    `file_name` column.
    """
    path = Path(path)
    parse = _parser(path)
    manifest = Manifest()
    try:
        with _opened(path) as file, long_cells(MAX_CELL):
            for parsed in parse(file, path):
                _add(manifest, parsed)
    except OSError as error:
        reason = f"The manifest {path} cannot be read ({error.strerror}); check the path and your rights."
        raise UserError(reason) from error
    return manifest


def match(manifest: Manifest, found: Iterable[str]) -> list[Problem]:
    """Name the rows without a file, by line, then the files without a row, by name.

    `found` holds the paths of the videos found, relative to the folder. Files whose row was refused are left
    out: `manifest.problems` names them already.
    """
    files = {normalised(name): name for name in found}
    missing = [
        Problem(row.line, name, "the manifest has this row, but there is no such video")
        for name, row in manifest.rows.items()
        if name not in files
    ]
    known = manifest.rows.keys() | manifest.refused
    without = sorted(shown(name) for key, name in files.items() if key not in known)
    return missing + [Problem(None, name, "this video has no row in the manifest") for name in without]


def _parser(path: Path) -> Callable[[TextIO, Path], Iterator[tuple[int, Fields] | Problem]]:
    parsers = {".csv": _csv_rows, ".jsonl": _jsonl_rows}
    if path.suffix.lower() not in parsers:
        raise UserError(f"The manifest {path} is neither .csv nor .jsonl; save it as one of the two.")
    return parsers[path.suffix.lower()]


def _opened(path: Path) -> TextIO:
    """Open as UTF-8 with or without a BOM; bytes that are not UTF-8 become surrogates, found row by row."""
    with path.open("rb") as file:
        head = file.read(65_536)
    # Only \n ends a line, as in grep and in editors, unless the file knows nothing but the \r of old Macs.
    newline = "" if b"\r" in head and b"\n" not in head else "\n"
    return path.open(encoding="utf-8-sig", errors="surrogateescape", newline=newline)


class _Lines:
    """Numbered physical lines that can be gone back over when a row does not parse."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._again: deque[str] = deque()
        self._row: list[str] = []
        self._number = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self._row.append(line)
        self._number += 1
        return line

    def start_row(self) -> int:
        """Return the number of the line that the next row starts on."""
        self._row.clear()
        return self._number + 1

    def back_to_second_line(self) -> None:
        """Hand out again all lines of this row but its first, so that an open quote swallows no other row."""
        self._again.extendleft(reversed(self._row[1:]))
        self._number -= max(len(self._row) - 1, 0)


def _cells(file: TextIO) -> Iterator[tuple[int, list[str]] | Problem]:
    """Yield each row that is not blank with its start line; one that is not CSV is a problem of its own."""
    lines = _Lines(file)
    while True:
        start = lines.start_row()
        try:
            cells = next(csv.reader(lines, strict=True))
        except StopIteration:
            return
        except csv.Error as error:
            lines.back_to_second_line()
            yield Problem(start, "", f"is not CSV ({error}); look for a quote left open or not doubled")
            continue
        if any(cell.strip() for cell in cells):
            yield start, cells


def _csv_rows(file: TextIO, path: Path) -> Iterator[tuple[int, Fields] | Problem]:
    rows = _cells(file)
    header = _header(next(rows, None), path)
    for row in rows:
        yield row if isinstance(row, Problem) else _named(header, *row)


def _named(header: list[str], line: int, cells: list[str]) -> tuple[int, Fields] | Problem:
    if len(cells) == len(header):
        return line, dict(zip(header, cells, strict=True))
    many = "too many" if len(cells) > len(header) else "too few"
    name = dict(zip(header, cells, strict=False)).get("file_name", "")
    return Problem(line, shown(name), f"{many} cells: {len(cells)}, where the header has {len(header)}")


def _header(row: tuple[int, list[str]] | Problem | None, path: Path) -> list[str]:
    if isinstance(row, Problem):
        raise UserError(f"The header of the manifest {path}, line {row.line}, {row.reason}")
    names = [name.strip() or f"column {at}" for at, name in enumerate(row[1] if row else [], start=1)]
    if any(_UNSTORABLE.search(name) for name in names):
        raise UserError(f"The manifest {path} is not UTF-8 (its first line shows it); save it as UTF-8.")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UserError(f"The manifest {path} has the column {shown(twice[0])} twice; rename or remove one.")
    if "file_name" not in names:
        raise _no_file_name(path, names)
    return names


def _no_file_name(path: Path, names: Iterable[str]) -> UserError:
    seen = ", ".join(shown(name) for name in names) or "none"
    return UserError(f"The manifest {path} has no column file_name; add it. Its columns are: {seen}.")


def _jsonl_rows(file: TextIO, path: Path) -> Iterator[tuple[int, Fields] | Problem]:
    names: dict[str, None] = {}
    unread = False
    for line, text in enumerate(file, start=1):
        if not text.strip():
            continue
        try:
            fields = _json_object(text)
        except _RefusedError as refusal:
            unread = True
            yield Problem(line, "", str(refusal))
            continue
        names.update(dict.fromkeys(fields))
        yield line, fields
    if "file_name" not in names and (names or not unread):
        raise _no_file_name(path, names)


def _json_object(text: str) -> Fields:
    try:
        value = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_unrepeated)
    except RecursionError:
        raise _RefusedError("is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise _RefusedError(f"is not JSON ({error.msg} at column {error.colno})") from None
    except ValueError as error:
        raise _RefusedError(f"is not JSON ({error})") from None
    if not isinstance(value, dict):
        raise _RefusedError("is not a JSON object: write one {...} a line")
    return value


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")


def _unrepeated(pairs: list[tuple[str, Any]]) -> Fields:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a key is there twice")
    return fields


def _add(manifest: Manifest, parsed: tuple[int, Fields] | Problem) -> None:
    if isinstance(parsed, Problem):
        manifest.problems.append(parsed)
        manifest.refused.update({normalised(parsed.file_name)} if parsed.file_name else ())
        return
    line, fields = parsed
    try:
        row = _row(line, fields)
        _refuse_second(manifest, row)
    except _RefusedError as refusal:
        name = str(fields.get("file_name") or "")
        manifest.problems.append(Problem(line, shown(name), str(refusal)))
        manifest.refused.add(normalised(name))
        return
    manifest.rows[row.file_name] = row


def _refuse_second(manifest: Manifest, row: Row) -> None:
    first = manifest.rows.get(row.file_name)
    if first is not None:
        raise _RefusedError(f"a second row for this file; the one on line {first.line} counts")


def _row(line: int, fields: Fields) -> Row:
    for column, value in fields.items():
        _refuse_unstorable(column, "a column name")
        _refuse_unstorable(value, column)
    return Row(
        line=line,
        file_name=_file_name(fields),
        prompt=_text(fields, "prompt"),
        prompt_source=_text(fields, "prompt_source").strip(),
        generator=_text(fields, "generator").strip(),
        seed=_whole(fields, "seed", SEEDS),
        steps=_whole(fields, "steps", STEPS),
        guidance_scale=_number(fields, "guidance_scale"),
        extra={column: value for column, value in fields.items() if column not in COLUMNS},
    )


def _refuse_unstorable(value: Any, column: str, depth: int = 0) -> None:
    """Refuse what no database or JSON file can hold: NUL, broken UTF-8, infinity, bottomless nesting."""
    if depth > MAX_DEPTH:
        raise _RefusedError(f"{shown(column)} is nested more than {MAX_DEPTH} deep")
    if isinstance(value, str) and (bad := _UNSTORABLE.search(value)):
        what = "a NUL character" if bad[0] == "\x00" else "bytes or escapes that are not UTF-8 text"
        raise _RefusedError(f"{shown(column)} holds {what}")
    if isinstance(value, float) and not math.isfinite(value):
        raise _RefusedError(f"{shown(column)} holds a number too large to keep")
    inner = [*value.keys(), *value.values()] if isinstance(value, dict) else value
    for item in inner if isinstance(inner, list) else ():
        _refuse_unstorable(item, column, depth + 1)


def _file_name(fields: Fields) -> str:
    name = _text(fields, "file_name").strip(" ")
    if not name:
        raise _RefusedError("file_name is missing")
    if hidden := _HIDDEN.search(name):
        raise _RefusedError(f"file_name holds the control character U+{ord(hidden[0]):04X}")
    if "\\" in name:
        raise _RefusedError("file_name holds a backslash; write / between folders")
    if name.startswith(("/", "~/")) or re.match(r"[A-Za-z]:/", name):
        raise _RefusedError("file_name is an absolute path; write it relative to the folder of videos")
    if ".." in name.split("/"):
        raise _RefusedError("file_name leads out of the folder with ..")
    if normalised(name) == ".":
        raise _RefusedError("file_name is the folder itself")
    return normalised(name)


def _text(fields: Fields, column: str) -> str:
    value = fields.get(column)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _RefusedError(f"{column} is {shown(json.dumps(value))}, not text")
    return value


def _whole(fields: Fields, column: str, allowed: range) -> int | None:
    value = fields.get(column)
    text = "" if value is None else str(value).strip()
    if not text:
        return None
    number = int(text.partition(".")[0]) if _WHOLE.fullmatch(text) else None
    if number is None or number not in allowed:  # "None in range" would walk all of it
        raise _RefusedError(f'{column} is "{shown(text)}", not a whole number from {allowed[0]} to {allowed[-1]}')
    return number


def _number(fields: Fields, column: str) -> float | None:
    value = fields.get(column)
    text = "" if value is None else str(value).strip()
    if not text:
        return None
    number = float(text) if _DECIMAL.fullmatch(text) else math.nan
    if not math.isfinite(number):
        raise _RefusedError(f'{column} is "{shown(text)}", not a number')
    return number


def shown(text: str) -> str:
    """Return text that is safe to print and to store: hidden characters escaped, cut at 300 characters."""
    text = _HIDDEN.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
    return text if len(text) <= 300 else text[:297] + "..."
