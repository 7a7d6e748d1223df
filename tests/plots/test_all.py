"""What holds for every plot: the browser gets the arrays that were arranged, at first and pushed in place."""

from typing import Any

import holoviews as hv
import numpy as np
import pytest
from bokeh.models import Legend

from smalti.plots.drawing import Drawing, repaint


def rendered(case: Any, record: Any) -> Any:
    return hv.render(case.plot(record, *case.more), backend="bokeh")


def assert_shows(figure: Any, drawing: Drawing) -> None:
    """A figure holds a drawing: columns, ends of the axes, words."""
    assert [renderer.name for renderer in figure.renderers if renderer.name != "legend"] == list(
        drawing.layers
    )
    for renderer in figure.renderers:
        if renderer.name != "legend":
            np.testing.assert_equal(dict(renderer.data_source.data), dict(drawing.layers[renderer.name]))
    assert (figure.x_range.start, figure.x_range.end) == drawing.x_range
    assert (figure.y_range.start, figure.y_range.end) == drawing.y_range
    assert next(part.text for part in figure.center if part.name == "message") == drawing.message
    if drawing.y_labels:
        assert figure.yaxis[0].major_label_overrides == drawing.y_labels


@pytest.mark.parametrize("which", ["full", "empty"])
def test_the_browser_gets_what_was_arranged(case: Any, which: str) -> None:
    record = getattr(case, which)
    assert_shows(rendered(case, record), case.arrange(record, *case.more))


@pytest.mark.parametrize(("before", "after"), [("full", "empty"), ("empty", "full")])
def test_pushing_in_place_ends_where_drawing_anew_does(case: Any, before: str, after: str) -> None:
    figure = rendered(case, getattr(case, before))
    drawing = case.arrange(getattr(case, after), *case.more)
    repaint(figure, drawing)
    assert_shows(figure, drawing)


def test_what_did_not_change_is_not_sent(case: Any) -> None:
    figure = rendered(case, case.full)
    sent: list[str] = []
    for renderer in figure.renderers:
        renderer.data_source.on_change("data", lambda attr, _old, _new: sent.append(attr))
    repaint(figure, case.arrange(case.full, *case.more))
    assert sent == []


def test_nothing_to_draw_is_said(case: Any) -> None:
    assert case.arrange(case.full, *case.more).message == ""
    assert len(case.arrange(case.empty, *case.more).message.split()) > 3


def test_a_zoom_stays_while_the_ends_of_the_axes_do(case: Any) -> None:
    figure = rendered(case, case.full)
    figure.x_range.update(start=0.1, end=0.2)
    repaint(figure, case.arrange(case.full, *case.more))
    assert (figure.x_range.start, figure.x_range.end) == (0.1, 0.2)


def test_long_names_leave_room_for_the_plot(case: Any) -> None:
    figure = rendered(case, case.full)
    labels = [item.label.value for legend in figure.select(Legend) for item in legend.items]
    names = [name.split("  ")[0] for name in figure.yaxis[0].major_label_overrides.values()]
    assert all(len(label) <= 26 for label in labels + names)


def test_the_page_shows_through(case: Any) -> None:
    figure = rendered(case, case.full)
    assert figure.background_fill_color is None
    assert figure.output_backend == "canvas"
    assert "--mui-palette-text-secondary" in figure.styles["--bk-axis-label-text-color"]
