"""Every view follows the state in place, gives its code, and stands on any table."""

from collections.abc import Callable
from typing import Any

import holoviews as hv
import numpy as np
import panel as pn
import polars as pl
import pytest

from smalti.app.content import Content
from smalti.app.linked import Linked
from smalti.app.session import Session
from smalti.app.views.dimensions import DimensionsView
from smalti.app.views.distributions import DistributionsView
from smalti.app.views.histograms import HistogramsView
from smalti.app.views.intensity import IntensityView
from smalti.app.views.scatter import ScatterView
from smalti.app.views.sizes import SizesView
from smalti.app.views.table import TableView
from smalti.processing.project import Project
from smalti.table.schema import IMAGE_COLUMNS

PLOTS = [ScatterView, HistogramsView, IntensityView, DistributionsView, DimensionsView, SizesView]
FIGURES = Callable[[Linked], list[Any]]


def columns_of(figure: Any) -> dict[str, Any]:
    return {renderer.name: renderer.data_source.data for renderer in figure.renderers}


def messages(figure: Any) -> list[str]:
    return [part.text for part in figure.center if part.name == "message"]


@pytest.mark.parametrize("kind", PLOTS, ids=lambda kind: kind.__name__)
def test_a_filter_is_pushed_into_the_figure_that_is_there(
    kind: type[Linked], session: Session, figures_of: FIGURES
) -> None:
    view = kind(session)
    figures = figures_of(view)
    before = str([columns_of(figure) for figure in figures])
    session.state.add_filter("condition", "==", "treated")
    assert view.trouble == ""
    assert str([columns_of(figure) for figure in figures]) != before


@pytest.mark.parametrize("kind", PLOTS, ids=lambda kind: kind.__name__)
def test_no_row_left_is_said_in_the_plot(kind: type[Linked], session: Session, figures_of: FIGURES) -> None:
    view = kind(session)
    figures = figures_of(view)
    session.state.add_expression("size_x < 0")
    assert view.trouble == ""
    assert all(text.startswith("No ") for figure in figures for text in messages(figure))


@pytest.mark.parametrize("kind", PLOTS, ids=lambda kind: kind.__name__)
def test_the_code_draws_the_same_plot(kind: type[Linked], session: Session, figures_of: FIGURES) -> None:
    session.state.add_expression("size_x > 100")
    session.state.select_where("mean > 100")
    session.state.color_by = "std"
    view = kind(session)
    figures = figures_of(view)
    *lines, last = view.code.strip().splitlines()
    names: dict[str, Any] = {}
    exec("\n".join(lines), names)
    drawn = eval(last, names)
    plots = list(drawn) if isinstance(drawn, hv.Layout) else [drawn]
    for plot, figure in zip(plots, figures, strict=True):
        copy = hv.render(plot, backend="bokeh")
        layers = [renderer.name for renderer in figure.renderers]
        assert [renderer.name for renderer in copy.renderers if renderer.name != "legend"] == layers
        assert (copy.x_range.start, copy.x_range.end) == (figure.x_range.start, figure.x_range.end)
        sizes = [len(next(iter(columns.values()))) for columns in columns_of(figure).values()]
        assert [len(next(iter(columns_of(copy)[name].values()))) for name in layers] == sizes


@pytest.mark.parametrize(
    "change",
    [
        lambda images: images.select(column.name for column in IMAGE_COLUMNS),
        lambda images: images.head(1),
        lambda images: images.head(0),
        lambda images: images.with_columns(
            pl.lit(None, pl.Float32).alias(n) for n in ("mean", "noise_sigma")
        ),
        lambda images: images.with_columns(mean=pl.lit(3.0)),
        lambda images: images.with_columns(condition=pl.int_range(pl.len()).cast(pl.String)),
    ],
    ids=["no metrics", "one row", "no row", "all null", "constant", "a group each"],
)
def test_views_stand_on_any_table(
    change: Callable[[pl.LazyFrame], pl.LazyFrame],
    demo: Project,
    project_of: Callable[[pl.DataFrame], Project],
) -> None:
    session = Session(Content.of(project_of(change(demo.images.collect().lazy()).collect())))
    views = [kind(session) for kind in (*PLOTS, TableView)]
    for view in views:
        view.start()
    session.state.group_by = "condition"
    assert [view.trouble for view in views] == [""] * len(views)


def test_colours_are_those_of_the_whole_table_under_any_filter(session: Session, figures_of: FIGURES) -> None:
    (figure,) = figures_of(DistributionsView(session, column="mean"))
    before = dict(zip(*_named(figure), strict=True))
    session.state.add_filter("condition", "==", "em")
    assert dict(zip(*_named(figure), strict=True)) == {"em": before["em"]}


def _named(figure: Any) -> tuple[list[str], list[str]]:
    box = columns_of(figure)["boxes"]
    return list(box["name"]), list(box["fill_color"])


def test_another_group_column_draws_anew(session: Session, figures_of: FIGURES) -> None:
    view = DistributionsView(session, column="mean")
    (figure,) = figures_of(view)
    session.state.group_by = None
    assert view.trouble == ""
    assert messages(figure) == [""]
    assert len(view.figure.object.get(0)) == 1


def test_points_are_coloured_by_the_values_chosen_and_the_code_says_so(
    session: Session, figures_of: FIGURES
) -> None:
    session.state.color_by = "noise_sigma"
    view = ScatterView(session)
    (figure,) = figures_of(view)
    rows = session.state.snapshot().points(view.x, view.y, log=view._log).rows
    expected = session.state.table.numbers("noise_sigma")[rows].astype(np.float32)
    np.testing.assert_equal(columns_of(figure)["bright"]["tint"], expected)
    assert "Tint('noise_sigma (intensity)', view.table.numbers('noise_sigma')" in view.code


def test_the_open_image_is_drawn_over_the_intensities(session: Session, figures_of: FIGURES) -> None:
    (figure,) = figures_of(IntensityView(session))
    assert len(columns_of(figure)["picked"]["xs"][0]) == 0
    session.opened = 3
    assert len(columns_of(figure)["picked"]["xs"][0]) > 2


def test_columns_that_are_joined_can_be_chosen(session: Session) -> None:
    view = ScatterView(session)
    ids = session.state.table.images["image_id"]
    session.state.join(pl.DataFrame({"image_id": ids, "dose": range(len(ids))}), on="image_id")
    assert "dose" in view.param.x.objects
    session.state.undo()
    assert "dose" not in view.param.x.objects


def test_histograms_by_group_are_outlines(session: Session, figures_of: FIGURES) -> None:
    view = HistogramsView(session, columns=["mean"], shown="groups", scale="share")
    (figure,) = figures_of(view)
    assert list(columns_of(figure)) == ["groups", "bins"]
    assert len(columns_of(figure)["groups"]["xs"]) == len(session.state.groups.names)


def test_each_view_gives_controls_for_its_options(session: Session) -> None:
    for kind in (*PLOTS, TableView):
        view = kind(session)
        assert view.options == () or pn.panel(view.controls).get_root() is not None
