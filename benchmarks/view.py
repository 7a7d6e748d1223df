"""Milliseconds of what a view computes between a brush and the screen, without any drawing.

Run as ``python benchmarks/view.py [ROWS]``; the limits are for 1,000,000 rows on two cores.
"""

import sys
from collections.abc import Callable, Iterator

import numpy as np
from tables import made_table

from kernels import best
from smalti.table.view import Table, ViewState

ROWS = 1_000_000

COLUMNS = [f"metric_{number:02d}" for number in range(20)]


def main() -> None:
    """Print each step at its first call, and the best of later ones after a new brush or filter."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    state = ViewState(Table(made_table(rows)))
    state.group_by = "condition"
    scale = rows / ROWS
    print(f"{rows:,} rows, ms\n")
    print("| step | first | again | limit |")
    print("|---|---:|---:|---:|")
    for name, limit, change, step in _steps(state):
        first = best(lambda step=step: step(), runs=1) * 1e3
        times = []
        for _ in range(5):
            change()
            state.snapshot().picked  # noqa: B018 - the mask has its own line
            times.append(best(lambda step=step: step(), runs=1) * 1e3)
        said = "" if limit is None else f"{limit * scale:.0f}"
        print(f"| {name} | {first:.0f} | {min(times):.1f} | {said} |", flush=True)


Step = tuple[str, float | None, Callable[[], object], Callable[[], object]]


def _steps(state: ViewState) -> Iterator[Step]:
    """Each step: its name, its limit in ms, what changes before it is taken again, and the step."""
    chance = np.random.default_rng(0)

    def brush() -> None:
        low = chance.uniform(60, 120)
        state.select_box("metric_00", (low, low + 30), "metric_04", (low, low + 50))

    def refilter() -> None:
        state.clear_filters()
        state.add_filter("metric_00", ">", float(chance.uniform(60, 90)))
        state.add_filter("metric_01", "<", float(chance.uniform(5, 9)))
        state.add_filter("condition", "in", ["control", "heat", "cold"])

    def nothing() -> None:
        return None

    def mask() -> object:
        refilter()
        return state.snapshot().keep

    def new_brush() -> object:
        brush()
        return state.snapshot().picked

    yield "compound mask of 3 filters", 20, nothing, mask
    yield "mask of a new brush", None, nothing, new_brush
    yield "20 histograms after a brush", 600, brush, lambda: [state.snapshot().counts(c) for c in COLUMNS]
    yield (
        "20 histograms by group after a brush",
        None,
        brush,
        lambda: [state.snapshot().counts(c, by_group=True) for c in COLUMNS],
    )
    yield "categories after a brush", None, brush, lambda: state.snapshot().categories("dtype")
    yield "points after a brush", None, brush, lambda: state.snapshot().points("metric_00", "metric_04")
    yield "density after a brush", None, brush, lambda: state.snapshot().density("metric_00", "metric_04")
    yield (
        "density of a part, zoomed in",
        None,
        brush,
        lambda: state.snapshot().density("metric_00", "metric_04", x_range=(80, 120), y_range=(80, 120)),
    )
    yield "boxes after a brush", None, brush, lambda: state.snapshot().boxes("metric_00")
    yield "boxes after a filter", None, refilter, lambda: state.snapshot().boxes("metric_00")
    yield "sizes after a brush", None, brush, lambda: state.snapshot().sizes()
    yield "outlier filter by group", None, nothing, lambda: _outliers(state, chance)
    yield "lasso of 40 corners", None, nothing, lambda: _lasso(state, chance)
    yield "page in order of a column", None, refilter, lambda: _sorted_page(state)
    yield "page of a search", None, nothing, lambda: _search(state, chance)


def _outliers(state: ViewState, chance: np.random.Generator) -> None:
    state.clear_filters()
    state.add_filter("metric_01", "is_outlier", float(chance.uniform(3, 4)))
    state.snapshot().keep  # noqa: B018 - computed on being asked for


def _lasso(state: ViewState, chance: np.random.Generator) -> None:
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    centre, radius = chance.uniform(90, 120), chance.uniform(10, 20)
    corners = np.column_stack([centre + radius * np.cos(angle), centre + radius * np.sin(angle)])
    state.select_lasso("metric_00", "metric_04", corners)
    state.snapshot().picked  # noqa: B018 - computed on being asked for


def _sorted_page(state: ViewState) -> None:
    state.update(sort_by="metric_01", descending=True)
    state.snapshot().page(0, 50, ["name", "metric_01"])


def _search(state: ViewState, chance: np.random.Generator) -> None:
    state.snapshot().page(0, 50, ["name", "condition"], str(chance.integers(1000, 9999)))


if __name__ == "__main__":
    main()
