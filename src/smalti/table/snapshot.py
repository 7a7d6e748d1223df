"""A view of a table at one moment: everything a plot asks for, safe in any thread."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from smalti.core.errors import UnknownNameError, UsageError
from smalti.table import scatter
from smalti.table.aggregates import BoxStats, Categories, Counts, Curves, Density, Points, Profile, Sizes
from smalti.table.choice import View
from smalti.table.conditions import selected_rows
from smalti.table.counting import categories, counts
from smalti.table.curves import curves
from smalti.table.kept import Kept
from smalti.table.memo import Memo
from smalti.table.profile import profile
from smalti.table.sizes import sizes
from smalti.table.spread import box_stats
from smalti.table.stats import Groups
from smalti.table.whole import Table

__all__ = ["Snapshot"]

Range = tuple[float, float]

MOST_BINS = 10_000

MOST_CELLS = 4_000_000
"""Of a density; about the pixels of a large screen."""


class Snapshot:
    """One view of one table; it never changes, and computes each result once.

    Parameters
    ----------
    table
        The images.
    view
        What was chosen.
    revision
        Number of the change that made it.
    kept
        The filtered rows, where an earlier snapshot with the same filters knows them.
    """

    def __init__(self, table: Table, view: View, revision: int = 0, kept: Kept | None = None) -> None:
        self.table = table
        self.view = view
        self.revision = revision
        self.kept = kept if kept is not None and kept.fits(table, view) else Kept(table, view)
        self._memo = Memo()

    @property
    def keep(self) -> np.ndarray:
        """bool, one for each row of the table: passes the filters."""
        return self.kept.keep

    @property
    def picked(self) -> np.ndarray:
        """bool, one for each row of the table: selected, and passes the filters."""
        return self._memo.get("picked", self._picked)

    def _picked(self) -> np.ndarray:
        picked: np.ndarray = selected_rows(self.table, self.view.selection) & self.keep
        return picked

    @property
    def n(self) -> tuple[int, int, int]:
        """Rows in all, filtered, and selected of the filtered."""
        return self.table.height, len(self.kept.rows), int(np.count_nonzero(self.picked))

    @property
    def n_units(self) -> tuple[int, int, int]:
        """The same counted in the unit of the view: images, their planes, or different files."""
        return self._memo.get("units", self._units)

    def _units(self) -> tuple[int, int, int]:
        unit, images = self.view.unit, self.table.images
        column = {"plane": "n_planes", "file": "path"}.get(unit)
        if column is None or column not in images.columns:
            return self.n
        values = images[column]
        parts = (values, values.filter(pl.Series(self.keep)), values.filter(pl.Series(self.picked)))
        everything, kept, picked = (part.n_unique() if unit == "file" else int(part.sum()) for part in parts)
        return everything, kept, picked

    @property
    def groups(self) -> Groups:
        """Groups of the whole table, so that a filter never changes them."""
        return self.kept.groups

    @property
    def group_index(self) -> np.ndarray:
        """int16, one for each row of the table: index into ``groups.names``."""
        return self.kept.group_index

    @property
    def order(self) -> np.ndarray:
        """int32: numbers of the filtered rows in the chosen order, nulls last."""
        return self.kept.order

    @property
    def _state(self) -> np.ndarray:
        """uint16, one for each row: 0 filtered away, 1 filtered, 2 selected."""
        return self._memo.get("state", lambda: self.keep.astype(np.uint16) + self.picked)

    def counts(
        self, column: str, *, log: bool | None = None, by_group: bool = False, bins: int = 40
    ) -> Counts:
        """Rows by bins of a column of numbers.

        Parameters
        ----------
        column
            The column.
        log
            Whether bins have one width on a logarithmic axis; None for what shows more.
        by_group
            Whether to count the filtered rows of each group too.
        bins
            The most bins there are.

        Raises
        ------
        UnknownNameError, UsageError
            There is no such column; it holds no numbers.
        """
        if not 1 <= bins <= MOST_BINS:
            raise UsageError(f"{bins} bins cannot be counted; give 1 to {MOST_BINS:,}")
        key = ("counts", column, log, by_group, bins)
        return self._memo.get(
            key, lambda: counts(self.kept, self._state, column, log=log, by_group=by_group, bins=bins)
        )

    def categories(self, column: str, most: int = 20) -> Categories:
        """Rows by value of a column, the `most` most frequent values of the whole table by name."""
        key = ("categories", column, most)
        return self._memo.get(key, lambda: categories(self.kept, self._state, column, most))

    def points(self, x: str, y: str, *, log: tuple[bool, bool] = (False, False)) -> Points:
        """The filtered rows as points of two columns of numbers, on logarithmic axes where `log` says so."""
        key = ("points", x, y, log)
        return self._memo.get(key, lambda: scatter.points(self.kept, x, y, self.picked, log))

    def density(
        self,
        x: str,
        y: str,
        shape: tuple[int, int] = (300, 400),
        x_range: Range | None = None,
        y_range: Range | None = None,
        *,
        log: tuple[bool, bool] = (False, False),
    ) -> Density:
        """The filtered rows counted on a grid over two columns of numbers.

        Parameters
        ----------
        x, y
            The columns.
        shape
            Rows and columns of the grid.
        x_range, y_range
            The part in view; None for all values of the whole table.
        log
            Whether the axes are logarithmic, x first.
        """
        if min(shape) < 1 or shape[0] * shape[1] > MOST_CELLS:
            raise UsageError(f"a grid of {shape[0]} by {shape[1]} cells cannot be counted; see `shape`")
        for ends in (x_range, y_range):
            if ends is not None and not ends[0] < ends[1]:
                raise UsageError(f"the range from {ends[0]} to {ends[1]} has no width; give two ends")
        key = ("density", x, y, shape, x_range, y_range, log)
        return self._memo.get(
            key, lambda: scatter.density(self.kept, x, y, self.picked, shape, x_range, y_range, log)
        )

    def boxes(self, column: str) -> BoxStats:
        """The spread of a column of numbers in each group of the filtered rows."""
        return self._memo.get(("boxes", column), lambda: box_stats(self.kept, column, self.picked))

    def sizes(self) -> Sizes:
        """Widths and heights of the filtered images."""
        return self._memo.get("sizes", lambda: sizes(self.kept, self.picked))

    def profile(self, column: str, dimension: str) -> Profile:
        """A metric of the planes along ``"t"``, ``"z"`` or ``"c"``, over the filtered images."""
        return profile(self.kept, column, dimension)

    def curves(
        self,
        *,
        relative: bool = False,
        channel: int | None = None,
        picked_row: int | None = None,
        bins: int = 128,
    ) -> Curves:
        """Intensity histograms of the filtered images.

        Parameters
        ----------
        relative
            Whether the axis runs from each image's least to its greatest intensity.
        channel
            One channel; None for all together.
        picked_row
            Row number of an image to show by itself.
        bins
            Number of bins of the common axis.
        """
        return curves(self.kept, relative=relative, channel=channel, picked_row=picked_row, bins=bins)

    def page(
        self, number: int, size: int, columns: Sequence[str], search: str = ""
    ) -> tuple[pl.DataFrame, int]:
        """One page of the filtered rows in order, and how many rows there are on all pages.

        Parameters
        ----------
        number
            Page, from 0.
        size
            Rows a page.
        columns
            Columns wanted; ``row``, the row number, comes before them.
        search
            Text that one of the text columns shown, or the path, must contain; case does not matter.
        """
        for name in columns:
            if name not in self.table.images.columns:
                raise UnknownNameError("column", name, self.table.images.columns)
        if number < 0 or size < 1:
            raise UsageError(f"page {number} of {size} rows: pages count from 0 and have a row or more")
        rows = self.order if not search.strip() else self._found(search.strip(), columns)
        part = rows[number * size : (number + 1) * size]
        page = self.table.images.select(columns)[part]
        return page.insert_column(0, pl.Series("row", part)), len(rows)

    def _found(self, search: str, columns: Sequence[str]) -> np.ndarray:
        images = self.table.images
        asked = dict.fromkeys(("path", *columns))
        texts = [name for name in asked if images.schema.get(name) == pl.String]
        key = ("search", search.casefold(), *texts)
        hits = self.kept.memo.get(key, lambda: _containing(images, texts, search))
        found: np.ndarray = self.order[hits[self.order]]
        return found


def _containing(images: pl.DataFrame, texts: Sequence[str], search: str) -> np.ndarray:
    if not texts:
        return np.zeros(images.height, bool)
    found = pl.any_horizontal(
        pl.col(name).str.to_lowercase().str.contains(search.lower(), literal=True) for name in texts
    )
    return images.select(found.fill_null(False)).to_series().to_numpy()
