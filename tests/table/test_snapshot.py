"""Every aggregate against plain NumPy or Python."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.core.errors import UnknownNameError, UsageError
from smalti.table.stats import NOT_STATED
from smalti.table.view import Table, ViewState

ID = [f"{number:016x}" for number in range(400)]


@pytest.fixture(scope="module")
def many():
    """400 rows: numbers of several shapes, holes, infinities, three groups and nulls."""
    chance = np.random.default_rng(3)
    frame = pl.DataFrame(
        {
            "image_id": ID,
            "path": [f"{n:04d}.tif" for n in range(400)],
            "plain": chance.normal(10, 3, 400),
            "decades": chance.lognormal(0, 3, 400),
            "whole": chance.integers(0, 12, 400),
            "tiny": chance.normal(0, 1, 400).astype(np.float32),
            "group": chance.choice(["one", "two", "three"], 400, p=[0.6, 0.3, 0.1]),
            "size_x": chance.choice([64, 128], 400),
            "size_y": chance.choice([64, 32], 400),
        }
    )
    holes = pl.int_range(pl.len())
    return Table(
        frame.with_columns(
            pl.when(holes % 17 != 0).then("plain"),
            pl.when(holes % 50 == 3).then(pl.lit(float("inf"))).otherwise("tiny").alias("tiny"),
            pl.when(holes % 40 != 7).then("group"),
        )
    )


@pytest.fixture
def state(many):
    state = ViewState(many)
    state.update(group_by="group")
    state.add_filter("whole", "<", 9)
    state.select_where("plain > 10")
    return state


def parts(state, column):
    """Float values of all, filtered and selected rows."""
    snapshot = state.snapshot()
    values = state.table.images[column].cast(pl.Float64).to_numpy()
    return values, values[snapshot.keep], values[snapshot.picked]


@pytest.mark.parametrize("column", ["plain", "decades", "whole", "tiny"])
@pytest.mark.parametrize("log", [False, True])
def test_counts_are_numpys_histogram_of_all_filtered_and_selected(state, column, log):
    found = state.snapshot().counts(column, log=log, by_group=True)
    for rows, counted in zip(parts(state, column), (found.all, found.filtered, found.selected), strict=True):
        shown = rows[np.isfinite(rows) & ((rows > 0) | (not log))]
        np.testing.assert_array_equal(counted, np.histogram(shown, found.edges)[0])
    kept = parts(state, column)[1]
    assert found.n_missing == np.isnan(kept).sum()
    assert found.filtered.sum() + found.n_missing + found.n_off_axis == len(kept)
    np.testing.assert_array_equal(sum(found.groups.values()), found.filtered)


def test_bins_do_not_move_under_a_filter(state):
    before = state.snapshot().counts("plain")
    state.add_filter("plain", ">", 12)
    after = state.snapshot().counts("plain")
    np.testing.assert_array_equal(before.edges, after.edges)
    np.testing.assert_array_equal(before.all, after.all)


def test_the_axis_is_logarithmic_where_values_span_decades(state):
    assert state.snapshot().counts("decades").log
    assert not state.snapshot().counts("plain").log


def test_few_whole_numbers_get_a_bin_each_and_few_rows_few_bins(many):
    assert len(ViewState(many).snapshot().counts("whole").all) == 12
    few = ViewState(Table(many.images.head(16)))
    assert len(few.snapshot().counts("plain").all) == 8


def test_categories_are_the_values_by_number(state, many):
    found = state.snapshot().categories("group")
    values = [NOT_STATED if v is None else v for v in many.images["group"]]
    keep, picked = state.snapshot().keep, state.snapshot().picked
    assert found.names == ("one", "two", "three", NOT_STATED)
    for name, *counted in zip(found.names, found.all, found.filtered, found.selected, strict=True):
        own = np.array([value == name for value in values])
        assert counted == [own.sum(), (own & keep).sum(), (own & picked).sum()]
    few = state.snapshot().categories("whole", most=2)
    assert few.names[-1] == "10 others"
    assert few.all.sum() == 400


def test_points_are_the_filtered_rows_with_both_values(state, many):
    found, snapshot = state.snapshot().points("plain", "tiny"), state.snapshot()
    x, y = (many.images[name].cast(pl.Float64).to_numpy() for name in ("plain", "tiny"))
    rows = np.flatnonzero(snapshot.keep & np.isfinite(x) & np.isfinite(y))
    np.testing.assert_array_equal(found.rows, rows)
    np.testing.assert_array_equal(found.x, x[rows])
    np.testing.assert_array_equal(found.y, y[rows])
    np.testing.assert_array_equal(found.selected, snapshot.picked[rows])
    np.testing.assert_array_equal(found.group, snapshot.group_index[rows])
    assert found.y_range == (y[np.isfinite(y)].min(), y[np.isfinite(y)].max())


@pytest.mark.parametrize("ranges", [{}, {"x_range": (8.0, 11.0), "y_range": (-1.0, 0.5)}])
def test_density_is_numpys_histogram_of_two_columns(state, many, ranges):
    found, snapshot = state.snapshot().density("plain", "tiny", (7, 9), **ranges), state.snapshot()
    x, y = (many.images[name].cast(pl.Float64).to_numpy() for name in ("plain", "tiny"))
    both = np.isfinite(x) & np.isfinite(y)

    def counted(mask):
        return np.histogram2d(y[both & mask], x[both & mask], (found.y_edges, found.x_edges))[0]

    np.testing.assert_array_equal(found.filtered, counted(snapshot.keep))
    np.testing.assert_array_equal(found.selected, counted(snapshot.picked))
    for index, grid in enumerate(found.groups):
        np.testing.assert_array_equal(grid, counted(snapshot.keep & (snapshot.group_index == index)))


@pytest.mark.parametrize("column", ["plain", "decades", "whole", "tiny"])
def test_boxes_are_numpys_quartiles_and_tukeys_whiskers(state, column):
    found, snapshot = state.snapshot().boxes(column), state.snapshot()
    values = state.table.images[column].cast(pl.Float64).to_numpy()
    for i, name in enumerate(found.names):
        own = snapshot.keep & (snapshot.group_index == state.groups.names.index(name)) & np.isfinite(values)
        q1, median, q3 = np.quantile(values[own], [0.25, 0.5, 0.75])
        near = values[own & (values >= q1 - 1.5 * (q3 - q1)) & (values <= q3 + 1.5 * (q3 - q1))]
        row = [found.n[i], found.low[i], found.q1[i], found.median[i], found.q3[i], found.high[i]]
        np.testing.assert_allclose(row, [own.sum(), near.min(), q1, median, q3, near.max()], rtol=1e-12)
        assert found.density[i].max() == (1 if own.sum() >= 5 else 0)


def test_density_curves_peak_where_the_values_are(many):
    state = ViewState(many)
    found = state.snapshot().boxes("plain")
    values = many.images["plain"].drop_nulls().to_numpy()
    assert abs(found.grid[found.density[0].argmax()] - np.median(values)) < values.std() / 2


def test_dots_are_all_rows_of_few_and_the_outliers_first_of_many():
    values = np.concatenate([np.random.default_rng(0).normal(0, 1, 5000), [50.0, -60.0]])
    frame = pl.DataFrame({"image_id": [f"{n:016x}" for n in range(5002)], "x": values})
    state = ViewState(Table(frame))
    dots = state.snapshot().boxes("x").dots
    assert len(dots.rows) == 300
    assert {5000, 5001} <= set(dots.rows.tolist())
    np.testing.assert_array_equal(dots.value, values[dots.rows])
    state.add_filter("x", ">", 0)
    state.select_rows(np.array([5000]))
    again = state.snapshot().boxes("x").dots
    assert again.rows[again.selected].tolist() == [5000]
    assert len(set(again.rows.tolist()) & set(dots.rows.tolist())) > 100


def test_sizes_are_the_pairs_that_occur(state, many):
    found, snapshot = state.snapshot().sizes(), state.snapshot()
    pairs = list(zip(many.images["size_x"], many.images["size_y"], strict=True))
    for i, pair in enumerate(zip(found.width.tolist(), found.height.tolist(), strict=True)):
        own = np.array([p == pair for p in pairs])
        assert found.n[i] == (own & snapshot.keep).sum()
        assert found.n_selected[i] == (own & snapshot.picked).sum()
        groups = np.bincount(snapshot.group_index[own & snapshot.keep])
        assert groups[found.group[i]] == groups.max()
    assert found.n.sum() == snapshot.n[1]


def test_a_page_holds_its_rows_in_order_with_their_numbers(state, many):
    state.update(sort_by="plain", descending=True)
    page, total = state.snapshot().page(2, 50, ["plain", "group"])
    order = state.filtered
    assert total == order.height
    assert page.columns == ["row", "plain", "group"]
    assert page["plain"].to_list() == order["plain"][100:150].to_list()
    assert many.images["plain"].gather(page["row"]).to_list() == page["plain"].to_list()
    assert state.snapshot().page(99, 50, ["plain"])[0].height == 0


def test_a_search_finds_text_in_any_case_in_what_is_shown(many):
    snapshot = ViewState(many).snapshot()
    page, total = snapshot.page(0, 1000, ["group"], " TWO ")
    assert total == (many.images["group"] == "two").sum()
    assert set(page["group"]) == {"two"}
    assert snapshot.page(0, 10, ["plain"], "0399")[1] == 1
    assert snapshot.page(0, 10, ["plain"], "two")[1] == 0


PLANES = pl.DataFrame(
    {
        "image_id": [ID[i] for i in range(4) for _ in range(6)],
        "t": [0] * 24,
        "c": [0, 1] * 12,
        "z": [0, 0, 1, 1, 2, 2] * 4,
        "mean": [float(n) if n != 7 else None for n in range(24)],
        "word": ["x"] * 24,
    }
)


@pytest.fixture
def stacks():
    frame = pl.DataFrame({"image_id": ID[:5], "group": ["a", "a", "a", "b", "b"]})
    state = ViewState(Table(frame, planes=PLANES.lazy()))
    state.group_by = "group"
    return state


def test_a_profile_counts_each_image_once_a_position(stacks):
    found = stacks.snapshot().profile("mean", "z")
    images = np.array([[0.5, 2.5, 4.5], [6.0, 8.5, 10.5], [12.5, 14.5, 16.5], [18.5, 20.5, 22.5]])
    assert found.names == ("a", "b")
    np.testing.assert_allclose(found.mean, [images[:3].mean(axis=0), images[3]])
    np.testing.assert_allclose(found.sd[0], images[:3].std(axis=0, ddof=1))
    assert np.isnan(found.sd[1]).all()
    np.testing.assert_array_equal(found.n_images, [[3, 3, 3], [1, 1, 1]])


def test_a_profile_follows_the_filters(stacks):
    stacks.add_filter("group", "==", "b")
    found = stacks.snapshot().profile("mean", "c")
    assert (found.names, found.positions.tolist()) == (("b",), [0, 1])
    np.testing.assert_allclose(found.mean, [[20.0, 21.0]])
    stacks.add_expression("1 > 2")
    assert stacks.snapshot().profile("mean", "c").mean.shape == (0, 0)


def histograms(*rows):
    schema = {"image_id": pl.String, "c": pl.Int32, "low": pl.Float64, "width": pl.Float64}
    return pl.DataFrame(rows, schema={**schema, "counts": pl.List(pl.Int64)}, orient="row").lazy()


@pytest.fixture
def curves():
    found = histograms(
        (ID[0], 0, 0.0, 1.0, [1, 3, 0, 0]),
        (ID[0], 1, 2.0, 1.0, [0, 4]),
        (ID[1], 0, 0.0, 2.0, [4, 4]),
        (ID[2], 0, 0.0, 4.0, [7]),
        (ID[3], 0, 0.0, 1.0, [0, 0]),
    )
    frame = pl.DataFrame({"image_id": ID[:5], "group": ["a", "a", "b", "b", "a"]})
    state = ViewState(Table(frame, histograms=found))
    state.group_by = "group"
    return state


def test_curves_are_shares_of_each_images_pixels_spread_over_its_bins(curves):
    found = curves.snapshot().curves(bins=4, picked_row=0)
    assert found.edges.tolist() == [0, 1, 2, 3, 4]
    assert found.names == ("a", "b")
    np.testing.assert_allclose(found.picked, [1 / 8, 3 / 8, 0, 4 / 8])
    np.testing.assert_allclose(found.mean[0], [3 / 16, 5 / 16, 2 / 16, 6 / 16])
    np.testing.assert_allclose(found.mean[1], [1 / 4] * 4)
    np.testing.assert_array_equal(found.n_images, [2, 1])
    np.testing.assert_allclose(
        found.low[0], np.percentile([[1 / 8, 3 / 8, 0, 0.5], [0.25] * 4], 10, axis=0), atol=1e-7
    )


def test_curves_of_one_channel_relative_and_of_an_image_without_histogram(curves):
    found = curves.snapshot().curves(relative=True, channel=0, bins=2, picked_row=4)
    assert (found.edges.tolist(), found.picked) == ([0, 0.5, 1], None)
    np.testing.assert_allclose(found.mean, [[(0.25 + 0.5) / 2, (0.75 + 0.5) / 2], [0.5, 0.5]])
    curves.add_filter("group", "==", "b")
    assert curves.snapshot().curves(bins=4).names == ("b",)


@given(
    planes=st.lists(
        st.tuples(
            st.floats(-100, 100), st.floats(0.1, 10), st.lists(st.integers(0, 50), min_size=1, max_size=8)
        ).filter(lambda plane: sum(plane[2])),
        min_size=1,
        max_size=5,
    )
)
@settings(max_examples=30, deadline=None)
def test_rebinned_counts_are_those_of_a_loop(planes):
    found = histograms(*((ID[i], 0, *plane) for i, plane in enumerate(planes)))
    curves = ViewState(Table(pl.DataFrame({"image_id": ID[: len(planes)]}), histograms=found)).snapshot()
    for row, (low, width, counts) in enumerate(planes):
        one = curves.curves(bins=7, picked_row=row)
        at = low + width * np.arange(len(counts) + 1)
        below = np.interp(one.edges, at, np.concatenate([[0], np.cumsum(counts)]))
        np.testing.assert_allclose(one.picked, np.diff(below) / sum(counts), atol=2e-6)


def asked(snapshot, column):
    """Everything a plot may ask of a column."""
    snapshot.counts(column, by_group=True)
    snapshot.counts(column, log=True)
    snapshot.categories(column)
    snapshot.points(column, column)
    snapshot.density(column, column, by := (5, 6))
    snapshot.boxes(column)
    snapshot.sizes()
    snapshot.curves()
    snapshot.profile("mean", "z")
    snapshot.page(0, 10, [column], "x")
    return by


@pytest.mark.parametrize("column", ["empty", "same", "mean", "n", "bits", "odd name"])
@pytest.mark.parametrize("height", [0, 1, 12])
@pytest.mark.parametrize("none_left", [False, True])
def test_whatever_the_rows_every_aggregate_is_valid(rows, column, height, none_left):
    planes = PLANES.lazy()
    state = ViewState(Table(rows.head(height), planes=planes))
    state.update(group_by="condition")
    if none_left:
        state.add_expression("1 > 2")
    asked(state.snapshot(), column)
    state.select_rows(np.arange(height))
    asked(state.snapshot(), column)
    assert state.snapshot().counts(column).filtered.sum() <= height


def test_a_table_without_planes_histograms_and_sizes_gives_empty_records(many):
    snapshot = ViewState(Table(many.images.drop("size_x"))).snapshot()
    assert snapshot.profile("mean", "z").names == ()
    assert snapshot.curves().names == ()
    assert len(snapshot.sizes().n) == 0


@pytest.mark.parametrize(
    ("ask", "error", "said"),
    [
        (lambda s: s.counts("plian"), UnknownNameError, "did you mean 'plain'"),
        (lambda s: s.counts("group"), UsageError, "choose a column of numbers"),
        (lambda s: s.boxes("grop"), UnknownNameError, "did you mean 'group'"),
        (lambda s: s.points("plain", "path"), UsageError, "choose a column of numbers"),
        (lambda s: s.categories("nope"), UnknownNameError, "no column named"),
        (lambda s: s.page(0, 10, ["plian"]), UnknownNameError, "did you mean 'plain'"),
        (lambda s: s.page(-1, 10, ["plain"]), UsageError, "count from 0"),
        (lambda s: s.profile("mean", "x"), UnknownNameError, "no dimension named"),
        (lambda s: s.counts("plain", bins=0), UsageError, "bins"),
        (lambda s: s.density("plain", "tiny", (0, 3)), UsageError, "cells"),
        (lambda s: s.density("plain", "tiny", x_range=(3, 3)), UsageError, "no width"),
    ],
)
def test_what_cannot_be_computed_is_refused_in_words(state, ask, error, said):
    with pytest.raises(error) as caught:
        ask(state.snapshot())
    assert said in str(caught.value)


def test_a_profile_of_an_unknown_or_text_column_is_refused(stacks):
    with pytest.raises(UnknownNameError, match="did you mean 'mean'"):
        stacks.snapshot().profile("maen", "z")
    with pytest.raises(UsageError, match="column of numbers"):
        stacks.snapshot().profile("word", "z")


def test_threads_get_the_same_results(many):
    state = ViewState(many)
    state.group_by = "group"
    columns = ["plain", "decades", "whole", "tiny"] * 8

    def ask(place):
        state_ = ViewState(many)
        state_.update(group_by="group")
        snapshot = state.snapshot() if place % 2 else state_.snapshot()
        return snapshot.counts(columns[place]).filtered, snapshot.boxes(columns[place]).median

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, range(len(columns))))
    for place, (counted, median) in enumerate(found):
        np.testing.assert_array_equal(counted, found[place % 4][0])
        np.testing.assert_array_equal(median, found[place % 4][1])


def test_units_count_rows_planes_or_files():
    frame = pl.DataFrame(
        {"image_id": ID[:4], "path": ["a", "a", "b", "c"], "n_planes": [2, 3, None, 4], "x": [1, 2, 3, 4]}
    )
    state = ViewState(Table(frame))
    state.add_filter("x", "<", 4)
    state.select_where("x < 2")
    assert state.snapshot().n_units == (4, 3, 1)
    state.unit = "plane"
    assert state.snapshot().n_units == (9, 5, 2)
    state.unit = "file"
    assert state.snapshot().n_units == (3, 2, 1)
