"""What kernels find of many planes, asked for one; and histograms put together by hand."""

from types import SimpleNamespace

import numpy as np

from smalti.kernels.bins import bins_of_many
from smalti.kernels.deviation import median_deviation_of_many
from smalti.kernels.histograms import Histogram, Histograms


def together(ones: list[Histogram]) -> Histograms:
    counts = np.concatenate([one.counts for one in ones])
    return Histograms(
        values=np.concatenate([one.values for one in ones]),
        counts=counts,
        cumulative=np.cumsum(counts),
        starts=np.cumsum([0, *(one.values.size for one in ones)]),
        exact=ones[0].exact,
        low=np.array([one.low for one in ones]),
        high=np.array([one.high for one in ones]),
        dtype=ones[0].dtype,
    )


def bins(one: Histogram, n: int = 256) -> SimpleNamespace:
    found = bins_of_many(together([one]), n)
    return SimpleNamespace(counts=found.counts, low=found.low.item(), width=found.width.item())


def median_deviation(one: Histogram, centre: float) -> float:
    return median_deviation_of_many(together([one]), np.array([centre])).item()
