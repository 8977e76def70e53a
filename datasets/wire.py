"""Messages between Winnow and its decoder children: a length, a JSON header, then the raw bytes it announces.

The child is not trusted, since the file that it reads may have taken it over. So nothing is unpickled, what
the header announces is checked before a byte of it is taken, and a message that breaks a rule is nonsense.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

HEADER_BYTES = 1 << 20
DTYPES = frozenset({"|u1", "|i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8", "<f4", "<f8"})
AXES = 8
TEXT = 300  # characters of a reason

_LENGTH = struct.Struct("!I")

Take = Callable[[int], bytearray]  # takes exactly so many bytes from the other side
Result = dict[str, Any]  # bytes, arrays and whatever JSON can say, by name


class NonsenseError(ValueError):
    """The other side sent what no honest child sends."""


@dataclass(frozen=True)
class Message:
    """kind: what it means ("value", "unreadable" ...). values: bytes, arrays and JSON by name."""

    kind: str
    values: Result

    def text(self, name: str) -> str:
        """A value that will be shown to people: printable, and not long."""
        text = self.values.get(name)
        if not isinstance(text, str) or not text.isprintable() or len(text) > TEXT:
            raise NonsenseError(f"{name} is no printable text")
        return text


@dataclass(frozen=True)
class _Blob:
    """Raw bytes announced in a header; dtype is "" for plain bytes."""

    name: str
    dtype: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        return math.prod(self.shape) * (np.dtype(self.dtype).itemsize if self.dtype else 1)

    def value(self, raw: bytearray) -> Any:
        try:
            return np.ndarray(self.shape, self.dtype, raw) if self.dtype else bytes(raw)
        except ValueError as error:  # nothing in it, and yet too many elements for numpy
            raise NonsenseError("an array of no possible shape") from error


def pack(kind: str, values: Mapping[str, Any]) -> bytes:
    """One message as bytes; raises TypeError or ValueError for what cannot be sent."""
    raw = {name: _raw(value) for name, value in values.items() if isinstance(value, bytes | np.ndarray)}
    header = {
        "kind": kind,
        "plain": {name: value for name, value in values.items() if name not in raw},
        "raw": [[name, dtype, shape] for name, (dtype, shape, _) in raw.items()],
    }
    encoded = json.dumps(header).encode()
    if len(encoded) > HEADER_BYTES:
        raise ValueError("more JSON than one message holds")
    return b"".join([_LENGTH.pack(len(encoded)), encoded, *(content for _, _, content in raw.values())])


def _raw(value: Any) -> tuple[str, list[int], bytes]:
    if isinstance(value, bytes):
        return "", [len(value)], value
    little = value.astype(value.dtype.newbyteorder("<"), copy=False)
    if little.dtype.str not in DTYPES:
        raise TypeError(f"arrays of {value.dtype} are not sent")
    return little.dtype.str, list(little.shape), little.tobytes()


def receive(take: Take, most: int) -> Message:
    """Read one message with at most `most` raw bytes; raises `NonsenseError`, or whatever `take` raises."""
    (length,) = _LENGTH.unpack(take(_LENGTH.size))
    if length > HEADER_BYTES:
        raise NonsenseError(f"a header of {length:,} bytes")
    kind, plain, blobs = _parse(take(length))
    if sum(blob.size for blob in blobs) > most:
        raise NonsenseError(f"more than {most:,} bytes")
    return Message(kind, plain | {blob.name: blob.value(take(blob.size)) for blob in blobs})


def _parse(encoded: bytearray) -> tuple[str, Result, list[_Blob]]:
    try:
        match json.loads(encoded):
            case {"kind": str(kind), "plain": dict(plain), "raw": list(raw)}:
                return kind, plain, [_blob(entry) for entry in raw]
    except (ValueError, RecursionError) as error:
        raise NonsenseError("a header that is not JSON") from error
    raise NonsenseError("a header that lacks its parts")


def _blob(entry: object) -> _Blob:
    match entry:
        case [str(name), str(dtype), list(shape)] if _is_shape(shape) and (dtype in DTYPES or not dtype):
            return _Blob(name, dtype, tuple(shape))
    raise NonsenseError("an array of no known kind")


def _is_shape(shape: list[object]) -> bool:
    return len(shape) <= AXES and all(type(side) is int and 0 <= side < 1 << 40 for side in shape)
