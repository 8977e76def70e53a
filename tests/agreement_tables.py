"""Published tables of ratings and what the literature computes from them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from annotation.ratings import Ratings

Matrix = NDArray[np.int64]


def matrix(text: str) -> Matrix:
    """(R, N) int from one line per rater, `*` missing, categories written from 1."""
    rows = [[-1 if cell == "*" else int(cell) - 1 for cell in line.split()] for line in text.strip().splitlines()]
    return np.array(rows)


def counts(text: str) -> Matrix:
    return np.array([[int(cell) for cell in line.split()] for line in text.strip().splitlines()])


def crossed(table: list[list[int]]) -> Matrix:
    """(2, N) int from a contingency table of two raters."""
    cells = np.array(table)
    first, second = np.indices(cells.shape)
    return np.stack([np.repeat(side.reshape(-1), cells.reshape(-1)) for side in (first, second)])


# Wikipedia, Krippendorff's alpha, "A computational example".
KRIPPENDORFF = matrix("""
* * * * * 3 4 1 2 1 1 3 3 * 3
1 * 2 1 3 3 4 3 * * * * * * *
* * 2 1 3 4 4 * 2 1 1 3 3 * 4
""")

# Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, section C: 4 observers, 12 units, categories 1-5.
KRIPPENDORFF_2011 = matrix("""
1 2 3 3 2 1 4 1 2 * * *
1 2 3 3 2 2 4 1 2 5 * 3
* 3 3 3 2 3 4 2 2 5 1 *
1 2 3 3 2 4 4 1 2 5 1 *
""")

# Wikipedia, Fleiss' kappa, "Worked example": 10 items, 14 raters, 5 categories.
FLEISS = counts("""
0 0 0 0 14
0 2 6 4 2
0 0 3 5 6
0 3 9 2 0
2 2 8 1 1
7 7 0 0 0
3 2 6 3 0
2 5 3 2 2
6 5 2 1 0
0 2 2 3 7
""")

# Gwet (2014): three diagnoses by two abstractors (irrCAC's cont3x3abstractors).
GWET_3X3 = crossed([[13, 0, 0], [0, 20, 7], [0, 4, 56]])

# Gwet (2014): 12 subjects, 4 raters, missing ratings (irrCAC's cac.raw4raters).
GWET_RAW = matrix("""
1 2 3 3 2 1 4 1 2 * * *
1 2 3 3 2 2 4 1 2 5 * *
* 3 3 3 2 3 4 2 2 5 1 3
1 2 3 3 2 4 4 1 2 5 1 *
""")

# Gwet (2014), after Fleiss (1971): 15 psychiatric patients, 6 raters (irrCAC's distrib.6raters).
SIX_RATERS = counts("""
0 0 0 6 0
0 3 0 0 3
0 1 4 0 1
0 0 0 0 6
0 3 0 3 0
2 0 4 0 0
0 0 4 0 2
2 0 3 1 0
2 0 0 4 0
0 0 0 0 6
1 0 0 5 0
1 1 0 4 0
0 3 3 0 0
1 0 0 5 0
0 2 0 3 1
""")

# Artstein & Poesio (2008), table 1: dialogue acts stat, ireq, chck by two coders.
ARTSTEIN_POESIO = crossed([[46, 6, 0], [0, 32, 0], [0, 6, 10]])

# Dawid & Skene (1979), table 1: 45 patients; the first anaesthetist looked three times.
ANAESTHETISTS = """
111 1 1 1 1 | 333 4 3 3 4 | 112 2 1 2 2 | 222 3 1 2 1 | 222 3 2 2 2 | 222 3 3 2 2 | 122 2 1 1 1 | 333 3 4 3 3
222 2 2 2 3 | 232 2 2 2 3 | 444 4 4 4 4 | 222 3 3 4 3 | 111 1 1 1 1 | 222 3 2 1 2 | 121 1 1 1 1 | 111 2 1 1 1
111 1 1 1 1 | 111 1 1 1 1 | 222 2 2 2 1 | 222 1 3 2 2 | 222 2 2 2 2 | 222 2 2 2 1 | 222 3 2 2 2 | 221 2 2 2 2
111 1 1 1 1 | 111 1 1 1 1 | 232 2 2 2 2 | 111 1 1 1 1 | 111 1 1 1 1 | 112 1 1 2 1 | 111 1 1 1 1 | 333 3 2 3 3
111 1 1 1 1 | 222 2 2 2 2 | 222 3 2 3 2 | 433 4 3 4 3 | 221 2 2 3 2 | 232 3 2 3 3 | 333 3 4 3 2 | 111 1 1 1 1
111 1 1 1 1 | 121 2 1 1 1 | 232 2 2 2 2 | 121 1 1 1 1 | 222 2 2 2 2
"""


def anaesthetists() -> Ratings:
    patients = ANAESTHETISTS.strip().replace("\n", " | ").split(" | ")
    said = [
        (patient, rater, int(label) - 1)
        for patient, row in enumerate(patients)
        for rater, labels in enumerate(row.split())
        for label in labels
    ]
    items, raters, values = np.array(said).T
    return Ratings.from_long(items, raters, values, 4, repeats=True)
