"""Byte ranges of HTTP (RFC 9110, section 14), for one file of known size."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ONE_RANGE = re.compile(r"\s*(\d*)\s*-\s*(\d*)\s*", re.ASCII)


class UnsatisfiableError(ValueError):
    """The range lies wholly outside the file."""


@dataclass(frozen=True)
class Span:
    """Bytes `first` to `last`, both included."""

    first: int
    last: int

    @property
    def length(self) -> int:
        return self.last - self.first + 1


def parse_range(header: str, size: int) -> Span | None:
    """The one span that `header` asks for, cut to the file; `None` where the whole file is the right answer.

    The whole file answers a missing or malformed header, units other than bytes and several ranges at once (a
    server may ignore those). Raises `UnsatisfiableError` for a range that begins behind the end, or is of no length.
    """
    unit, _, wanted = header.partition("=")
    match = _ONE_RANGE.fullmatch(wanted)
    if unit.strip().lower() != "bytes" or match is None:
        return None
    first, last = match.groups()
    if not first:
        return _suffix(int(last), size) if last else None
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise UnsatisfiableError
    return Span(int(first), min(int(last), size - 1) if last else size - 1)


def _suffix(length: int, size: int) -> Span:
    if not length or not size:
        raise UnsatisfiableError
    return Span(max(0, size - length), size - 1)
