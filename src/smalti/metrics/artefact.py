"""Traces that compression and detectors leave along rows and columns."""

from math import isfinite

import numpy as np

from smalti.core.columns import Column
from smalti.core.plugin import metric
from smalti.kernels.accumulators import Histogram, Profiles
from smalti.metrics._number import number, ratio

__all__ = ["blockiness", "ringing", "stripes"]


@metric(
    Column(
        "blockiness", "Float32", "", "Jumps at every 8th boundary over all others; 1 without JPEG blocks."
    ),
)
def blockiness(profiles: Profiles) -> float | None:
    """Whether the plane was compressed in blocks of 8×8 pixels, as by JPEG.

    Mean absolute difference of neighbours across every 8th boundary over the mean of the other seven phases,
    for rows and for columns; the mean of both (after Wang, Bovik & Evan 2000, ICIP 3, 981). 0.95 to 1.07
    whatever blur or noise; on real images 1.0 to 1.8 at JPEG quality 70, 2.1 to 6.1 at 10. Blocks are looked
    for from the plane's first pixel on: a crop that cuts blocks hides them. Null below 9 pixels, or when all
    other differences are 0.
    """
    ratios = [ratio(float(jumps[0]), float(jumps[1:].mean())) for jumps in (profiles.jump_x, profiles.jump_y)]
    found = [value for value in ratios if value is not None]
    return sum(found) / len(found) if found else None


@metric(
    Column(
        "ringing", "Float32", "share", "Ripple beside sharp edges that ends with the JPEG block; 0 without."
    ),
)
def ringing(plane: np.ndarray, histogram: Histogram) -> float | None:
    """How strongly JPEG compression made sharp edges ring, as a share of their height; 0 when none is shown.

    An edge is a step of more than a fifth of p99 − p1 between neighbours. JPEG rings within the 8-pixel block
    that holds the edge, texture and noise do not know the blocks: the squared second difference 2 to 4
    pixels from an edge, within its block, less that at the same distance beyond the block's border, less
    two standard errors; its root over the rms height of the edges (own definition, see
    `smalti.kernels.ringing`). On drawn shapes 0, with noise 0, at JPEG quality 90 0.04 to 0.07, at 70 0.08
    to 0.17, at 10 0.22 to 0.33. Of colour planes the green sample is looked at. Null for a constant plane,
    and for planes too large to be held whole.
    """
    dark, bright = histogram.percentiles(1, 99)
    if not bright > dark:
        return None
    from smalti.kernels.ringing import ringing as ripple_beside_edges  # brings numba: only who measures waits

    light = plane if plane.ndim == 2 else plane[..., 1 if plane.shape[2] > 2 else 0]
    return number(
        ripple_beside_edges(np.abs(light) if light.dtype.kind == "c" else light, (bright - dark) / 5)
    )


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
        steps = means[1:] - means[:-1]
        bends = steps[1:] - steps[:-1]
        squares = bends * bends
        total = float(squares.sum())
    if not isfinite(total):
        squares = squares[np.isfinite(squares)]
        total = float(squares.sum())
    share = ratio(total / squares.size, bend) if squares.size else None
    return None if share is None else number(min(share, 1.0))
