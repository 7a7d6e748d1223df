from datetime import datetime

import numpy as np
import polars as pl
import pytest
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.core.columns import Column
from smalti.core.errors import UnknownNameError
from smalti.table.rollup import rollup
from smalti.table.schema import IMAGE_COLUMNS, polars_schema

METRICS = (
    Column("n_finite", "Int64", "px", "", "sum"),
    Column("min", "Float64", "intensity", "", "min"),
    Column("max", "Float64", "intensity", "", "max"),
    Column("mean", "Float64", "intensity", "", "mean"),
    Column("std", "Float64", "intensity", "", "pooled_std"),
)


def planes_of(pixels: list[np.ndarray], image_id: str = "a") -> pl.DataFrame:
    rows = [
        {
            "image_id": image_id,
            "t": 0,
            "c": 0,
            "z": z,
            "n_finite": p.size,
            "min": p.min(),
            "max": p.max(),
            "mean": p.mean(),
            "std": p.std(),
        }
        for z, p in enumerate(pixels)
    ]
    return pl.DataFrame(rows)


@given(
    sizes=st.lists(st.integers(1, 60), min_size=1, max_size=6),
    offset=st.sampled_from([0.0, 1.0, 10_000.0, 60_000.0, -60_000.0]),
    spread=st.sampled_from([0.01, 1.0, 300.0]),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=30, deadline=None)
def test_rolled_up_moments_are_those_of_all_pixels_together(sizes, offset, spread, seed):
    rng = np.random.default_rng(seed)
    pixels = [rng.normal(offset + rng.normal(0, spread), spread, size) for size in sizes]
    together = np.concatenate(pixels)
    got = rollup(planes_of(pixels).lazy(), METRICS, ["image_id"]).collect().row(0, named=True)
    assert (got["n_planes"], got["n_finite"]) == (len(sizes), together.size)
    assert (got["min"], got["max"]) == (together.min(), together.max())
    assert got["mean"] == pytest.approx(together.mean(), rel=1e-12)
    assert got["std"] == pytest.approx(together.std(), rel=1e-9, abs=1e-9)


def test_one_plane_keeps_its_values_to_the_last_digit():
    planes = pl.DataFrame(
        {"image_id": "a", "n_finite": [3], "mean": [0.1], "std": [1 / 3], "min": [0.1], "max": [0.7]}
    )
    got = rollup(planes.lazy(), METRICS, ["image_id"]).collect()
    assert got.select(planes.columns).row(0) == planes.row(0)


def test_images_roll_up_like_planes_because_they_carry_the_same_facts():
    pixels = [np.arange(5.0), np.arange(7.0) + 60_000, np.full(3, 9.0)]
    frames = [planes_of([p], image_id=str(i)) for i, p in enumerate(pixels)]
    images = rollup(pl.concat(frames).lazy(), METRICS, ["image_id"]).drop("n_planes")
    got = rollup(images, METRICS, []).collect().row(0, named=True)
    assert got["std"] == pytest.approx(np.concatenate(pixels).std(), rel=1e-12)


def test_groups_come_in_the_order_of_their_first_plane():
    frame = pl.DataFrame({"condition": ["b", "a", "b"], "c": [0, 1, 0], "x": [1.0, 5.0, 3.0]})
    got = rollup(frame.lazy(), [Column("x", "Float32", "", "")], ["condition", "c"]).collect()
    assert got.rows() == [("b", 0, 2, 2.0), ("a", 1, 1, 5.0)]


@pytest.mark.parametrize(
    ("rule", "dtype", "values", "expected"),
    [
        ("min", "Float64", [2.0, None, 1.0], 1.0),
        ("max", "Float64", [2.0, float("nan"), 1.0], 2.0),
        ("mean", "Float64", [2.0, None, float("nan"), 4.0], 3.0),
        ("mean", "Float64", [None, float("nan")], None),
        ("sum", "Int64", [2, None, 3], 5),
        ("sum", "Int64", [None, None], None),
        ("any", "Boolean", [False, None, True], True),
        ("any", "Boolean", [None], None),
        ("all", "Boolean", [True, None], True),
        ("all", "Boolean", [True, False], False),
        ("min", "Boolean", [True, False], False),
        ("same", "String", ["a", None, "a"], "a"),
        ("same", "String", ["a", "b"], None),
        ("same", "Float32", [1.5, float("nan")], 1.5),
        ("middle", "String", ["a", "b", "c"], "b"),
        ("middle", "String", ["a", None, "c", "d"], "c"),
        ("middle", "String", [None], None),
        ("none", "Float64", [1.0], None),
    ],
)
@pytest.mark.parametrize("by", [(), ("group",)], ids=["all planes", "by group"])
def test_each_rule_leaves_out_planes_without_a_value(rule, dtype, values, expected, by):
    column = Column("x", dtype, "", "", rule)
    frame = pl.DataFrame({"z": range(len(values)), "x": values}, schema_overrides=polars_schema([column]))
    got = rollup(frame.with_columns(group=1).lazy(), [column], by).collect()
    assert got["x"].to_list() == [expected]
    assert got.schema["x"] == polars_schema([column])["x"]


def test_a_combined_hash_depends_on_the_order_of_planes_not_of_rows():
    column = Column("x", "String", "", "", "combined_hash")
    frame = pl.DataFrame({"image_id": "a", "t": 0, "c": 0, "z": [2, 0, 1], "x": ["cc", "aa", "bb"]})
    expected = [xxhash.xxh3_64_hexdigest(b"aa\nbb\ncc")]
    for rows in (frame, frame.reverse(), frame.sort("z")):
        assert rollup(rows.lazy(), [column], ["image_id"]).collect()["x"].to_list() == expected


def test_one_hash_stays_itself_and_a_missing_one_leaves_the_whole_unknown():
    column = Column("x", "String", "", "", "combined_hash")
    frame = pl.DataFrame({"image_id": ["a", "b", "b"], "z": [0, 0, 1], "x": ["aa", "bb", None]})
    assert rollup(frame.lazy(), [column], ["image_id"]).collect()["x"].to_list() == ["aa", None]


def test_means_count_every_plane_alike_where_pixels_are_not_counted():
    frame = pl.DataFrame({"z": [0, 1], "x": [1.0, 3.0]})
    assert rollup(frame.lazy(), [Column("x", "Float64", "", "")], []).collect()["x"].item() == 2.0


def test_a_plane_without_finite_pixels_has_no_weight():
    frame = pl.DataFrame({"n_finite": [0, 4, None], "mean": [7.0, 3.0, 9.0], "std": [None, 0.5, 9.0]})
    got = rollup(frame.lazy(), METRICS[3:], []).collect()
    assert got.row(0) == (3, 3.0, 0.5)


def test_a_standard_deviation_without_its_means_is_null():
    frame = pl.DataFrame({"n_finite": [4, 4], "std": [1.0, 2.0]})
    assert rollup(frame.lazy(), METRICS[3:], []).collect().row(0) == (2, None, None)


def test_a_column_the_table_lacks_is_null_and_empty_tables_give_no_group():
    empty = pl.DataFrame(schema={"image_id": pl.String, "mean": pl.Float64, "n_finite": pl.Int64})
    got = rollup(empty.lazy(), METRICS, ["image_id"]).collect()
    assert got.height == 0
    assert got.columns == ["image_id", "n_planes", *(column.name for column in METRICS)]


def test_every_column_of_images_can_be_rolled_up():
    row = {"path": "a.tif", "channel_names": ["DAPI"], "modified": datetime(2026, 1, 2), "size_bytes": 7}
    frame = pl.DataFrame([row, row], schema=polars_schema(IMAGE_COLUMNS))
    got = rollup(frame.lazy(), IMAGE_COLUMNS, []).collect().row(0, named=True)
    assert (got["channel_names"], got["modified"], got["size_bytes"]) == (["DAPI"], datetime(2026, 1, 2), 14)


def test_an_unknown_group_is_answered_with_the_nearest_column():
    with pytest.raises(UnknownNameError, match="did you mean 'condition'"):
        rollup(pl.LazyFrame({"condition": ["a"]}), [], ["conditon"])
