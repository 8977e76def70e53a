"""Lists of the hashes of known material, and what of ours is on them.

Read are the forms that Meta's `threatexchange` package (github.com/facebook/ThreatExchange, python-threatexchange,
read at commit baefb4ed) writes or loads, plus a bare file of one value a line:

- CSV with a head, of `threatexchange dataset -P --csv`: signal_type, signal_str, collab, category, tags;
- lines `signal_type value`, of `dataset -P [-S]` and `hash`, read by its `local_file` exchange;
- `simple.TYPE.te`, the store of its command line: CSV without a head, the type in the file name;
- JSON: a vPDQ signal (a list of "hash,quality,timestamp", or of old an object by frame number), and records of
  the exchanges, as a list, one a line, or under `data`, `hashRecords`, `results` or `updates`.

A hash match is evidence for a person to judge, and no match is no proof of the contrary: new material has no hash.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from config.errors import UserError
from datasets.cells import long_cells

DIGESTS = {"md5": 32, "sha1": 40, "sha256": 64}  # hexadecimal digits
ALGORITHMS = (*DIGESTS, "pdq", "vpdq")
PDQ_DIGITS = 64
MIN_QUALITY = 50  # Meta's: a PDQ hash below this says too little of its frame to compare
LONGEST_CELL = 1 << 26  # characters: the vPDQ signal of a long video is one cell
CONTAINERS = ("data", "hashRecords", "results", "updates")  # keys under which the exchanges put their records

# How `SignalType.get_name()`, INDICATOR_TYPE, StopNCII and NCMEC call the algorithms that Winnow can compare.
SIGNAL_TYPES = {
    "md5": "md5", "video_md5": "md5", "hash_md5": "md5", "hash_video_md5": "md5", "videomd5": "md5",
    "sha1": "sha1", "sha_1": "sha1", "video_sha1": "sha1", "hash_sha1": "sha1",
    "sha256": "sha256", "sha_256": "sha256", "video_sha256": "sha256", "hash_sha256": "sha256",
    "hash_video_sha256": "sha256",
    "pdq": "pdq", "hash_pdq": "pdq", "imagepdq": "pdq",
    "vpdq": "vpdq", "hash_vpdq": "vpdq",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One hash of a list. The value of a vPDQ entry is its signal: JSON of "hash,quality,timestamp" a frame."""

    algorithm: str
    value: str
    quality: int | None = None  # of a PDQ hash, 0 to 100, where the list says it
    note: str = ""
    line: int = 0  # in the file; in JSON the number of the item
    source: str = ""  # the name of the list


@dataclass
class ListFile:
    """What a file holds: its entries, and each thing in it that cannot be compared."""

    path: Path
    digest: str  # SHA-256 of the file
    entries: list[Entry] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)  # by signal type
    disowned: int = 0  # marked by the list itself as withdrawn or as a false positive

    def complaints(self) -> list[str]:
        """One sentence for each kind of thing that was left out."""
        told = list(self.problems)
        for name, count in sorted(self.unknown.items()):
            told.append(f"{self.path.name}: {count} of signal type {name!r}, which Winnow cannot compare, left out")
        if self.disowned:
            told.append(f"{self.path.name}: {self.disowned} marked withdrawn or false positive, left out")
        return told


def read_list(path: Path, algorithm: str | None = None) -> ListFile:
    """Read a list of hashes; `algorithm` says what values are where the file itself does not.

    Raises `UserError` when the file cannot be read, or nothing in it can be compared.
    """
    fallback = algorithm_named(algorithm) if algorithm else ""
    data = _bytes_of(path)
    found = ListFile(path, hashlib.sha256(data).hexdigest())
    reader = _Reader(found, fallback)
    _choose(path, _text_of(path, data), reader)
    if not found.entries:
        why = (found.complaints() or ["it is empty"])[0]
        raise UserError(f"{path} holds no hash that Winnow can compare ({why}); check the file and --algorithm.")
    return found


def algorithm_named(name: str) -> str:
    """Raises `UserError` for a name that nobody uses."""
    known = SIGNAL_TYPES.get(_plain(name))
    if known is None:
        raise UserError(f"{name!r} is no hash algorithm of a list; take one of {', '.join(ALGORITHMS)}.")
    return known


def _plain(name: str) -> str:
    return name.strip().lower().replace("-", "_")


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"The hash list {path} cannot be read: {error.strerror}.") from error


def _text_of(path: Path, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"The hash list {path} is no UTF-8 text (byte {error.start}).") from error


def _choose(path: Path, text: str, reader: _Reader) -> None:
    """Read `text` in the form that its name or first characters show."""
    lines = text.splitlines()
    if match := re.fullmatch(r"simple\.([^.]+)\.te", path.name):
        _read_store(lines, match[1], reader)
    elif text.lstrip()[:1] in {"[", "{"}:
        _read_json(text, reader)
    elif lines and {"signal_type", "signal_str"} <= set(lines[0].replace('"', "").split(",")):
        _read_csv(lines, reader)
    else:
        _read_lines(lines, reader)


def _rows(lines: Sequence[str], reader: _Reader) -> Iterator[tuple[int, list[str]]]:
    rows = csv.reader(lines)
    try:
        with long_cells(LONGEST_CELL):
            for row in rows:
                if row:
                    yield rows.line_num, row
    except csv.Error as error:
        raise UserError(f"{reader.found.path} line {rows.line_num}: no CSV ({error}).") from error


def _read_csv(lines: Sequence[str], reader: _Reader) -> None:
    rows = _rows(lines, reader)
    _, head = next(rows)
    for line, row in rows:
        reader.place = f"line {line}"
        if len(row) == len(head):
            reader.record(dict(zip(head, row, strict=True)), line)
        else:
            reader.complain(f"has {len(row)} columns, not {len(head)}")


def _read_store(lines: Sequence[str], kind: str, reader: _Reader) -> None:
    for line, row in _rows(lines, reader):
        reader.place = f"line {line}"
        reader.add(kind, row[0], line, note=" ".join(row[3:]))


def _read_lines(lines: Sequence[str], reader: _Reader) -> None:
    for line, content in enumerate(lines, start=1):
        reader.place = f"line {line}"
        signal = content.strip()
        if reader.fallback and signal:
            reader.add(reader.fallback, signal, line)
        elif signal:
            kind, _, rest = signal.partition(" ")
            value, note = _value_and_note(rest.strip())
            if value:
                reader.add(kind, value, line, note=note)
            else:
                reader.complain("names no signal type; say with --algorithm what it is")


def _value_and_note(rest: str) -> tuple[str, str]:
    """A vPDQ signal has spaces of its own, so its end is where its JSON ends."""
    if rest[:1] in {"[", "{"}:
        try:
            _, end = json.JSONDecoder().raw_decode(rest)
        except (ValueError, RecursionError):
            return rest, ""
        return rest[:end], rest[end:].strip()
    value, _, note = rest.partition(" ")
    return value, note


def _read_json(text: str, reader: _Reader) -> None:
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError) as error:
        _read_json_lines(text, reader, error)
        return
    if _is_vpdq(whole) and reader.fallback in {"", "vpdq"}:
        reader.place = "the signal"
        reader.add("vpdq", json.dumps(whole), 1)
        return
    for number, item in enumerate(_items(whole), start=1):
        reader.place = f"item {number}"
        reader.item(item, number)


def _read_json_lines(text: str, reader: _Reader, error: Exception) -> None:
    for line, content in enumerate(text.splitlines(), start=1):
        reader.place = f"line {line}"
        if not content.strip():
            continue
        try:
            reader.item(json.loads(content), line)
        except (ValueError, RecursionError):
            if not reader.found.entries:
                raise UserError(f"{reader.found.path} is neither JSON nor JSON a line: {error}.") from error
            reader.complain("is no JSON")


def _is_vpdq(signal: Any) -> bool:
    if isinstance(signal, list):
        return bool(signal) and all(isinstance(frame, str) and frame.count(",") == 2 for frame in signal)
    return (
        isinstance(signal, dict)
        and bool(signal)
        and all(isinstance(frame, dict) and {"hash", "quality"} <= frame.keys() for frame in signal.values())
    )


def _items(whole: Any) -> list[Any]:
    if isinstance(whole, dict):
        inner = next((whole[key] for key in CONTAINERS if key in whole), [whole])
        return list(inner.values()) if isinstance(inner, dict) else list(inner or [])
    return list(whole)


class _Reader:
    """Takes values in the words of the file and makes entries of them, or says why not."""

    def __init__(self, found: ListFile, fallback: str) -> None:
        self.found = found
        self.fallback = fallback
        self.place = ""
        self._seen = set[tuple[str, str]]()

    def complain(self, what: str) -> None:
        self.found.problems.append(f"{self.found.path.name} {self.place}: {what}")

    def item(self, item: Any, number: int) -> None:
        """One element of a JSON list."""
        if isinstance(item, dict) and not _is_vpdq(item):
            try:
                self.record(item, number)
            except (AttributeError, TypeError):  # a field is a list where an object belongs, or the like
                self.complain("is no record of any exchange")
        elif isinstance(item, str) and self.fallback:
            self.add(self.fallback, item, number)
        elif _is_vpdq(item):
            self.add("vpdq", json.dumps(item), number)
        else:
            self.complain("is neither a record nor a hash with --algorithm")

    def record(self, record: Mapping[str, Any], line: int) -> None:
        record = record.get("raw_json") or record
        pairs = _signals(record, self.fallback)
        if _disowned(record):
            self.found.disowned += max(1, len(pairs))
            return
        if not pairs:
            self.complain("holds no signal type with a value")
        for kind, value in pairs:
            self.add(kind, value, line, quality=record.get("quality"), note=_note(record))

    def add(self, kind: str, value: Any, line: int, *, quality: Any = None, note: str = "") -> None:
        algorithm = SIGNAL_TYPES.get(_plain(kind))
        if algorithm is None:
            self.found.unknown[kind] += 1
            return
        try:
            entry = Entry(algorithm, PARSERS[algorithm](value), _quality(quality), note, line)
        except (ValueError, TypeError, RecursionError) as error:
            self.complain(f"is no {algorithm} value ({error})")
            return
        self._keep(entry)

    def _keep(self, entry: Entry) -> None:
        if not _usable(entry):
            self.complain(f"has no frame of quality {MIN_QUALITY} or more, so it can match nothing; left out")
        elif (key := (entry.algorithm, entry.value)) not in self._seen:
            self._seen.add(key)
            self.found.entries.append(entry)


def _signals(record: Mapping[str, Any], fallback: str) -> list[tuple[str, Any]]:
    """The (signal type, value) pairs of a record: of the CSV, the Graph API, StopNCII, TAT and NCMEC."""
    if isinstance(prints := record.get("fingerprints"), Mapping):
        return list(prints.items())
    for kind, value in (
        ("signal_type", "signal_str"),
        ("type", "indicator"),
        ("signalType", "hashValue"),
        ("algorithm", "hash_digest"),
    ):
        if record.get(value):
            name = record.get(kind) or fallback
            return [(str(name), record[value])] if name else []
    return []


def _disowned(record: Mapping[str, Any]) -> bool:
    """Whether the list itself says that this is deleted, or no match at all (NEGATIVE_CLASS is written 0 in JSON)."""
    statuses = {str(one.get("status")) for one in (record.get("descriptors") or {}).get("data", [])}
    return (
        any(record.get(key) is True for key in ("should_delete", "deleted"))
        or record.get("category") in ("NEGATIVE_CLASS", 0)
        or record.get("hashStatus") in ("Withdrawn", "Deleted")
        or statuses == {"NON_MALICIOUS"}
    )


def _note(record: Mapping[str, Any]) -> str:
    told = (record.get(key) for key in ("collab", "category", "classification", "tags"))
    return " ".join(" ".join(map(str, part)) if isinstance(part, list) else str(part) for part in told if part)


def _quality(value: Any) -> int | None:
    if value is None or value == "":
        return None
    quality = int(value)
    if not 0 <= quality <= 100:
        raise ValueError(f"quality {quality} is not between 0 and 100")
    return quality


def _hexadecimal(value: Any, digits: int) -> str:
    plain = str(value).strip().lower()
    if not re.fullmatch(f"[0-9a-f]{{{digits}}}", plain):
        raise ValueError(f"not {digits} hexadecimal digits")
    return plain


def _vpdq(value: Any) -> str:
    """The signal in the package's present form, whatever form it came in."""
    signal = json.loads(value) if isinstance(value, str) else value
    if not _is_vpdq(signal):
        raise ValueError('not a list of "hash,quality,timestamp"')
    frames = signal if isinstance(signal, list) else list(map(_old_frame, signal.values()))
    return json.dumps([_frame(frame) for frame in frames])


def _old_frame(frame: Mapping[str, Any]) -> str:
    return f"{frame['hash']},{frame['quality']},{float(frame.get('timestamp', 0)):.3f}"


def _frame(frame: str) -> str:
    value, quality, timestamp = frame.split(",")
    if float(timestamp) < 0:
        raise ValueError("a time below zero")
    return f"{_hexadecimal(value, PDQ_DIGITS)},{_quality(quality.strip())},{timestamp.strip()}"


def _digest_parser(digits: int) -> Callable[[Any], str]:
    return lambda value: _hexadecimal(value, digits)


PARSERS: dict[str, Callable[[Any], str]] = {
    **{name: _digest_parser(digits) for name, digits in DIGESTS.items()},
    "pdq": _digest_parser(PDQ_DIGITS),
    "vpdq": _vpdq,
}


def frames_of(entry: Entry) -> list[tuple[str, int]]:
    """The (PDQ hash, quality) pairs of a PDQ or vPDQ entry; a PDQ hash without a quality counts as good."""
    if entry.algorithm == "pdq":
        return [(entry.value, 100 if entry.quality is None else entry.quality)]
    split = (frame.split(",") for frame in json.loads(entry.value))
    return [(value, int(quality)) for value, quality, _ in split]


def _usable(entry: Entry) -> bool:
    return entry.algorithm in DIGESTS or any(quality >= MIN_QUALITY for _, quality in frames_of(entry))


def named(entries: Iterable[Entry], source: str) -> list[Entry]:
    """The same entries, with the name of their list."""
    return [Entry(e.algorithm, e.value, e.quality, e.note, e.line, source) for e in entries]
