"""Box, lasso and tap become selections of the state: as events, and in a real Chromium."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from bokeh.events import PanStart, SelectionGeometry, Tap

from smalti.app.linked import Linked
from smalti.app.session import Session
from smalti.app.views.histograms import HistogramsView
from smalti.app.views.scatter import ScatterView

FIGURES = Callable[[Linked], list[Any]]


def drag(figure: Any, geometry: dict[str, Any], **held: bool) -> None:
    keys = {"shift": False, "ctrl": False, "alt": False} | held
    figure._trigger_event(PanStart(figure, modifiers=keys))
    figure._trigger_event(SelectionGeometry(figure, geometry=geometry))


def box(x: tuple[float, float], y: tuple[float, float]) -> dict[str, Any]:
    return {"type": "rect", "x0": x[0], "x1": x[1], "y0": y[0], "y1": y[1]}


@pytest.fixture
def scatter(session: Session, figures_of: FIGURES) -> Any:
    """A scatter with both axes linear, as its figure."""
    (figure,) = figures_of(ScatterView(session, x="size_x", y="mean", axes="linear"))
    return figure


def picked(session: Session) -> int:
    return session.state.n[2]


def test_a_box_selects_the_rows_inside_and_they_stand_out(session: Session, scatter: Any) -> None:
    drag(scatter, box((250, 260), (0, 1e9)))
    expected = session.state.table.images.filter(size_x=256, status="ok")["mean"].is_not_null().sum()
    assert picked(session) == expected
    layers = {renderer.name: renderer.data_source.data for renderer in scatter.renderers}
    assert len(layers["bright"]["x"]) == expected


def test_shift_adds_and_with_ctrl_takes_away(session: Session, scatter: Any) -> None:
    drag(scatter, box((0, 1e6), (0, 150)))
    few = picked(session)
    drag(scatter, box((0, 1e6), (0, 700)), shift=True)
    more = picked(session)
    drag(scatter, box((0, 1e6), (0, 150)), shift=True, ctrl=True)
    assert 0 < few < more
    assert picked(session) == more - few


def test_a_lasso_selects_inside_its_outline(session: Session, scatter: Any) -> None:
    drag(scatter, {"type": "poly", "x": [255, 257, 257, 255], "y": [-1, -1, 1e9, 1e9]})
    chosen = session.state.selected
    assert chosen.height > 10
    assert chosen["size_x"].unique().to_list() == [256]


def test_a_tap_selects_and_opens_the_point_and_empty_ground_clears(session: Session, scatter: Any) -> None:
    rows = session.state.snapshot().points("size_x", "mean")
    far = int(np.argmax(rows.y))
    scatter._trigger_event(Tap(scatter, x=rows.x[far], y=rows.y[far]))
    assert session.opened == rows.rows[far]
    assert picked(session) == 1
    scatter._trigger_event(Tap(scatter, x=rows.x_range[1], y=rows.y_range[0] - 1e6))
    assert picked(session) == 0


def test_a_box_across_a_histogram_selects_a_range(session: Session, figures_of: FIGURES) -> None:
    (figure,) = figures_of(HistogramsView(session, columns=["mean"]))
    drag(figure, box((100, 200), (0, 1)))
    assert picked(session) == session.state.table.images["mean"].is_between(100, 200).sum()


def test_zooming_into_a_density_counts_what_is_in_view(
    session: Session, figures_of: FIGURES, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smalti.app.views.scatter.MOST_POINTS", 10)
    view = ScatterView(session, x="size_x", y="mean", axes="linear")
    (figure,) = figures_of(view)
    view.figure._gestures.look((200.0, 300.0), (0.0, 1000.0))
    (layer,) = figure.renderers
    assert (layer.data_source.data["x"], layer.data_source.data["dw"]) == ([200.0], [100.0])
