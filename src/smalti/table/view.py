"""The live state of looking at one table: what is filtered, selected, grouped and sorted, with undo."""

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np
import param
import polars as pl

from smalti.core.errors import UnknownNameError, UsageError
from smalti.table import checks
from smalti.table.choice import Unit, View
from smalti.table.filters import Filter, free_name, literal, named, plain
from smalti.table.kept import Kept
from smalti.table.picks import Mode, Pick, picked_with, row_set
from smalti.table.polygon import thinned
from smalti.table.snapshot import Snapshot
from smalti.table.source import joined, lit
from smalti.table.stats import Groups
from smalti.table.whole import Table

__all__ = ["Snapshot", "Table", "View", "ViewState"]

MOST_VERTICES = 100

MOST_STEPS = 200
"""Changes that can be undone."""

Range = tuple[float | None, float | None]


class ViewState(param.Parameterized):  # type: ignore[misc]  # param is untyped
    """What a person, or a program, has chosen of one table.

    Every method that changes something is one step of undo; what it is given is checked first, and an error
    leaves all as it was. To be used from one thread; `snapshot` gives what other threads may read.

    Parameters
    ----------
    table
        The images.
    view
        What is chosen at first.

    Examples
    --------
    >>> state.add_filter("laplacian_variance", "<", 12.5)  # doctest: +SKIP
    'laplacian_variance'
    >>> state.select_where("saturated_high > 0.01", mode="add")  # doctest: +SKIP
    >>> state.selected["path"]  # doctest: +SKIP
    """

    revision = param.Integer(default=0, doc="Rises with every change; the one thing that views watch.")

    def __init__(self, table: Table, view: View | None = None) -> None:
        super().__init__()
        view = view or View()
        checks.check_view(table, view)
        self.table = table
        self._view = view
        self._past: list[View] = []
        self._future: list[View] = []
        self._snapshot: Snapshot | None = None
        self._kept: Kept | None = None

    @property
    def view(self) -> View:
        """Everything chosen, as a frozen record."""
        return self._view

    def update(self, **changes: Any) -> None:
        """Change several of `View`'s fields in one step: ``update(group_by="condition", sort_by="mean")``.

        Raises
        ------
        UnknownNameError, UsageError
            There is no such field or column, or a filter cannot be read.
        """
        known = [field.name for field in fields(View)]
        for name in changes:
            if name not in known:
                raise UnknownNameError("part of a view", name, known)
        self.restore(replace(self._view, **changes))

    def restore(self, view: View) -> None:
        """Take over another view as a whole, in one step."""
        checks.check_view(self.table, view)
        if view == self._view:
            return
        self._past = [*self._past[-MOST_STEPS + 1 :], self._view]
        self._future = []
        self._show(view)

    def _show(self, view: View) -> None:
        self._view = view
        self._snapshot = None
        self.revision += 1

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether there is a step that was taken back."""
        return bool(self._future)

    def undo(self) -> None:
        """Take back the last step, if there is one."""
        if self._past:
            self._future.append(self._view)
            self._show(self._past.pop())

    def redo(self) -> None:
        """Do again what was taken back last, if anything."""
        if self._future:
            self._past.append(self._view)
            self._show(self._future.pop())

    # Filters

    def add_filter(
        self,
        column: str,
        op: str,
        value: Any = None,
        *,
        name: str | None = None,
        invert: bool = False,
        enabled: bool = True,
    ) -> str:
        """Keep the rows whose column stands in a relation to a value; gives the filter's name.

        Parameters
        ----------
        column
            A column, or a folder of the path, ``"path[1]"``.
        op
            One of `smalti.table.filters.OPS`: ``"<"``, ``"between"``, ``"is_outlier"``, …
        value
            What it takes: a number, text, date; two for ``between``, any for ``in``; k for ``is_top``.
        name
            Unique; None for one made from the column.
        invert, enabled
            See `smalti.table.filters.Filter`.
        """
        return self._add(Filter(name or "", column, op, plain(value), "", enabled, invert), column)

    def add_expression(
        self, text: str, *, name: str | None = None, invert: bool = False, enabled: bool = True
    ) -> str:
        """Keep the rows for which an expression holds, as `smalti.table.expression` reads it."""
        if not text.strip():
            raise UsageError("the expression is empty; write a condition, such as: mean > 100")
        return self._add(Filter(name or "", text=text.strip(), enabled=enabled, invert=invert), "rule")

    def _add(self, filter_: Filter, base: str) -> str:
        taken = [other.name for other in self._view.filters]
        if filter_.name in taken:
            raise UsageError(f"there is a filter named {filter_.name!r} already; change or remove it first")
        filter_ = filter_ if filter_.name else replace(filter_, name=free_name(base, taken))
        self.update(filters=(*self._view.filters, filter_))
        return filter_.name

    def change_filter(self, name: str, **changes: Any) -> None:
        """Change parts of a filter: ``enabled, invert, column, op, value, text, name``."""
        old = self._filter(name)
        known = [field.name for field in fields(Filter)]
        for part in changes:
            if part not in known:
                raise UnknownNameError("part of a filter", part, known)
        if "value" in changes:
            changes["value"] = plain(changes["value"])
        new = replace(old, **changes)
        self.update(filters=tuple(new if f.name == name else f for f in self._view.filters))

    def remove_filter(self, name: str) -> None:
        """Take a filter away."""
        self._filter(name)
        self.update(filters=tuple(f for f in self._view.filters if f.name != name))

    def clear_filters(self) -> None:
        """Take all filters away."""
        self.update(filters=())

    def _filter(self, name: str) -> Filter:
        for filter_ in self._view.filters:
            if filter_.name == name:
                return filter_
        raise UnknownNameError("filter", name, [filter_.name for filter_ in self._view.filters])

    # Selection

    def select(self, image_ids: Iterable[str], *, how: str = "code", mode: Mode = "replace") -> None:
        """Select images by their ids."""
        self.select_rows(self.table.rows_of(image_ids), how=how, mode=mode)

    def select_rows(self, rows: np.ndarray, *, how: str = "click", mode: Mode = "replace") -> None:
        """Select rows by their numbers."""
        rows = np.asarray(rows, np.int64).ravel()
        if rows.size and not 0 <= rows.min() <= rows.max() < self.table.height:
            raise UsageError(f"rows are numbered from 0 to {self.table.height - 1:,}; got {rows.max():,}")
        self._pick(Pick(how, mode, rows=row_set(rows)))

    def select_box(
        self,
        x: str,
        x_range: Range,
        y: str | None = None,
        y_range: Range | None = None,
        mode: Mode = "replace",
    ) -> None:
        """Select the rows within a range of one column, or a rectangle over two; ends belong to it."""
        sides = [(x, x_range)] + ([] if y is None or y_range is None else [(y, y_range)])
        text = " and ".join(part for column, span in sides for part in _within(column, span))
        if not text:
            raise UsageError("a box without any end selects nothing in particular; give a number as one end")
        self._pick(Pick("box", mode, text, said=" × ".join(column for column, _ in sides)))

    def select_lasso(self, x: str, y: str, vertices: np.ndarray, mode: Mode = "replace") -> None:
        """Select the rows inside a polygon over two columns, by the even-odd rule.

        Parameters
        ----------
        x, y
            Columns of numbers.
        vertices
            (n, 2), in the units of the columns; of more than 100, those that move the outline by less than
            a thousandth of its extent are left out.
        """
        outline = np.asarray(vertices, np.float64)
        if outline.ndim != 2 or outline.shape[1] != 2 or len(outline) < 3 or not np.isfinite(outline).all():
            raise UsageError("a lasso is three finite points or more, as an array of shape (n, 2)")
        if len(outline) > MOST_VERTICES:
            outline = thinned(outline)
        corners = ", ".join(f"({a!r}, {b!r})" for a, b in outline.tolist())
        text = f"{named(x)}.in_polygon({named(y)}, [{corners}])"
        self._pick(Pick("lasso", mode, text, said=f"{x} × {y}"))

    def select_where(self, text: str, mode: Mode = "replace") -> None:
        """Select the rows for which an expression holds."""
        self._pick(Pick("rule", mode, text.strip()))

    def _pick(self, pick: Pick) -> None:
        if pick.text:
            self.table.condition(pick.text)
        self.update(selection=picked_with(self._view.selection, pick))

    def clear_selection(self) -> None:
        """Select nothing."""
        self.update(selection=())

    def selection_to_filter(self, name: str | None = None) -> str:
        """Keep only the rows that are selected, as a filter; gives its name."""
        snapshot = self.snapshot()
        ids = self.table.images["image_id"].gather(np.flatnonzero(snapshot.picked)).to_list()
        return self.add_filter("image_id", "in", ids, name=name)

    # What is derived

    def snapshot(self) -> Snapshot:
        """The view at this moment, to compute from in any thread; the same object until the next change."""
        if self._snapshot is None:
            self._snapshot = Snapshot(self.table, self._view, self.revision, self._kept)
            self._kept = self._snapshot.kept
        return self._snapshot

    def mask(self) -> pl.Expr:
        """The enabled filters as one expression."""
        texts = [f.expression(self._view.group_by) for f in self._view.filters if f.enabled]
        conditions = [self.table.condition(text) for text in texts]
        return joined("&", conditions).expr if conditions else lit(True).expr

    def frame(self) -> pl.LazyFrame:
        """The filtered rows, in the order of the table."""
        return self.table.images.lazy().filter(self.mask())

    @property
    def filtered(self) -> pl.DataFrame:
        """The filtered rows, in the chosen order."""
        return self.table.images[self.snapshot().order]

    @property
    def selected(self) -> pl.DataFrame:
        """The selected ones of the filtered rows, in the chosen order."""
        snapshot = self.snapshot()
        return self.table.images[snapshot.order[snapshot.picked[snapshot.order]]]

    @property
    def n(self) -> tuple[int, int, int]:
        """Rows in all, filtered, and selected of the filtered."""
        return self.snapshot().n

    @property
    def groups(self) -> Groups:
        """Groups of the whole table."""
        return self.snapshot().groups

    # Choices

    @property
    def group_by(self) -> str | None:
        """Column whose values make groups, a folder of the path (``"path[1]"``), or None."""
        return self._view.group_by

    @group_by.setter
    def group_by(self, column: str | None) -> None:
        self.update(group_by=column)

    @property
    def color_by(self) -> str | None:
        """Column that colours points; None for the group."""
        return self._view.color_by

    @color_by.setter
    def color_by(self, column: str | None) -> None:
        self.update(color_by=column)

    @property
    def sort_by(self) -> str:
        """Column that rows are in order of; ``"path"`` is the order of the table."""
        return self._view.sort_by

    @sort_by.setter
    def sort_by(self, column: str) -> None:
        self.update(sort_by=column)

    @property
    def descending(self) -> bool:
        """Whether the largest come first."""
        return self._view.descending

    @descending.setter
    def descending(self, descending: bool) -> None:
        self.update(descending=descending)

    @property
    def dims(self) -> Mapping[str, int]:
        """Position looked at along ``t``, ``z``, ``c``."""
        return self._view.dims

    @dims.setter
    def dims(self, dims: Mapping[str, int]) -> None:
        self.update(dims=dims)

    @property
    def palette(self) -> str:
        """Colours of values."""
        return self._view.palette

    @palette.setter
    def palette(self, palette: str) -> None:
        self.update(palette=palette)

    @property
    def unit(self) -> Unit:
        """What rows are counted as."""
        return self._view.unit

    @unit.setter
    def unit(self, unit: Unit) -> None:
        self.update(unit=unit)


def _within(column: str, span: Range) -> list[str]:
    """Conditions that a column lies in a range, of which an end may be open."""
    low, high = (None if end is None else float(end) for end in span)
    if low is not None and high is not None:
        low, high = min(low, high), max(low, high)
        return [f"{named(column)}.is_between({literal(low)}, {literal(high)})"]
    if low is not None:
        return [f"{named(column)} >= {literal(low)}"]
    return [] if high is None else [f"{named(column)} <= {literal(high)}"]
