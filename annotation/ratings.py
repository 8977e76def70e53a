"""Ratings as every statistic of agreement takes them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MISSING = -1


@dataclass(frozen=True, eq=False)
class Ratings:
    """Who gave which item which category: L ratings of N items by R raters in Q categories.

    A rating that was not given has no row, so a missing one needs no marker here.

    Attributes:
        items, raters, values: (L,) int, from 0; each item and rater pair occurs at most once.
        n_items, n_raters, n_categories: N, R and Q. They come from the study, not from the data, since unused
            categories count in some coefficients.
        raters_known: whether the numbers in `raters` mean anything.
    """

    items: Ints
    raters: Ints
    values: Ints
    n_items: int
    n_raters: int
    n_categories: int
    raters_known: bool = True

    @classmethod
    def from_matrix(cls, matrix: ArrayLike, n_categories: int) -> Ratings:
        """Ratings from an (R raters, N items) int array, -1 where a rater did not rate an item.

        Raises:
            ValueError: not two axes, not integers, or a value outside -1 .. `n_categories` - 1.
        """
        cells = np.asarray(matrix)
        if cells.ndim != 2:
            raise ValueError(f"ratings must have shape (raters, items), not {cells.shape}")
        _check_values(cells, MISSING, n_categories)
        raters, items = np.nonzero(cells != MISSING)
        values = cells[raters, items].astype(np.int64)
        return cls(items, raters, values, cells.shape[1], cells.shape[0], n_categories)

    @classmethod
    def from_long(
        cls,
        items: ArrayLike,
        raters: ArrayLike,
        values: ArrayLike,
        n_categories: int,
        *,
        n_items: int | None = None,
        n_raters: int | None = None,
        repeats: bool = False,
    ) -> Ratings:
        """Ratings from three (L,) int arrays.

        `n_items` and `n_raters` default to one more than the largest number seen. `repeats` lets a rater rate
        an item more than once, which the models of consensus take and the coefficients of agreement do not.

        Raises:
            ValueError: arrays of different length or not of integers, a number out of range, or a rater who
                rated an item twice without `repeats`.
        """
        columns = [np.asarray(column) for column in (items, raters, values)]
        if len({column.shape for column in columns}) != 1 or columns[0].ndim != 1:
            raise ValueError("items, raters and values must be one-dimensional and equally long")
        sizes = [_size(columns[0], n_items), _size(columns[1], n_raters), n_categories]
        for column, size in zip(columns, sizes, strict=True):
            _check_values(column, 0, size)
        item, rater, value = (column.astype(np.int64) for column in columns)
        if not repeats:
            _check_once(item * sizes[1] + rater)
        return cls(item, rater, value, sizes[0], sizes[1], n_categories)

    @classmethod
    def from_counts(cls, counts: ArrayLike) -> Ratings:
        """Ratings from an (N items, Q categories) int array of how many raters, unknown which, chose what.

        Raises:
            ValueError: not two axes, not integers, or a negative count.
        """
        table = np.asarray(counts)
        if table.ndim != 2:
            raise ValueError(f"counts must have shape (items, categories), not {table.shape}")
        _check_values(table, 0, np.iinfo(np.int64).max)
        n_items, n_categories = table.shape
        cell = np.repeat(np.arange(table.size), table.reshape(-1))
        items, values = np.divmod(cell, max(n_categories, 1))
        first = np.searchsorted(items, np.arange(n_items))
        raters = np.arange(len(items)) - first[items]
        n_raters = int(table.sum(axis=1).max(initial=0))
        return cls(items, raters, values, n_items, n_raters, n_categories, raters_known=False)

    @cached_property
    def counts(self) -> Floats:
        """(N, Q) float, how many raters put each item into each category."""
        cells = self.items * self.n_categories + self.values
        flat = np.bincount(cells, minlength=self.n_items * self.n_categories)
        return flat.reshape(self.n_items, self.n_categories).astype(np.float64)

    @cached_property
    def item_totals(self) -> Ints:
        """(N,) int, how many ratings each item has."""
        return np.bincount(self.items, minlength=self.n_items)

    @cached_property
    def rater_counts(self) -> Floats:
        """(R, Q) float, how often each rater used each category."""
        cells = self.raters * self.n_categories + self.values
        flat = np.bincount(cells, minlength=self.n_raters * self.n_categories)
        return flat.reshape(self.n_raters, self.n_categories).astype(np.float64)

    def recoded(self, values: Ints, n_categories: int) -> Ratings:
        """The same ratings with other values, `values` (L,) int below `n_categories`."""
        return replace(self, values=values, n_categories=n_categories)


def as_ratings(ratings: Ratings | ArrayLike, n_categories: int | None) -> Ratings:
    """`ratings` itself, or read as a matrix; `n_categories` is needed for a matrix only."""
    if isinstance(ratings, Ratings):
        return ratings
    if n_categories is None:
        raise ValueError("a matrix of ratings needs n_categories: unused categories count in some coefficients")
    return Ratings.from_matrix(ratings, n_categories)


def _size(numbers: NDArray[np.generic], size: int | None) -> int:
    if size is not None:
        return size
    return int(numbers.max()) + 1 if numbers.size else 0


def _check_values(numbers: NDArray[np.generic], lowest: int, size: int) -> None:
    if not numbers.size:
        return
    if not np.issubdtype(numbers.dtype, np.integer):
        raise ValueError(f"ratings, items and raters are numbered with integers, not {numbers.dtype}")
    low, high = int(numbers.min()), int(numbers.max())
    if low < lowest or high >= size:
        raise ValueError(f"numbers must lie in {lowest} .. {size - 1}; found {low} .. {high}")


def _check_once(pairs: Ints) -> None:
    # Sorting takes a tenth of the time of np.unique here.
    ordered = np.sort(pairs)
    if (ordered[1:] == ordered[:-1]).any():
        raise ValueError("a rater has rated an item twice; keep the newest rating only")
