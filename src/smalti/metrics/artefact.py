"""Traces that compression and detectors leave along rows and columns."""

import numpy as np

from smalti.core.columns import Column
from smalti.core.plugin import metric
from smalti.kernels.accumulators import Profiles
from smalti.metrics._number import number, ratio

__all__ = ["blockiness", "stripes"]


@metric(
    Column(
        "blockiness", "Float32", "", "Jumps at every 8th boundary over all others; 1 without JPEG blocks."
    ),
)
def blockiness(profiles: Profiles) -> float | None:
    """Whether the plane was compressed in blocks of 8×8 pixels, as by JPEG.

    Mean absolute difference of neighbours across every 8th row and column boundary over the mean of the
    other seven phases (after Wang, Bovik & Evan 2000, ICIP 3, 981). About 1 whatever blur or noise; on test
    images up to 1.8 at JPEG quality 70 and 1.4 to 6 at quality 10. Blocks are looked for from the plane's
    first pixel on: a crop that cuts blocks hides them. Null below 9 pixels, or when all other jumps are 0.
    """
    jumps = profiles.jump_x + profiles.jump_y
    return ratio(float(jumps[0]), float(jumps[1:].mean()))


@metric(
    Column(
        "stripe_score_rows", "Float32", "share", "Share of the detail along y that whole rows have in common."
    ),
    Column(
        "stripe_score_columns",
        "Float32",
        "share",
        "Share of the detail along x that whole columns have in common.",
    ),
)
def stripes(profiles: Profiles) -> tuple[float | None, float | None]:
    """Whether rows or columns stand out as a whole, as by a detector's lines or a scanner's jitter.

    Mean squared second difference of the row means over the mean squared second difference of the pixels
    along y, and the same for columns; between 0 and 1. Noise alone gives 1 / (row length), perfect stripes 1.
    Slow gradients do not count. Null below 3 pixels and for planes without any second difference.
    """
    return _share(profiles.row_mean, profiles.bend_y), _share(profiles.column_mean, profiles.bend_x)


def _share(means: np.ndarray, bend: float) -> float | None:
    with np.errstate(over="ignore", invalid="ignore"):
        squares = np.square(np.diff(means, 2))
    squares = squares[np.isfinite(squares)]
    share = ratio(float(squares.mean()), bend) if squares.size else None
    return None if share is None else number(min(share, 1.0))
