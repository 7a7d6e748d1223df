"""Records as the table would give them, made by hand: a full one and an empty one of each plot."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from smalti.plots import bars, boxes, histogram, intensity, profile, scatter, sizes
from smalti.plots.drawing import Drawing
from smalti.table.aggregates import (
    BoxStats,
    Categories,
    Counts,
    Curves,
    Density,
    Dots,
    Points,
    Profile,
    Sizes,
)

NAMES = tuple(f"a rather long name of a condition {i}" for i in range(8))
COLOURS = dict(
    zip(
        NAMES,
        ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#F0E442", "#8C8C8C"),
        strict=True,
    )
)
NONE = np.zeros(0)
NO_INT = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Case:
    """A plot with something to draw, and with nothing."""

    plot: Callable[..., Any]
    arrange: Callable[..., Drawing]
    full: Any
    empty: Any
    colours: Mapping[str, str] | None = None

    @property
    def more(self) -> tuple[Any, ...]:
        return () if self.colours is None else (self.colours,)


def counts(by_group: bool) -> Counts:
    all_ = np.array([3, 5, 0, 2])
    groups = {name: np.array([0, 1, 0, 1]) for name in NAMES[:3]} if by_group else {}
    return Counts("mean", np.linspace(0, 4, 5), False, all_, all_ // 2, all_ // 3, groups, 1, 0)


def points(n: int) -> Points:
    rows = np.arange(n, dtype=np.int32)
    x = rows * 1.5
    group = (rows % 8).astype(np.int16)
    return Points("mean", "std", rows, x, x**2, group, rows % 3 == 0, (0.0, 15.0), (0.0, 100.0))


def density(n: int) -> Density:
    groups = np.zeros((8, 3, 4), np.int32)
    groups[:2, 1, 2] = n
    filtered = groups.sum(axis=0, dtype=np.int32)
    edges = np.linspace(0, 1, 5), np.linspace(0, 1, 4)
    return Density("mean", "std", *edges, filtered, filtered // 2, groups, (0.0, 1.0), (0.0, 1.0))


def box_stats(names: tuple[str, ...]) -> BoxStats:
    n = len(names)
    levels = [np.arange(n) + step for step in (0.0, 1.0, 2.0, 3.0, 4.0)]
    rows = np.arange(n, dtype=np.int32)
    dots = Dots(rows, rows.astype(np.int16), rows + 0.5, rows % 2 == 0)
    return BoxStats(
        "mean", names, np.full(n, 9), *levels, np.linspace(0, 12, 16), np.full((n, 16), 0.5), dots
    )


def curves(names: tuple[str, ...]) -> Curves:
    mean = np.full((len(names), 4), 0.25)
    picked = mean[0] if names else None
    return Curves(
        np.linspace(0, 255, 5), False, names, mean, mean / 2, mean * 2, np.full(len(names), 3), picked
    )


def along(names: tuple[str, ...]) -> Profile:
    mean = np.ones((len(names), 5))
    mean[:, 2] = np.nan
    positions = np.arange(5) if names else NO_INT
    mean = mean[:, : len(positions)]
    return Profile("mean", "z", positions, names, mean, mean / 10, np.full(mean.shape, 4))


SIZES = Sizes(
    np.array([64, 512]), np.array([64, 512]), np.array([0, 1], np.int16), np.array([3, 9]), np.array([0, 2])
)
NO_SIZES = Sizes(NO_INT, NO_INT, NO_INT.astype(np.int16), NO_INT, NO_INT)
WORDS = Categories("status", ("ok", "unreadable"), np.array([9, 3]), np.array([5, 3]), np.array([1, 0]))
NO_WORDS = Categories("status", (), NO_INT, NO_INT, NO_INT)
NO_COUNTS = replace(counts(False), filtered=np.zeros(4, int), selected=np.zeros(4, int))

CASES = {
    "histogram": Case(histogram.histogram, histogram.arrange, counts(False), NO_COUNTS, COLOURS),
    "histogram by group": Case(
        histogram.histogram,
        histogram.arrange,
        counts(True),
        replace(NO_COUNTS, groups={name: np.zeros(4, int) for name in NAMES}),
        COLOURS,
    ),
    "points": Case(scatter.scatter, scatter.arrange, points(10), points(0), COLOURS),
    "density": Case(scatter.scatter, scatter.arrange, density(5), density(0), COLOURS),
    "boxes": Case(boxes.boxes, boxes.arrange, box_stats(NAMES[:5]), box_stats(()), COLOURS),
    "intensity": Case(intensity.intensity, intensity.arrange, curves(NAMES[:3]), curves(()), COLOURS),
    "profile": Case(profile.profile, profile.arrange, along(NAMES[1:4]), along(()), COLOURS),
    "sizes": Case(sizes.sizes, sizes.arrange, replace(SIZES, width=np.array([500, 512])), NO_SIZES, COLOURS),
    "bars": Case(bars.bars, bars.arrange, WORDS, NO_WORDS),
}


@pytest.fixture(params=CASES.values(), ids=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    """Each plot in turn."""
    return request.param  # type: ignore[no-any-return]
