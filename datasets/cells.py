"""Cells of CSV files that are longer than the csv module takes by itself."""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Iterator


@contextlib.contextmanager
def long_cells(most: int) -> Iterator[None]:
    """Let the csv module read cells of up to `most` characters; the limit is the process's, so it is put back."""
    before = csv.field_size_limit(most)
    try:
        yield
    finally:
        csv.field_size_limit(before)
