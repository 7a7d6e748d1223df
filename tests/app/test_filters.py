"""The left column over a real table: what is typed and pressed becomes the state, and mistakes are said."""

from collections.abc import Callable
from typing import Any

import panel as pn
import polars as pl
import pytest
import yaml

from smalti.app.cards import Cards
from smalti.app.content import Content
from smalti.app.copying import Copying
from smalti.app.empty import Empty
from smalti.app.filter_form import FilterForm
from smalti.app.filters import Filters
from smalti.app.legend import NO_GROUPS
from smalti.app.live import Live
from smalti.app.ops import kind_of, op_of, ops
from smalti.app.session import Session
from smalti.plots.palette import colours_of
from smalti.processing.project import Project
from smalti.table.filters import OPS
from smalti.table.view import ViewState


@pytest.fixture(scope="module")
def content(demo: Project) -> Content:
    return Content.of(demo)


@pytest.fixture
def session(content: Content) -> Session:
    return Session(content)


@pytest.fixture
def filters(session: Session) -> Filters:
    filters = Filters(session)
    filters.__panel__()  # what is shown follows from here on
    return filters


def press(live: Live, do: str, key: str = "", value: Any = "") -> None:
    """What the browser sends."""
    live._handle_msg({"do": do, "key": key, "value": value})


def ask(form: FilterForm, column: str, said: str, *values: str) -> None:
    form.column.value = column
    form.op.value = said
    for field, value in zip((form.first, form.second), values, strict=False):
        field.value = value
    form.add()


@pytest.mark.parametrize(
    ("column", "said", "values", "same"),
    [
        ("mean", "is below", ["500"], pl.col("mean") < 500),
        ("mean", "is between", ["100", "5e2"], pl.col("mean").is_between(100, 500)),
        ("size_x", "is", ["256"], pl.col("size_x") == 256),
        ("is_flat", "is true", [], pl.col("is_flat")),
        ("name", "does not contain", ["well"], ~pl.col("name").str.contains("well")),
        ("modified", "is above", ["2020-01-01"], pl.col("modified") > pl.datetime(2020, 1, 1)),
        ("objective_na", "is missing", [], pl.col("objective_na").is_null()),
        ("objective_na", "is not missing", [], pl.col("objective_na").is_not_null()),
    ],
)
def test_what_is_typed_keeps_the_images_it_says(
    filters: Filters, session: Session, column: str, said: str, values: list[str], same: pl.Expr
) -> None:
    ask(filters.form, column, said, *values)
    assert filters.form.trouble == ""
    assert session.state.filtered["image_id"].to_list() == (
        session.content.images.filter(same)["image_id"].to_list()
    )


def test_a_column_of_few_values_offers_them(filters: Filters, session: Session) -> None:
    filters.form.column.value = "condition"
    assert filters.form.chosen.visible
    assert set(filters.form.chosen.options) == {"control", "treated", "em", "histology", "sky"}
    filters.form.chosen.value = ["em", "sky"]
    filters.form.add()
    assert set(session.state.filtered["condition"]) == {"em", "sky"}


@pytest.mark.parametrize(
    ("column", "said", "values", "trouble"),
    [
        ("laplacian_varianc", "is below", ["3"], "did you mean 'laplacian_variance'?"),
        ("mean", "is below", [""], "the value is empty"),
        ("mean", "is below", ["abc"], "'abc' is no number"),
        ("mean", "is among the largest", ["2.5"], "'2.5' is no count"),
        ("name", "matches regex", ["("], "("),
        ("modified", "is above", ["yesterday"], "yesterday"),
    ],
)
def test_a_filter_that_makes_no_sense_is_explained_and_changes_nothing(
    filters: Filters, session: Session, column: str, said: str, values: list[str], trouble: str
) -> None:
    before = session.state.view
    ask(filters.form, column, said, *values)
    assert trouble in filters.form.trouble
    assert session.state.view is before
    ask(filters.form, "mean", "is above", "0")
    assert filters.form.trouble == ""


@pytest.mark.parametrize("text", ["", "blurr > 3", "mean >", "mean + 1", "__import__('os')"])
def test_an_expression_that_makes_no_sense_is_explained(
    filters: Filters, session: Session, text: str
) -> None:
    filters.form.text.value = text
    filters.form.add_expression()
    assert len(filters.form.trouble) > 10
    assert session.state.view.filters == ()


def test_a_filter_is_switched_inverted_changed_and_removed(filters: Filters, session: Session) -> None:
    state, rows = session.state, filters.rows._rows
    ask(filters.form, "mean", "is below", "500")
    below, total = state.n[1], state.n[0]
    press(rows, "enable", "mean", False)
    assert state.n[1] == total
    press(rows, "enable", "mean", True)
    press(rows, "invert", "mean")
    assert state.n[1] == total - below - session.content.images["mean"].null_count()
    press(rows, "invert", "mean")
    press(rows, "edit", "mean")
    assert (filters.form.column.value, filters.form.op.value, filters.form.first.value) == (
        "mean",
        "is below",
        "500",
    )
    ask(filters.form, "mean", "is above", "500")
    assert [f.words for f in state.view.filters] == ["mean > 500"]
    press(rows, "remove", "mean")
    press(rows, "remove", "mean")  # pressed twice, before the page knew
    assert state.view.filters == ()


def test_undo_and_redo_are_offered_when_there_is_something(filters: Filters, session: Session) -> None:
    rows = filters.rows._rows
    assert rows.markup.count("disabled") == 2
    ask(filters.form, "mean", "is below", "500")
    press(rows, "undo")
    assert session.state.view.filters == ()
    press(rows, "redo")
    press(rows, "clear")
    assert session.state.n[1] == session.state.n[0]


def test_the_selection_says_how_it_was_made_and_becomes_a_filter(filters: Filters, session: Session) -> None:
    state, rows = session.state, filters.rows._rows
    assert "Nothing selected" in rows.markup
    state.select_box("mean", (0, 500), "std", (0, 300))
    assert "box on mean × std" in rows.markup
    n = state.n[2]
    press(rows, "keep")
    assert state.n[1] == n
    press(rows, "deselect")
    assert state.n[2] == 0


def test_every_operation_of_a_filter_can_be_asked_for_in_words(content: Content) -> None:
    kinds = {kind_of(content.table, name) for name in ("mean", "path", "condition", "is_flat", "modified")}
    assert kinds == {"number", "text", "category", "flag", "time"}
    assert {op.op for kind in kinds for op in ops(kind)} == set(OPS)


def test_a_filter_made_elsewhere_is_edited_as_what_it_is(filters: Filters, session: Session) -> None:
    session.state.add_filter("mean", "is_outlier", 3.5)
    session.state.add_filter("size_x", "in", [256, 512])
    first, second = session.state.view.filters
    assert op_of(second, "number") is None
    filters.form.edit(first)
    assert filters.form.first.value == "3.5"
    filters.form.edit(second)
    assert filters.form.text.value == "size_x in [256, 512]"


def test_groups_keep_colours_and_count_what_is_kept(filters: Filters, session: Session) -> None:
    legend, state = filters.legend, session.state
    legend.group_by = "condition"
    colours = colours_of(state.groups)
    state.add_filter("condition", "in", ["sky"])
    assert colours_of(state.groups) == colours
    assert "0 of" in legend._lines.markup
    index = state.groups.names.index("sky")
    press(legend._lines, "pick", str(index))
    assert set(state.selected["condition"]) == {"sky"}
    state.undo()
    state.group_by = None
    assert (legend.group_by, legend._lines.markup) == (NO_GROUPS, "")


def test_parts_of_the_file_name_make_groups(filters: Filters, session: Session) -> None:
    filters.legend._template.value = "{kind}_{number:int}"
    filters.legend._template.param.trigger("enter_pressed")
    assert filters.legend.trouble == ""
    assert session.state.group_by == filters.legend.group_by == "kind"
    assert "well" in filters.legend._lines.markup
    assert "number" in filters.form.column.options
    assert "number" in filters.order.param.sort_by.objects
    filters.legend._template.value = "{kind"
    filters.legend._template.param.trigger("enter_pressed")
    assert "brace" in filters.legend.trouble


def test_order_follows_the_state_and_the_state_the_order(filters: Filters, session: Session) -> None:
    filters.order.param.update(sort_by="mean", descending=True)
    assert (session.state.sort_by, session.state.descending) == ("mean", True)
    session.state.undo()
    assert (filters.order.sort_by, filters.order.descending) == ("path", False)


def test_the_view_is_copied_in_each_notation(session: Session) -> None:
    session.state.add_filter("mean", "<", 500)
    copying = Copying(session.state, link=True)
    found = {}
    for name in ("Python", "Link", "CLI", "YAML"):
        press(copying._live, "copy", name)
        found[name] = copying._live.clip["text"]
    assert "polars" in found["Python"]
    assert found["CLI"].startswith("smalti table")
    assert ViewState.from_url(session.content.table, found["Link"][1:]).view == session.state.view
    assert yaml.safe_load(found["YAML"])["filters"]
    assert "Link" not in Copying(session.state, link=False)._live.markup


def test_more_ids_than_a_link_holds_are_said(session: Session) -> None:
    session.state.select_rows(range(100))  # type: ignore[arg-type]
    copying = Copying(session.state, link=True)
    press(copying._live, "copy", "Link")
    assert (copying.trouble == "") == (copying._live.clip["n"] == 1)


def test_nothing_left_names_the_filters_and_the_way_out(session: Session) -> None:
    empty = Empty(session)
    assert not empty._said.visible
    session.state.add_filter("size_x", "<", 0)
    assert empty._said.visible
    assert "size_x &lt; 0" in empty._said.markup
    press(empty._said, "clear")
    assert not empty._said.visible


def test_a_card_keeps_the_images_it_means_and_gives_all_back(session: Session) -> None:
    cards = Cards(session)
    finding = next(f for f in session.content.findings if f.topic == "Files")
    press(cards._cards, "keep", "Files")
    assert session.state.n[1] == int(finding.sentence.split()[0])
    assert [f.name for f in session.state.view.filters] == ["Files"]
    assert "Show all again" in cards._cards.markup
    press(cards._cards, "keep", "Files")
    assert session.state.n[1] == session.state.n[0]
    press(cards._cards, "keep", "no such topic")


@pytest.mark.parametrize(
    "change",
    [
        lambda images: images.head(1),
        lambda images: images.head(0),
        lambda images: images.with_columns(pl.lit(None, pl.Float32).alias("mean")),
        lambda images: images.with_columns(condition=pl.int_range(pl.len()).cast(pl.String)),
    ],
    ids=["one row", "no row", "all null", "a group each"],
)
def test_it_stands_on_any_table(
    demo: Project,
    project_of: Callable[[pl.DataFrame], Project],
    change: Callable[[pl.DataFrame], pl.DataFrame],
) -> None:
    session = Session(Content.of(project_of(change(demo.images.collect()))))
    session.state.group_by = "condition"
    for view in (Filters(session), Cards(session), Empty(session)):
        assert pn.panel(view).get_root() is not None


def test_names_from_files_are_text_not_markup(
    demo: Project, project_of: Callable[[pl.DataFrame], Project]
) -> None:
    evil = "<img src=x onerror=alert(1)>"
    images = demo.images.head(3).with_columns(name=pl.lit(evil), condition=pl.lit(evil), dtype=pl.lit(evil))
    session = Session(Content.of(project_of(images.collect())))
    session.state.group_by = "condition"
    session.state.add_filter("condition", "==", evil, name=evil)
    session.state.select_where(f"name == {evil!r}")
    for view in (Filters(session), Cards(session), Empty(session)):
        for live in pn.panel(view).select(Live):
            assert "<img" not in live.markup
