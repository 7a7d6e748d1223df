"""What views show instead of rows: records computed by `smalti.table.snapshot`, drawn by `smalti.plots`.

*All* are the rows of the table, *filtered* those that pass the filters, *selected* those of the filtered
ones that are selected. Groups are in the order of `Groups.names`; a group's index stands for its name.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

__all__ = ["BoxStats", "Categories", "Counts", "Curves", "Density", "Dots", "Points", "Profile", "Sizes"]


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows by bins of one column.

    Parameters
    ----------
    column
        The column of numbers.
    edges
        float64, ascending, one more than bins; fixed by the whole table, so that no filter moves them.
    log
        Whether the bins are of one width on a logarithmic axis.
    all, filtered, selected
        int64, one for each bin.
    groups
        Filtered rows of each group by its name, int64 each; empty when not asked for.
    n_missing, n_off_axis
        Filtered rows without a value; filtered rows that the axis cannot show (not above 0 on a log axis).
    """

    column: str
    edges: np.ndarray
    log: bool
    all: np.ndarray
    filtered: np.ndarray
    selected: np.ndarray
    groups: Mapping[str, np.ndarray]
    n_missing: int
    n_off_axis: int


@dataclass(frozen=True, slots=True)
class Categories:
    """Rows by value of a text, boolean or small integer column.

    Parameters
    ----------
    column
        The column.
    names
        Values as text, the most frequent of the whole table first; "not stated" for null; the rest, if
        any, as one last entry.
    all, filtered, selected
        int64, one for each name.
    """

    column: str
    names: tuple[str, ...]
    all: np.ndarray
    filtered: np.ndarray
    selected: np.ndarray


@dataclass(frozen=True, slots=True)
class Points:
    """Rows as points, where they are few enough to travel to the browser.

    Parameters
    ----------
    x_column, y_column
        Columns of the axes.
    rows
        int32, (n,): row numbers of the filtered rows with both values, ascending.
    x, y
        float64, (n,).
    group
        int16, (n,): index of the group.
    selected
        bool, (n,).
    x_range, y_range
        Least and greatest value of the whole table, so that no filter moves the axes; on a logarithmic
        axis of those above 0.
    log
        Whether the axes are logarithmic, x first; rows that such an axis cannot show are left out.
    """

    x_column: str
    y_column: str
    rows: np.ndarray
    x: np.ndarray
    y: np.ndarray
    group: np.ndarray
    selected: np.ndarray
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    log: tuple[bool, bool] = (False, False)


@dataclass(frozen=True, slots=True)
class Density:
    """Rows counted on a grid, where points are too many.

    Parameters
    ----------
    x_column, y_column
        Columns of the axes.
    x_edges, y_edges
        float64, (nx + 1,) and (ny + 1,), of one width each on its axis, over the part that is in view.
    filtered, selected
        int32, (ny, nx), y upwards.
    groups
        int32, (groups, ny, nx): filtered rows by group; one group where nothing is grouped.
    x_range, y_range, log
        As in `Points`.
    """

    x_column: str
    y_column: str
    x_edges: np.ndarray
    y_edges: np.ndarray
    filtered: np.ndarray
    selected: np.ndarray
    groups: np.ndarray
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    log: tuple[bool, bool] = (False, False)


@dataclass(frozen=True, slots=True)
class Dots:
    """A sample of single rows to draw beside boxes.

    Parameters
    ----------
    rows
        int32, (n,): row numbers.
    group
        int16, (n,).
    value
        float64, (n,).
    selected
        bool, (n,).
    """

    rows: np.ndarray
    group: np.ndarray
    value: np.ndarray
    selected: np.ndarray


@dataclass(frozen=True, slots=True)
class BoxStats:
    """One column's spread in each group, of the filtered rows.

    Parameters
    ----------
    column
        The column of numbers.
    names
        Groups that hold a value.
    n
        int64: rows with a value.
    low, q1, median, q3, high
        float64: whisker ends (the last values within 1.5 interquartile ranges of the box, Tukey 1977),
        quartiles and median.
    grid
        float64, (bins,): values at which `density` stands.
    density
        float64, (groups, bins): smoothed share of each group's rows, its own maximum 1; zeros for fewer
        than 5 rows.
    dots
        Every row when there are few, else a sample of at most 300 a group, outliers first; their `group`
        counts in `names`.
    """

    column: str
    names: tuple[str, ...]
    n: np.ndarray
    low: np.ndarray
    q1: np.ndarray
    median: np.ndarray
    q3: np.ndarray
    high: np.ndarray
    grid: np.ndarray
    density: np.ndarray
    dots: Dots


@dataclass(frozen=True, slots=True)
class Profile:
    """A metric along t, z or c, from the planes of the filtered images.

    Parameters
    ----------
    column
        The metric.
    dimension
        ``"t"``, ``"z"`` or ``"c"``.
    positions
        int64, (n,): indices along the dimension.
    names
        Groups that hold a value.
    mean, sd
        float64, (groups, n): over the images of a group that have this position; NaN without any. An
        image counts once a position: its planes there are averaged first.
    n_images
        int64, (groups, n): how many images that are.
    """

    column: str
    dimension: str
    positions: np.ndarray
    names: tuple[str, ...]
    mean: np.ndarray
    sd: np.ndarray
    n_images: np.ndarray


@dataclass(frozen=True, slots=True)
class Curves:
    """Intensity histograms on one axis: the mean of each group, its spread, and one image if picked.

    Parameters
    ----------
    edges
        float64, (bins + 1,).
    relative
        Whether the axis runs from 0 to 1, from each image's least to its greatest intensity.
    names
        Groups that hold a histogram.
    mean, low, high
        float64, (groups, bins): mean share of an image's pixels in the bin, and the 10th and 90th
        percentile over the images of the group.
    n_images
        int64, (groups,).
    picked
        float64, (bins,): share of the picked image's pixels; None when none is picked.
    """

    edges: np.ndarray
    relative: bool
    names: tuple[str, ...]
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    n_images: np.ndarray
    picked: np.ndarray | None


@dataclass(frozen=True, slots=True)
class Sizes:
    """Widths and heights that occur, and how often; of the filtered rows.

    Parameters
    ----------
    width, height
        int64, (n,), in pixels; pairs are unique.
    group
        int16, (n,): the most frequent group of the pair.
    n
        int64, (n,): filtered rows.
    n_selected
        int64, (n,).
    """

    width: np.ndarray
    height: np.ndarray
    group: np.ndarray
    n: np.ndarray
    n_selected: np.ndarray
