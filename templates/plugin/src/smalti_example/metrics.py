"""A metric of planes; it asks for the row and column means that smalti has already summed."""

import numpy as np
from smalti import Column, metric
from smalti.kernels.accumulators import Profiles

__all__ = ["edge_darkness"]


@metric(Column("edge_darkness", "Float32", "share", "How much darker the border is than the middle."))
def edge_darkness(profiles: Profiles) -> float | None:
    """How much darker the border is than the middle: 1 − border / middle, averaged over both axes.

    The border is the outer tenth of the row (column) means on either side, the middle their central
    third. 0 for an evenly lit field, negative when the border is brighter, None when the middle is not
    above zero. It rises with vignetting, and with empty borders of a sample that fills the middle.
    """
    shares = [_darkness(profile) for profile in (profiles.row_mean, profiles.column_mean)]
    known = [share for share in shares if share is not None]
    return sum(known) / len(known) if known else None


def _darkness(profile: np.ndarray) -> float | None:
    margin, third = max(1, len(profile) // 10), len(profile) // 3
    border = _mean(np.concatenate([profile[:margin], profile[-margin:]]))
    middle = _mean(profile[third : len(profile) - third])
    return None if border is None or middle is None or middle <= 0 else 1 - border / middle


def _mean(values: np.ndarray) -> float | None:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if finite.size else None
