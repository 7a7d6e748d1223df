"""Any two columns against each other; box, lasso and tap select."""

from functools import partial
from typing import Any

import numpy as np
import param

from smalti.app.choices import choice
from smalti.app.figure import Gestures, Picture
from smalti.app.session import Session
from smalti.app.theme import side_by_side
from smalti.app.views.plotted import (
    AXES,
    AXES_DOC,
    NO_NUMBERS,
    Plotted,
    colours,
    is_log,
    numbers,
    offer,
    python,
)
from smalti.plots.drawing import Range
from smalti.plots.scatter import arrange, scatter
from smalti.plots.tint import Tint
from smalti.table.aggregates import Density, Points
from smalti.table.picks import Mode
from smalti.table.view import Snapshot

__all__ = ["ScatterView"]

MOST_POINTS = 20_000
"""Beyond, rows are shaded: a browser pans 20,000 points at 30 frames/s, and no more are told apart."""

SHADINGS = ("log", "equalised")


class ScatterView(Plotted):
    """Rows by two columns, coloured by group."""

    x = param.Selector(doc="Column of the horizontal axis.")
    y = param.Selector(doc="Column of the vertical axis.")
    axes = param.Selector(default="automatic", objects=list(AXES), doc=AXES_DOC)
    shading = param.Selector(default="log", objects=SHADINGS, doc="How counts become opacity.")

    options = ("x", "y", "axes", "shading")

    def __init__(self, session: Session, **params: Any) -> None:
        gestures = Gestures(box=self._box, lasso=self._lasso, tap=self._tap, look=self._look)
        super().__init__(session, gestures)
        self._window: tuple[Range | None, Range | None] = (None, None)
        self._log = (False, False)
        offer(self, numbers(session), "x", "y")
        usual = [*session.content.histograms, *session.content.number_columns]
        start = dict(zip(("x", "y"), dict.fromkeys(usual), strict=False))
        self.param.update(**(start | params))
        self.param.watch(lambda *_events: self._look(None, None), ["x", "y", "axes"])

    @property
    def controls(self) -> Any:
        """See `Linked`."""
        columns = [
            choice(self.param[name], label, searchable=True) for name, label in (("x", "Across"), ("y", "Up"))
        ]
        axes = choice(self.param.axes, "Axes")
        shading = choice(self.param.shading, "Shading", visible=self._is_shaded)
        return side_by_side(*columns, axes, shading, styles={"gap": "12px"})

    @param.depends("session.state.revision")  # type: ignore[untyped-decorator]
    def _is_shaded(self) -> bool:
        return self.session.state.n[1] > MOST_POINTS

    def compute(self, snapshot: Snapshot) -> Picture | str:
        """See `Linked`."""
        if self.x is None:
            return NO_NUMBERS
        self._log = is_log(snapshot, self.axes, self.x), is_log(snapshot, self.axes, self.y)
        rows, names = self._rows(snapshot)
        tints, shading = colours(snapshot), self.shading
        tint = self._tint(snapshot, rows)
        drawing = arrange(rows, tints, names=names, tint=tint, shading=shading)
        across, up = self.label(rows.x_column), self.label(rows.y_column)
        kind = (type(rows), rows.x_column, rows.y_column, rows.log, tuple(tints), *_scale(tint))
        make = partial(scatter, rows, tints, names=names, tint=tint, shading=shading, legend=False)
        return Picture(drawing, kind, partial(make, x_label=across, y_label=up))

    def _rows(self, snapshot: Snapshot) -> tuple[Points | Density, list[str] | None]:
        if snapshot.n[1] > MOST_POINTS:
            x_range, y_range = self._window
            return snapshot.density(self.x, self.y, x_range=x_range, y_range=y_range, log=self._log), None
        rows = snapshot.points(self.x, self.y, log=self._log)
        return rows, snapshot.table.images["name"].gather(rows.rows).to_list()

    def _tint(self, snapshot: Snapshot, rows: Points | Density) -> Tint | None:
        """Values of the column that points are coloured by, if any."""
        column = snapshot.view.color_by
        if column is None or isinstance(rows, Density) or not snapshot.table.dtype(column).is_numeric():
            return None
        counts = snapshot.counts(column)
        ends = (
            (float(counts.edges[0]), float(counts.edges[-1])) if counts.log else snapshot.table.extent(column)
        )
        values = snapshot.table.numbers(column)[rows.rows]
        return Tint(self.label(column), values, ends, counts.log, snapshot.view.palette)

    def _look(self, x_range: Range | None, y_range: Range | None) -> None:
        """Count again what is in view, where it is shaded."""
        self._window = (x_range, y_range)
        if self._is_shaded():
            self.session.linker.refresh(self)

    def _box(self, x_range: Range, y_range: Range, mode: Mode) -> None:
        self.session.state.select_box(self.x, x_range, self.y, y_range, mode=mode)

    def _lasso(self, vertices: np.ndarray, mode: Mode) -> None:
        self.session.state.select_lasso(self.x, self.y, vertices, mode=mode, log=self._log)

    def _tap(self, x_range: Range, y_range: Range, mode: Mode) -> None:
        """Select and open the nearest point in reach; empty ground clears the selection."""
        state = self.session.state
        row = _nearest(state.snapshot().points(self.x, self.y, log=self._log), x_range, y_range)
        if row is not None:
            state.select_rows(np.array([row]), mode=mode)
            self.session.opened = row
        elif mode == "replace" and state.n[2]:
            state.clear_selection()

    @property
    def code(self) -> str:
        """See `Linked`."""
        snapshot = self.session.state.snapshot()
        asked = f"{self.x!r}, {self.y!r}, log={self._log}"
        if self._is_shaded():
            drawn = f"scatter(view.density({asked}), colours, shading={self.shading!r})"
            return python(self.session, "scatter", drawn)
        tint = self._tint(snapshot, snapshot.points(self.x, self.y, log=self._log))
        lines = [f"rows = view.points({asked})", "scatter(rows, colours)"]
        if tint is not None:
            column = snapshot.view.color_by
            values = f"view.table.numbers({column!r})[rows.rows]"
            scale = f"{tint.label!r}, {values}, {tint.ends}, {tint.log}, {tint.palette!r}"
            lines[0:0] = ["from smalti.plots.tint import Tint", ""]
            lines[-1] = f"scatter(rows, colours, tint=Tint({scale}))"
        return python(self.session, "scatter", "\n".join(lines))


def _scale(tint: Tint | None) -> tuple[Any, ...]:
    """What of a tint makes another plot."""
    return () if tint is None else (tint.label, tint.ends, tint.log, tint.palette)


def _nearest(rows: Points, x_range: Range, y_range: Range) -> int | None:
    """Row number of the point nearest to the middle of a small rectangle; None where it holds none."""
    inside = (rows.x >= x_range[0]) & (rows.x <= x_range[1])
    inside &= (rows.y >= y_range[0]) & (rows.y <= y_range[1])
    found = np.flatnonzero(inside)
    if not found.size:
        return None
    away = [
        (values[found] - sum(ends) / 2) / (ends[1] - ends[0])
        for values, ends in ((rows.x, x_range), (rows.y, y_range))
    ]
    return int(rows.rows[found[np.argmin(away[0] ** 2 + away[1] ** 2)]])
