"""Whether two channels of an image show the same."""

import numpy as np

from smalti.core.columns import Column
from smalti.core.plugin import metric

__all__ = ["channels"]


@metric(
    Column(
        "channel_correlation",
        "Float32",
        "",
        "Highest correlation between two channels; 1 for channels that show the same.",
        "none",
    ),
    Column("correlated_channels", "List(Int64)", "", "The two channels that show most the same.", "none"),
    over="C",
)
def channels(channels: np.ndarray) -> tuple[float | None, list[int] | None]:
    """How much the two most alike channels have in common, and which they are.

    Pearson's correlation of the pixels of two channels (Manders, Verbeek & Aten 1993, J. Microscopy 169,
    375, eq. 1), on their thumbnails at the first t and middle z, over pixels finite in both; the highest of
    all pairs, and the pair's indices. Near 1: one channel saved twice, or light of one dye in the channel of
    another. Thumbnails average noise away: of pairs that share what they show but not their noise it is
    higher than among full-size pixels. Flat channels are left out; null for one channel or when no pair is
    left. Of more than 256 channels the first 256.
    """
    pixels = channels.reshape(len(channels), -1).astype(np.float64)
    known = np.isfinite(pixels)
    correlation = _correlations(_centred(pixels, known), known.astype(np.float64))
    if not np.isfinite(correlation).any():
        return None, None
    one, other = divmod(int(np.nanargmax(correlation)), len(channels))
    return float(correlation[one, other]), [one, other]


def _centred(pixels: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Each channel spread over at most −1..1 about its middle, 0 where unknown: sums keep their digits."""
    low = np.min(pixels, axis=1, initial=np.inf, where=known)
    high = np.max(pixels, axis=1, initial=-np.inf, where=known)
    flat = ~(high - low > 1e-6 * np.maximum(abs(low), abs(high)))  # float32 holds no more
    flat |= np.isinf(low)  # nothing known
    with np.errstate(invalid="ignore", divide="ignore"):
        middle, reach = (low + high) / 2, (high - low) / 2
        spread = (pixels - middle[:, None]) / reach[:, None]
    return np.where(known & ~flat[:, None], spread, 0.0)


def _correlations(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Pearson's correlation of rows j > i, (C, C); NaN for other entries and where undefined.

    Each pair over what is known in both: sums over a row under another row's mask are matrix products.
    """
    n = known @ known.T
    total = values @ known.T  # (i, j): sum of row i over what is known in row j
    with np.errstate(invalid="ignore", divide="ignore"):
        covariance = values @ values.T - total * total.T / n
        variance = (values * values) @ known.T - total * total / n
        variance = np.where(variance > 1e-12 * n, variance, np.nan)
        found = covariance / np.sqrt(variance * variance.T)
    upper = np.triu(np.ones(found.shape, bool), 1)
    return np.where(upper, np.clip(found, -1, 1), np.nan)
