"""Filters and selections, changed one at a time."""

from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Any

import numpy as np

from smalti.core.errors import UnknownNameError, UsageError
from smalti.table.conditions import selection_text
from smalti.table.expression import MAX_LENGTH
from smalti.table.filters import Filter, free_name, literal, named, plain
from smalti.table.picks import Mode, Pick, picked_with, row_set
from smalti.table.polygon import thinned
from smalti.table.steps import Steps

__all__ = ["Filtering", "Selecting"]

MOST_VERTICES = 100
"""Of a lasso; with more, its rule would be too long to read."""

Range = tuple[float | None, float | None]


class Filtering(Steps):
    """The filters of a view."""

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


class Selecting(Filtering):
    """The selection of a view."""

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

    def select_lasso(
        self,
        x: str,
        y: str,
        vertices: np.ndarray,
        mode: Mode = "replace",
        *,
        log: tuple[bool, bool] = (False, False),
    ) -> None:
        """Select the rows inside a polygon over two columns, by the even-odd rule.

        Parameters
        ----------
        x, y
            Columns of numbers.
        vertices
            (n, 2), in the units of the columns; of more than 100, those that move the outline by less than
            a thousandth of its extent are left out.
        mode
            What becomes of the selection before.
        log
            Whether the axes that it was drawn on are logarithmic, x first: its sides are straight there.
        """
        outline = np.asarray(vertices, np.float64)
        if outline.ndim != 2 or outline.shape[1] != 2 or len(outline) < 3 or not np.isfinite(outline).all():
            raise UsageError("a lasso is three finite points or more, as an array of shape (n, 2)")
        if (outline[:, list(log)] <= 0).any():
            raise UsageError("a lasso on a logarithmic axis has no points at 0 or below")
        outline = np.log10(outline, where=np.array(log), out=outline.copy())
        if len(outline) > MOST_VERTICES:
            outline = thinned(outline)
        corners = ", ".join(f"({a!r}, {b!r})" for a, b in outline.tolist())
        a, b = (f"{named(c)}.log10()" if is_log else named(c) for c, is_log in zip((x, y), log, strict=True))
        self._pick(Pick("lasso", mode, f"{a}.in_polygon({b}, [{corners}])", said=f"{x} × {y}"))

    def select_where(self, text: str, mode: Mode = "replace") -> None:
        """Select the rows for which an expression holds."""
        if not text.strip():
            raise UsageError("the rule is empty; write a condition, such as: mean > 100")
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
        picks = self._view.selection
        text = selection_text(self.table, picks)
        base = "selection" if name is None else name
        if len(text) <= MAX_LENGTH:
            return self._add(Filter(name or "", text=text), "selection")
        ids = self.table.images["image_id"].gather(np.flatnonzero(snapshot.picked)).to_list()
        return self._add(Filter(name or "", "image_id", "in", tuple(ids)), base)


def _within(column: str, span: Range) -> list[str]:
    """Conditions that a column lies in a range, of which an end may be open."""
    low, high = (None if end is None else float(end) for end in span)
    if low is not None and high is not None:
        low, high = min(low, high), max(low, high)
        return [f"{named(column)}.is_between({literal(low)}, {literal(high)})"]
    if low is not None:
        return [f"{named(column)} >= {literal(low)}"]
    return [] if high is None else [f"{named(column)} <= {literal(high)}"]
