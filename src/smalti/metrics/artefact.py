"""Traces that compression and detectors leave along rows and columns."""

import numpy as np

from smalti.core.columns import Column
from smalti.core.plugin import metric
from smalti.kernels.accumulators import Histograms, Profiles

__all__ = ["blockiness", "ringing", "stripes"]


@metric(
    Column(
        "blockiness", "Float32", "", "Jumps at every 8th boundary over all others; 1 without JPEG blocks."
    ),
    many=True,
)
def blockiness(profiles: Profiles[np.ndarray]) -> np.ndarray:
    """Whether the plane was compressed in blocks of 8×8 pixels, as by JPEG.

    Mean absolute difference of neighbours across every 8th boundary over the mean of the other seven phases,
    for rows and for columns; the mean of both (after Wang, Bovik & Evan 2000, ICIP 3, 981). 0.95 to 1.07
    whatever blur or noise; on real images 1.0 to 1.8 at JPEG quality 70, 2.1 to 6.1 at 10. Blocks are looked
    for from the plane's first pixel on: a crop that cuts blocks hides them. Null below 9 pixels, or when all
    other differences are 0.
    """
    jumps = np.stack([profiles.jump_x, profiles.jump_y])
    others = jumps[..., 1:].mean(axis=2)
    ratios = jumps[..., 0] / others
    known = np.isfinite(ratios) & np.isfinite(others)
    mean: np.ndarray = np.where(known, ratios, 0).sum(axis=0) / known.sum(axis=0)
    return mean


@metric(
    Column(
        "ringing", "Float32", "share", "Ripple beside sharp edges that ends with the JPEG block; 0 without."
    ),
    many=True,
)
def ringing(plane: np.ndarray, histogram: Histograms) -> np.ndarray:
    """How strongly JPEG compression made sharp edges ring, as a share of their height; 0 when none is shown.

    An edge is a step of more than a fifth of p99 − p1 between neighbours. JPEG rings within the 8-pixel block
    that holds the edge, texture and noise do not know the blocks: the squared second difference 2 to 4
    pixels from an edge, within its block, less that at the same distance beyond the block's border, less
    two standard errors; its root over the rms height of the edges (own definition, see
    `smalti.kernels.ringing`). On drawn shapes 0, with noise 0, at JPEG quality 90 0.04 to 0.07, at 70 0.08
    to 0.17, at 10 0.22 to 0.33. Of colour planes the green sample is looked at. Null for a constant plane,
    and for planes too large to be held whole.
    """
    from smalti.kernels.ringing import ringing_of_many  # brings numba: only who measures waits

    dark, bright = histogram.percentiles(1, 99)
    light = plane if plane.ndim == 3 else plane[..., 1 if plane.shape[3] > 2 else 0]
    return ringing_of_many(
        np.abs(light) if light.dtype.kind == "c" else light,
        np.where(bright > dark, (bright - dark) / 5, np.nan),
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
    many=True,
)
def stripes(profiles: Profiles[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Whether rows or columns stand out as a whole, as by a detector's lines or a scanner's jitter.

    Mean squared second difference of the row means over the mean squared second difference of the pixels
    along y, and the same for columns; between 0 and 1. Noise alone gives 1 / (row length), perfect stripes 1.
    Slow gradients do not count. Null below 3 pixels and for planes without any second difference.
    """
    return _share(profiles.row_mean, profiles.bend_y), _share(profiles.column_mean, profiles.bend_x)


def _share(means: np.ndarray, bend: np.ndarray) -> np.ndarray:
    """Of N planes; lines without a finite pixel are left out."""
    steps = means[:, 1:] - means[:, :-1]
    bends = steps[:, 1:] - steps[:, :-1]
    squares = bends * bends
    total = squares.sum(axis=1)
    n: int | np.ndarray = squares.shape[1]
    if not np.isfinite(total).all():
        known = np.isfinite(squares)
        total, n = np.where(known, squares, 0).sum(axis=1), known.sum(axis=1)
    share = total / n / bend
    return np.where(np.isfinite(share) & np.isfinite(bend), np.minimum(share, 1), np.nan)
