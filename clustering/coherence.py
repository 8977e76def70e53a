"""Whether a clip hangs together and shows what its prompt asks for, by an encoder's vectors.

Cosines of two models cannot be compared, so each threshold is one model's. Those of the demo's model were measured
on four demo corpora (612 good clips of 8 frames; what is wrong was made of them, 2,000 of each kind):

| clips | least cosine of neighbours (mean) | cosine with its prompt |
| --- | --- | --- |
| good ones, copies and frozen ones included | .47 to 1 (.84 to 1) | .25 to .57 |
| breaks into another scene halfway | median -.08, 97 % below .25 (.70 to .95) | |
| one frame of another scene | median -.09, 98 % below .25 (.49 to .97) | |
| each frame of another clip | all below 0 (-.29 to .60) | |
| with the prompt of another scene | | median -.03, 96 % below .15 |

The least tells a single break from a good clip (area under the ROC curve .9999, mean .9982), and half of such
breaks have a mean that good clips have too; so it is the least that is kept.

The demo's model knows nothing but drawings. Where a rule would find half of the heap and more it is off.

Of another model nothing was measured. What `off prompt` flags then is relative: the outliers of the heap, by a rule
that flags 0 to 3 of 153 good demo clips and finds 99.9 % of the wrong prompts. A heap that misses its prompts as a
whole goes unseen. `incoherent` is off until somebody sets it: least cosines crowd below 1 with a long tail, and the
same rule would flag 8 to 20 % of good demo clips.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from datasets.screening import Rule

Vectors = NDArray[np.float32]
Floats = NDArray[np.float64]

OFF = -1.0  # no cosine lies below
APART = 1.0  # seconds; sampled frames further apart are no neighbours, and a cut between them is no failure
ENOUGH = 30  # values, below which a median and its deviation say little
DEVIATIONS = 3.5  # Iglewicz & Hoaglin (1993, "How to detect and handle outliers")
DEMO = "demo-clip:"

INCOHERENT = Rule(
    "incoherent",
    "frame_similarity",
    above=False,
    threshold=OFF,
    effect="flag",
    unit="cosine",
    low=-1.0,
    about="Two neighbouring sampled frames have little to do with each other, as where a scene breaks into another.",
    stage="embed",
)
OFF_PROMPT = Rule(
    "off prompt",
    "prompt_similarity",
    above=False,
    threshold=OFF,
    effect="flag",
    unit="cosine",
    low=-1.0,
    about="The clip has little to do with what its prompt asked for.",
    stage="embed",
)
EMBED_RULES = (INCOHERENT, OFF_PROMPT)
OF_DEMO = {INCOHERENT.reason: 0.25, OFF_PROMPT.reason: 0.15}


def are_neighbours(duration: float, frame_count: int, sampled: int) -> bool:
    """Whether `sampled` frames of a clip of so many seconds and frames are near enough to be compared."""
    return min(frame_count, sampled) > 1 and duration <= sampled * APART


def frame_similarity(frames: Vectors) -> float:
    """Least cosine of two neighbouring frames, of unit vectors (n, D), n > 1; -1 to 1.

    The least, not the mean: the mean of a clip that breaks in two at one place is that of a lively one.
    """
    if len(frames) < 2:
        raise ValueError(f"{len(frames)} frames have no neighbours")
    return _cosine(frames[1:], frames[:-1])


def prompt_similarity(clip: Vectors, prompt: Vectors) -> float:
    """Cosine of the pooled vector of a clip and that of its prompt, unit vectors (D,); -1 to 1.

    This is CLIPScore without its factor (Hessel et al. 2021, "CLIPScore", EMNLP).
    """
    return _cosine(clip[None], prompt[None])


def _cosine(rows: Vectors, others: Vectors) -> float:
    """The least of the cosines of unit rows (n, D) with `others`, row by row."""
    cosines = np.einsum("nd,nd->n", rows, others, dtype=np.float64)
    return float(np.clip(cosines.min(), -1, 1))


def default_thresholds(encoder_key: str, values: Mapping[str, Floats]) -> dict[str, float]:
    """The threshold of each of `EMBED_RULES` by its reason, for an encoder; `values` (n,) are those of all videos."""
    if encoder_key.startswith(DEMO):
        return {reason: _unless_strange(threshold, values[reason]) for reason, threshold in OF_DEMO.items()}
    return {INCOHERENT.reason: OFF, OFF_PROMPT.reason: outlier_bound(values[OFF_PROMPT.reason])}


def _unless_strange(threshold: float, values: Floats) -> float:
    """Off where half of the videos and more would be found: then the model does not know their world."""
    return OFF if len(values) and np.median(values) < threshold else threshold


def outlier_bound(values: Floats) -> float:
    """What lies below is an outlier: median - 3.5 robust standard deviations (1.4826 * median absolute deviation).

    -1, below which no cosine lies, for fewer than 30 values (n,), and where half of them and more are equal.
    """
    median = float(np.median(values)) if len(values) >= ENOUGH else OFF
    deviation = 1.4826 * float(np.median(np.abs(values - median))) if len(values) else 0.0
    return max(OFF, median - DEVIATIONS * deviation) if deviation else OFF
