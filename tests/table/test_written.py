"""Every way to write a view down gives the same rows back."""

import csv
import datetime
import io
import shlex
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from smalti.cli.main import app
from smalti.core.errors import UnknownNameError, UsageError
from smalti.table.expression import read
from smalti.table.view import Table, ViewState

NUMBERS = ("mean", "std", "n", "odd name", "µ", "empty", "same", "bits")
TEXTS = ("condition", "path", "path[0]", "path[-1]", "name")
numbers = st.one_of(st.integers(-5, 12), st.sampled_from([0.1, 2.5, 1e-7, 1e21, float("inf"), -float("inf")]))
texts = st.one_of(st.sampled_from(["a", "", "ünï 'q' \"d\"", "c\\n", "x", "--where"]), st.text(max_size=5))
filters = st.one_of(
    st.tuples(st.sampled_from(NUMBERS), st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), numbers),
    st.tuples(st.sampled_from(NUMBERS), st.just("between"), st.tuples(numbers, numbers)),
    st.tuples(st.sampled_from(NUMBERS), st.just("in"), st.lists(numbers, max_size=4)),
    st.tuples(st.sampled_from(NUMBERS), st.sampled_from(["is_top", "is_bottom"]), st.integers(1, 20)),
    st.tuples(st.sampled_from(NUMBERS), st.just("is_outlier"), st.floats(0, 5)),
    st.tuples(st.sampled_from(TEXTS), st.sampled_from(["==", "!=", "<=", "contains"]), texts),
    st.tuples(st.sampled_from(TEXTS), st.just("in"), st.lists(texts, max_size=4)),
    st.tuples(st.just("path"), st.just("regex"), st.sampled_from([r"im\d{2}_[01]", r"^a/", r"'|\""])),
    st.tuples(st.sampled_from(["mean", "channel_names", "day"]), st.just("is_null"), st.none()),
    st.tuples(st.just("day"), st.sampled_from(["<", ">="]), st.dates().map(str)),
    st.tuples(st.just("acquired_at"), st.just("between"), st.just(("2026-01-01T03:00", "2026-01-01T09:00"))),
    st.tuples(st.just("flat"), st.just("=="), st.booleans()),
)
expressions = st.sampled_from(
    [
        "mean > std * 2 or flat",
        "mean / std > mean.mean().over('condition')",
        "'DAPI' in channel_names and not flat",
        "0 < mean <= 2.5",
        "(path[1] == 'y') | (n in [3, 4.0])",
        "n.in_polygon(std, [(0, 0), (6.5, -1), (8, 2), (1, 3e0)])",
        "mean.is_outlier(1, 'path[0]')",
        "acquired_at.dt.hour() > 3",
        "bits - 16 < 0",
        "mean.log10() < 0.4",
    ]
)
modes = st.sampled_from(["replace", "add", "subtract", "toggle"])
picks = st.one_of(
    st.tuples(st.just("select_where"), expressions),
    st.tuples(st.just("select_rows"), st.sets(st.integers(0, 11)).map(lambda s: np.array(sorted(s), int))),
    st.tuples(st.just("select_box"), st.sampled_from(NUMBERS), st.tuples(numbers, numbers)),
    st.tuples(
        st.just("select_lasso"),
        st.just("n"),
        st.just("std"),
        st.lists(st.tuples(st.floats(-5, 12), st.floats(-1, 5)), min_size=3, max_size=6).map(np.array),
    ),
)
choices = st.fixed_dictionaries(
    {},
    optional={
        "group_by": st.sampled_from(["condition", "path[0]", "flat", "n"]),
        "color_by": st.sampled_from(["mean", "condition"]),
        "sort_by": st.sampled_from(["mean", "condition", "path", "path[-1]", "odd name"]),
        "descending": st.booleans(),
        "dims": st.dictionaries(st.sampled_from("tzc"), st.integers(0, 5)),
        "palette": st.just("cividis"),
        "unit": st.sampled_from(["plane", "file"]),
        "templates": st.sampled_from(
            [("im{number:int}_{kind}",), (r"{stem_:\w{2}}", "{folder}/im{k:float}")]
        ),
    },
)


@st.composite
def views(draw):
    """What to do to a fresh state, one call after another."""
    options = st.fixed_dictionaries(
        {"invert": st.booleans(), "enabled": st.sampled_from([True, True, False])}
    )
    return (
        draw(choices),
        draw(st.lists(st.tuples(filters, options), max_size=3)),
        draw(st.lists(st.tuples(expressions, options), max_size=2)),
        draw(st.lists(st.tuples(picks, modes), max_size=3)),
    )


def made(table, view):
    chosen, some_filters, some_expressions, some_picks = view
    state = ViewState(table)
    state.update(**chosen)
    for filter_, options in some_filters:
        state.add_filter(*filter_, **options)
    for text, options in some_expressions:
        state.add_expression(text, **options)
    for (method, *arguments), mode in some_picks:
        getattr(state, method)(*arguments, mode=mode)
    return state


def rows(state):
    snapshot = state.snapshot()
    return snapshot.keep.tolist(), snapshot.picked.tolist()


often = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@given(view=views())
@often
def test_dict_yaml_and_link_give_the_same_view(table, view):
    state = made(table, view)
    for again in (
        ViewState.from_dict(table, state.to_dict()),
        ViewState.from_yaml(table, state.to_yaml()),
        ViewState.from_url(table, state.to_url()),
    ):
        assert again.view == state.view
        assert rows(again) == rows(state)
        assert again.stale == ""


@given(view=views())
@often
def test_code_gives_the_same_rows_in_the_same_order(project_table, view):
    state = made(project_table, view)
    names = {}
    exec(state.to_code(), names)
    assert names["images"]["image_id"].to_list() == state.filtered["image_id"].to_list()
    if state.view.selection:
        assert names["selected"]["image_id"].to_list() == state.selected["image_id"].to_list()


@given(view=views())
@often
def test_the_command_line_prints_the_same_images(project_table, view):
    state = made(project_table, view)
    program, *arguments = shlex.split(state.to_cli())
    assert program == "smalti"
    done = CliRunner().invoke(app, [*arguments, "--columns", "image_id"])
    assert done.exit_code == 0, done.output
    wanted = state.selected if state.view.selection else state.filtered
    printed = [row["image_id"] for row in csv.DictReader(io.StringIO(done.stdout))]
    assert printed == wanted["image_id"].to_list()


@given(text=expressions, invert=st.booleans())
@often
def test_the_code_of_an_expression_is_the_expression(table, text, invert):
    text = f"not ({text})" if invert else text
    term = read(text, table.images.schema)
    again = eval(term.source.code, {"pl": pl, "datetime": datetime})
    found = table.images.select(a=term.expr, b=again)
    assert found["a"].to_list() == found["b"].to_list()


@pytest.fixture(scope="module")
def full(project_table):
    state = ViewState(project_table)
    state.update(group_by="condition", sort_by="mean", descending=True)
    state.add_columns_from("im{number:int}")
    state.add_filter("mean", "is_outlier", 1.5, invert=True)
    state.add_filter("acquired_at", ">", "2026-01-01T02:00")
    state.add_expression("number < 20 or condition == \"ünï 'q'\"")
    state.select_lasso("n", "std", np.array([(-3, -1), (10, -1), (10, 3), (2, 1)]))
    state.select_rows(np.array([3, 8]), mode="toggle")
    assert state.selected.height not in (0, state.filtered.height)
    return state


@pytest.mark.slow
def test_code_gives_the_same_images_in_a_fresh_interpreter(full):
    code = full.to_code() + "\nprint(*images['image_id'])\nprint(*selected['image_id'])\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    printed = [line.split() for line in done.stdout.splitlines()]
    assert printed == [full.filtered["image_id"].to_list(), full.selected["image_id"].to_list()]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the line is quoted for a POSIX shell")
def test_the_line_runs_in_a_shell_as_it_is_printed(full):
    line = full.to_cli().replace("smalti table", f"{shlex.quote(sys.executable)} -m smalti.cli table", 1)
    done = subprocess.run(line, shell=True, capture_output=True, encoding="utf-8", check=True)
    printed = [row["image_id"] for row in csv.DictReader(io.StringIO(done.stdout))]
    assert printed == full.selected["image_id"].to_list()


def test_code_is_short_where_the_view_is(project_table, project):
    state = ViewState(project_table)
    state.add_filter("mean", ">", 2)
    path = str(project)
    assert state.to_code() == (
        f'import polars as pl\nimport smalti\n\nimages = smalti.open("{path}").images.collect()\n'.replace(
            f'"{path}"', repr(path)
        )
        + 'keep = (\n    (pl.col("mean") > 2)\n)\nimages = images.filter(keep)\n'
    )
    assert ViewState(project_table).to_url() == ""


def test_code_over_a_frame_in_memory_goes_on_from_it(table):
    state = ViewState(table)
    state.add_filter("n", ">", 5)
    names = {"images": table.images}
    exec(state.to_code(), names)
    assert names["images"].equals(state.filtered)
    with pytest.raises(UsageError, match="in memory only"):
        state.to_cli()


def test_code_over_a_file_reads_it(table, tmp_path):
    path = tmp_path / "rows.parquet"
    table.images.write_parquet(path)
    state = ViewState(Table(table.images, source=str(path)))
    state.add_filter("mean", "is_bottom", 4)
    names = {}
    exec(state.to_code(), names)
    assert names["images"].equals(state.filtered)


def test_a_link_can_be_read_by_people(table):
    state = ViewState(table)
    state.add_expression("mean > 2")
    state.group_by = "condition"
    assert state.to_url().startswith("where=mean+%3E+2&group_by=condition&table=")


def test_a_link_may_carry_what_is_not_the_views(table):
    again = ViewState.from_url(table, "?theme=dark&where=n+%3E+5&bokeh-session-id=x")
    assert again.n[1] == 3


def test_more_than_two_hundred_images_are_refused_where_they_do_not_fit():
    state = ViewState(Table(pl.DataFrame({"image_id": [f"{n:016x}" for n in range(300)]}), source="x.smalti"))
    state.select_rows(np.arange(201))
    for write in (state.to_url, state.to_cli):
        with pytest.raises(UsageError, match=r"201 images or values .* save the view by name"):
            write()
    assert len(state.to_dict()["selection"][0]["ids"]) == 201
    assert "is_in" in state.to_code()


def test_a_view_of_another_table_is_taken_over_and_says_so(table):
    state = ViewState(table)
    state.add_filter("n", ">", 3)
    state.select_rows(np.array([1, 11]))
    fewer = Table(table.images.head(10))
    again = ViewState.from_dict(fewer, state.to_dict())
    assert "another state of the table" in again.stale
    assert "1 of its selected images are not in this table" in again.stale
    assert again.snapshot().keep.tolist() == state.snapshot().keep[:10].tolist()
    with pytest.raises(UnknownNameError, match="no column named 'n'"):
        ViewState.from_dict(Table(table.images.drop("n")), state.to_dict())


@pytest.mark.parametrize(
    ("record", "error", "said"),
    [
        ({"filter": []}, UnknownNameError, "did you mean 'filters'"),
        ({"filters": [{"colum": "n"}]}, UnknownNameError, "did you mean 'column'"),
        ({"filters": ["n > 3"]}, UsageError, "expected a mapping"),
        ({"filters": [{"name": "a", "column": "n", "op": ">>", "value": 1}]}, UnknownNameError, "operation"),
        ({"filters": [{"name": "a", "text": "n > 1"}] * 2}, UsageError, "two filters are named 'a'"),
        ({"filters": 3}, UsageError, "a list"),
        ({"selection": [{"how": "magic"}]}, UnknownNameError, "way to select"),
        ({"selection": ["x"]}, UsageError, "expected a mapping"),
        ({"selection": [{"how": "click", "ids": "ab"}]}, UsageError, "a list of texts"),
        ({"selection": [{"how": "click", "rows": "ab"}]}, UnknownNameError, "no part of a pick"),
        ({"filters": [{"name": "a", "column": 3}]}, UsageError, "column of a filter is text"),
        ({"filters": [{"name": "a", "text": "n > 1", "enabled": "no"}]}, UsageError, "is true or false"),
        ({"joins": [{"file": 1, "on": "n"}]}, UsageError, "file of a join is text"),
        ({"joins": [{"file": "x.csv"}]}, UsageError, "x.csv cannot be read"),
        ({"dims": [1]}, UsageError, "a mapping"),
        ({"templates": "abc"}, UsageError, "a list"),
        ({"group_by": 3}, UsageError, "group_by is text"),
        ({"descending": "no"}, UsageError, "descending is"),
        ({"format": 99}, UsageError, "format 99"),
        ([], UsageError, "a view is a mapping"),
    ],
)
def test_a_wrong_record_is_refused_in_words(table, record, error, said):
    with pytest.raises(error) as caught:
        ViewState.from_dict(table, record)
    assert said in str(caught.value)


@pytest.mark.parametrize("query", ["filter={", "pick=[[[", "dim_z=a", "filter=3", "where=(", "view=none"])
def test_a_damaged_link_is_refused_in_words(table, query):
    with pytest.raises(UsageError):
        ViewState.from_url(table, query)


@pytest.mark.parametrize("text", ["a: [", "- 1", "!!python/object/apply:os.system [echo]"])
def test_damaged_yaml_is_refused_in_words(table, text):
    with pytest.raises(UsageError):
        ViewState.from_yaml(table, text)


def test_a_view_is_saved_by_name_and_opened_by_link_and_command(project_table, project):
    state = ViewState(project_table)
    state.select_rows(np.arange(0, 12, 2))
    state.add_filter("n", ">", 0)
    state.save("even ones")
    assert ViewState.load(project_table, "even ones").view == state.view
    assert ViewState.from_url(project_table, "view=even+ones").view == state.view
    done = CliRunner().invoke(app, ["table", str(project), "--view", "even ones", "--columns", "image_id"])
    assert done.stdout.split()[1:] == state.selected["image_id"].to_list()
    with pytest.raises(UnknownNameError, match="did you mean 'even ones'"):
        ViewState.load(project_table, "evenones")


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "x" * 90])
def test_a_view_is_not_saved_outside_its_folder(project_table, name):
    with pytest.raises(UsageError, match="is no name for a view"):
        ViewState(project_table).save(name)
