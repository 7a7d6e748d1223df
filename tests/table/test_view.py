import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.core.errors import UnknownNameError, UsageError
from smalti.table.stats import ALL, NOT_STATED
from smalti.table.view import Table, View, ViewState


@pytest.fixture
def state(table):
    return ViewState(table)


def picked(state):
    return np.flatnonzero(state.snapshot().picked).tolist()


def kept(state):
    return np.flatnonzero(state.snapshot().keep).tolist()


def test_everything_is_shown_and_nothing_selected_at_first(state, table):
    assert state.n == (12, 12, 0)
    assert state.filtered.equals(table.images)
    assert state.selected.height == 0


def test_a_filter_can_be_disabled_inverted_changed_and_removed(state):
    name = state.add_filter("n", ">", 5)
    assert kept(state) == [4, 8, 9]
    state.change_filter(name, invert=True)
    assert kept(state) == [0, 2, 3, 5, 6, 7, 10, 11]
    state.change_filter(name, enabled=False)
    assert state.n[1] == 12
    state.change_filter(name, enabled=True, invert=False, op="<", value=0)
    assert kept(state) == [6]
    state.remove_filter(name)
    assert state.n[1] == 12


def test_filters_join_and_each_is_computed_over_the_whole_table(state, table):
    state.add_filter("condition", "==", "a")
    state.add_filter("n", "is_top", 3)
    state.add_expression("std < std.median()")
    mask = (pl.col("condition") == "a") & (pl.col("n") >= 7) & (pl.col("std") < pl.col("std").median())
    assert state.filtered.equals(table.images.filter(mask))
    assert table.images.filter(state.mask()).equals(state.filtered)
    assert state.frame().collect().equals(state.filtered)


def test_a_condition_without_a_column_holds_for_all_rows_or_none(state):
    state.add_expression("1 < 2")
    assert state.n[1] == 12
    state.change_filter("rule", invert=True)
    assert state.n[1] == 0


def test_filters_get_names_of_their_own(state):
    names = [state.add_filter("n", ">", value) for value in range(3)]
    assert [*names, state.add_expression("flat")] == ["n", "n 2", "n 3", "rule"]
    with pytest.raises(UsageError, match="there is a filter named 'n 2'"):
        state.add_filter("n", "<", 3, name="n 2")


def test_undo_and_redo_go_back_and_forth_through_every_step(state):
    steps = [
        lambda: state.add_filter("n", ">", 0),
        lambda: state.select_where("flat"),
        lambda: setattr(state, "group_by", "condition"),
        lambda: setattr(state, "sort_by", "mean"),
        lambda: state.select_rows(np.array([1, 2]), mode="toggle"),
        state.clear_filters,
        lambda: state.add_columns_from("im{number:int}_{rest}"),
        lambda: setattr(state, "dims", {"z": 3}),
    ]
    views = [state.view]
    for step in steps:
        step()
        views.append(state.view)
    for view in reversed(views[:-1]):
        state.undo()
        assert state.view == view
    assert not state.can_undo
    for view in views[1:]:
        state.redo()
        assert state.view == view
    assert not state.can_redo
    assert "number" in state.table.images.columns


def test_a_new_step_forgets_what_was_undone(state):
    state.add_filter("n", ">", 0)
    state.undo()
    state.select_where("flat")
    state.redo()
    assert (state.n[1], state.can_redo) == (12, False)


def test_what_changes_nothing_is_no_step(state):
    state.group_by = None
    state.clear_selection()
    state.undo()
    state.redo()
    assert (state.revision, state.can_undo) == (0, False)


def test_views_are_told_once_a_step(state):
    seen = []
    state.param.watch(lambda event: seen.append(event.new), "revision")
    state.update(group_by="condition", sort_by="mean", descending=True)
    state.undo()
    assert seen == [1, 2]


def test_a_snapshot_stays_as_it_was_and_is_the_same_until_a_change(state):
    before = state.snapshot()
    assert state.snapshot() is before
    state.add_filter("n", ">", 5)
    assert before.n == (12, 12, 0)
    assert state.snapshot().n == (12, 3, 0)


def test_a_brush_keeps_what_the_filters_gave(state):
    state.add_filter("n", ">", 5)
    before = state.snapshot().kept
    state.select_where("flat")
    assert state.snapshot().kept is before
    state.sort_by = "mean"
    assert state.snapshot().kept is not before


MODES = ["replace", "add", "subtract", "toggle"]


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["rows", "flat", "n > 4", "mean < std"]),
            st.sampled_from(MODES),
            st.sets(st.integers(0, 11)),
        ),
        max_size=7,
    )
)
@settings(max_examples=30, deadline=None)
def test_picks_of_all_modes_add_up_like_sets(table, steps):
    state, expected = ViewState(table), set()
    for what, mode, rows in steps:
        if what == "rows":
            these = rows
            state.select_rows(np.array(sorted(rows), int), mode=mode)
        else:
            these = set(np.flatnonzero(table.holds(what)).tolist())
            state.select_where(what, mode=mode)
        expected = {
            "replace": these,
            "add": expected | these,
            "subtract": expected - these,
            "toggle": expected ^ these,
        }[mode]
    assert picked(state) == sorted(expected)


def test_clicks_in_a_row_are_kept_as_one_pick(state):
    for row in range(10):
        state.select_rows(np.array([row]), mode="toggle")
    state.select_rows(np.array([3]), mode="toggle")
    assert len(state.view.selection) == 1
    assert picked(state) == [0, 1, 2, 4, 5, 6, 7, 8, 9]
    assert state.view.selection[0].words == "9 images by click"


@pytest.mark.parametrize(
    ("box", "inside"),
    [
        (("n", (3, 5)), [0, 2, 3, 7, 10, 11]),
        (("n", (5, 3), "std", (0.6, 1.0)), [2, 7]),
        (("n", (None, 0)), [5, 6]),
        (("odd name", (11, None)), [10, 11]),
        (("mean", (2.5, float("inf"))), [1, 3, 7, 9, 10]),
        (("n", (3, 5), "odd name", (None, 1)), [0]),
    ],
)
def test_a_box_selects_the_rows_within_it_ends_included(state, box, inside):
    state.select_box(*box)
    assert picked(state) == inside
    assert state.view.selection[0].words.startswith("box on ")


def test_a_lasso_selects_the_rows_inside(state):
    state.select_lasso("n", "std", np.array([(2, 0), (6, 0), (6, 1.5), (2, 1.5)]))
    assert picked(state) == [0, 2, 7, 11]
    assert state.view.selection[0].words == "lasso on n × std"


def test_a_lasso_on_logarithmic_axes_has_straight_sides_there():
    frame = pl.DataFrame({"image_id": list("abc"), "x": [10.0, 30.0, -1.0], "y": [10.0, 70.0, 1.0]})
    state = ViewState(Table(frame))
    corners = np.array([(1, 1), (100, 1), (100, 1000)])  # a straight side from (1, 1) to (100, 1000)
    state.select_lasso("x", "y", corners)
    assert picked(state) == [0, 1]
    state.select_lasso("x", "y", corners, log=(True, True))
    assert picked(state) == [0, 1]
    state.select_lasso("x", "y", corners, log=(False, True))
    assert picked(state) == []
    with pytest.raises(UsageError, match="at 0 or below"):
        state.select_lasso("x", "y", corners - 1, log=(True, False))


def test_selection_counts_only_what_passes_the_filters(state):
    state.select_rows(np.arange(6))
    state.add_filter("n", ">", 4)
    assert state.n == (12, 6, 3)
    assert state.selected["n"].to_list() == [5, 5, 7]


def test_images_are_selected_by_their_ids(state, table):
    state.select(table.images["image_id"][[7, 2]])
    assert picked(state) == [2, 7]
    with pytest.raises(UnknownNameError, match="no image named"):
        state.select(["0000000000000000", "nope"])


def test_a_selection_becomes_a_filter_by_its_rule(state):
    state.select_where("n > 4")
    state.select_rows(np.array([0]), mode="add")
    name = state.selection_to_filter()
    assert kept(state) == [0, 2, 3, 4, 7, 8, 9]
    assert "n > 4" in state.view.filters[0].text
    state.remove_filter(name)
    state.clear_selection()
    with pytest.raises(UsageError, match="nothing is selected"):
        state.selection_to_filter()


def test_a_large_selection_becomes_a_list_of_ids():
    frame = pl.DataFrame({"image_id": [f"{n:016x}" for n in range(3000)]})
    state = ViewState(Table(frame))
    state.select_rows(np.arange(0, 3000, 2))
    state.selection_to_filter("even")
    assert state.n == (3000, 1500, 1500)
    assert ViewState.from_dict(state.table, state.to_dict()).n == state.n


def test_rows_come_in_the_chosen_order_with_nulls_last(state):
    state.sort_by = "n"
    assert state.filtered["n"].to_list() == [-2, 0, 3, 3, 4, 5, 5, 5, 7, 9, 11, None]
    state.descending = True
    assert state.filtered["n"].to_list() == [11, 9, 7, 5, 5, 5, 4, 3, 3, 0, -2, None]
    assert state.filtered["image_id"][3:6].to_list() == [f"{n:016x}" for n in (2, 3, 7)]
    state.update(sort_by="path", descending=True)
    assert state.filtered["path"].to_list() == sorted(state.table.images["path"], reverse=True)


def test_groups_and_their_order_stay_under_any_filter(state):
    state.group_by = "condition"
    before, index = state.groups, state.snapshot().group_index
    assert before.names[:2] == ("a", "b")
    assert NOT_STATED in before.names
    state.add_filter("condition", "!=", "a")
    assert state.groups is before
    assert state.snapshot().group_index is index


def test_the_group_of_each_row_is_that_of_its_value(state, table):
    state.group_by = "condition"
    names = [state.groups.names[i] for i in state.snapshot().group_index]
    assert names == [NOT_STATED if v is None else v for v in table.images["condition"]]
    state.group_by = None
    assert state.groups.names == (ALL,)


def test_of_five_hundred_groups_seven_have_a_name():
    frame = pl.DataFrame({"image_id": [f"{n:016x}" for n in range(1000)], "g": [*range(500)] * 2})
    state = ViewState(Table(frame))
    state.group_by = "g"
    assert len(state.groups.names) == 8
    assert state.groups.names[-1] == "493 others"
    assert np.bincount(state.snapshot().group_index).tolist() == [2] * 7 + [986]


@pytest.mark.parametrize(
    ("group_by", "names"),
    [
        ("path[0]", {"a", "b", NOT_STATED}),
        ("path[2]", {"z", NOT_STATED}),
        ("path[-1]", {"x", "z", NOT_STATED}),
    ],
)
def test_folders_of_the_path_make_groups(state, group_by, names):
    state.group_by = group_by
    assert set(state.groups.names) == names


def test_a_template_over_file_names_makes_groups(state):
    state.group_by = r"im{number:\d\d}_{kind:int}"
    assert state.group_by == "number"
    assert state.table.images["kind"].to_list() == [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, None]
    state.group_by = "kind"
    assert state.groups.names == ("0", "1", "2", NOT_STATED)
    state.undo()
    state.undo()
    assert "kind" not in state.table.images.columns


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"group_by": "conditon"}, UnknownNameError, "did you mean 'condition'"),
        ({"group_by": "channel_names"}, UsageError, "choose text, numbers or booleans"),
        ({"group_by": "path[x]"}, UnknownNameError, "no column named"),
        ({"color_by": "maen"}, UnknownNameError, "did you mean 'mean'"),
        ({"sort_by": "channel_names"}, UsageError, "has no order"),
        ({"sort_by": "nn"}, UnknownNameError, "no column named"),
        ({"palette": "virids"}, UnknownNameError, "did you mean 'viridis'"),
        ({"unit": "images"}, UnknownNameError, "did you mean 'image'"),
        ({"dims": {"q": 1}}, UnknownNameError, "no dimension named"),
        ({"dims": {"z": -1}}, UsageError, "a position from 0"),
        ({"grop_by": "n"}, UnknownNameError, "did you mean 'group_by'"),
        ({"templates": ("{a",)}, UsageError, "is not closed"),
    ],
)
def test_a_wrong_choice_is_refused_and_changes_nothing(state, change, error, said):
    before = state.view
    with pytest.raises(error) as caught:
        state.update(**change)
    assert said in str(caught.value)
    assert (state.view, state.revision) == (before, 0)


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda s: s.select_rows(np.array([12])), UsageError, "numbered from 0 to 11"),
        (lambda s: s.select_rows(np.array([-1])), UsageError, "numbered from 0 to 11"),
        (lambda s: s.select_rows(np.array([1]), mode="ad"), UnknownNameError, "did you mean 'add'"),
        (lambda s: s.select_rows(np.array([1]), how="clik"), UnknownNameError, "did you mean 'click'"),
        (lambda s: s.select_where("maen > 1"), UnknownNameError, "did you mean 'mean'"),
        (lambda s: s.select_where(" "), UsageError, "is empty"),
        (lambda s: s.select_box("nn", (0, 1)), UnknownNameError, "no column named"),
        (lambda s: s.select_box("n", (None, None)), UsageError, "without any end"),
        (lambda s: s.select_box("condition", (0, 1)), UsageError, "`condition` is a text"),
        (lambda s: s.select_lasso("n", "std", np.zeros((2, 2))), UsageError, "three finite points"),
        (lambda s: s.select_lasso("n", "std", np.full((4, 2), np.nan)), UsageError, "three finite points"),
        (lambda s: s.select_lasso("n", "path", np.eye(3)[:, :2]), UsageError, "is a text"),
        (lambda s: s.remove_filter("nope"), UnknownNameError, "no filter named"),
        (lambda s: s.change_filter("nope", enabled=False), UnknownNameError, "no filter named"),
        (lambda s: s.add_expression(" "), UsageError, "is empty"),
        (lambda s: s.add_expression("mean >"), UsageError, "is no expression"),
        (lambda s: s.add_columns_from("{path}_{x}"), UsageError, "is there already"),
    ],
)
def test_a_wrong_call_is_refused_and_changes_nothing(state, call, error, said):
    with pytest.raises(error) as caught:
        call(state)
    assert said in str(caught.value)
    assert (state.view, state.revision) == (View(), 0)


@pytest.mark.parametrize("n", [0, 1])
def test_a_table_of_one_row_or_none_has_a_view(table, n):
    state = ViewState(Table(table.images.head(n)))
    state.update(group_by="condition", sort_by="mean", descending=True)
    state.add_filter("mean", "is_outlier", 3)
    state.select_where("flat")
    assert state.n == (n, 0, 0)
    assert state.filtered.height == 0


def test_a_table_needs_ids():
    with pytest.raises(UnknownNameError, match="image_id"):
        Table(pl.DataFrame({"mean": [1.0]}))


def test_the_fingerprint_is_that_of_columns_rows_and_metrics(table, rows):
    assert Table(rows).fingerprint == table.fingerprint
    assert Table(rows.reverse()).fingerprint != table.fingerprint
    assert Table(rows.drop("mean")).fingerprint != table.fingerprint
    assert Table(rows.with_columns(metric_set=pl.lit("2"))).fingerprint != table.fingerprint
