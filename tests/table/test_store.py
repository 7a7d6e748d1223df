import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from smalti.core.columns import Column
from smalti.core.errors import UnknownNameError
from smalti.core.image import image_id
from smalti.table import store
from smalti.table.parquet import read_metadata
from smalti.table.schema import (
    HISTOGRAM_COLUMNS,
    IMAGE_COLUMNS,
    PLANE_KEYS,
    THUMBNAIL_COLUMNS,
    polars_schema,
)

MEAN = Column("mean", "Float32", "intensity", "Mean of the pixels.", "mean")
COLUMNS = {"images": (*IMAGE_COLUMNS, MEAN), "planes": (*PLANE_KEYS, MEAN)}


def tables(series_of: dict[str, int], mark: float, metric: Column = MEAN) -> dict[str, pl.DataFrame]:
    """All rows of some paths with so many series, two planes each; `mark` tells who wrote them."""
    keys = [(path, series) for path, n in series_of.items() for series in range(n)]
    ids = [image_id(*key) for key in keys]
    images = [
        {"image_id": i, "path": p, "series": s, metric.name: mark}
        for i, (p, s) in zip(ids, keys, strict=True)
    ]
    planes = [{"image_id": i, "t": 0, "c": 0, "z": z} for i in ids for z in (1, 0)]
    bins = [plane | {"low": 0.0, "width": mark, "counts": [1, 2]} for plane in planes]
    thumbs = [
        {"image_id": i, "c": 0, "width": 1, "height": 1, "low": mark, "high": 1.0, "jpeg": b"x"} for i in ids
    ]
    return {
        "images": pl.DataFrame(images, schema=polars_schema((*IMAGE_COLUMNS, metric))),
        "planes": pl.DataFrame(
            [p | {metric.name: mark} for p in planes], schema=polars_schema((*PLANE_KEYS, metric))
        ),
        "histograms": pl.DataFrame(bins, schema=polars_schema(HISTOGRAM_COLUMNS)),
        "thumbnails": pl.DataFrame(thumbs, schema=polars_schema(THUMBNAIL_COLUMNS)),
    }


def seen(folder: Path) -> dict[tuple[str, int], float]:
    """Who wrote each image, after a check that all four tables say the same."""
    images = store.read(folder, "images").select("image_id", "path", "series", "mean").collect()
    marks = dict(images.select("image_id", "mean").iter_rows())
    for table, column, rows in (("planes", "mean", 2), ("histograms", "width", 2), ("thumbnails", "low", 1)):
        found = store.read(folder, table).select("image_id", pl.col(column).cast(pl.Float64)).collect()
        assert sorted(found.rows()) == sorted(pair for pair in marks.items() for _ in range(rows)), table
    return {(path, series): mark for _, path, series, mark in images.iter_rows()}


def finals(folder: Path) -> dict[str, pl.DataFrame]:
    return {table: pl.read_parquet(store.final_file(folder, table)) for table in store.TABLES}


def changed_project(folder: Path) -> Path:
    """Final files by 1; then a.tif anew with one series less, b.tif twice, d.tif new."""
    store.write_part(folder, 1, tables({"a.tif": 2, "b.tif": 1, "c.tif": 1}, 1))
    store.compact(folder, COLUMNS, {})
    store.write_part(folder, 1, tables({"b.tif": 1, "d.tif": 2}, 2))
    store.write_part(folder, 2, tables({"b.tif": 3, "a.tif": 1}, 3))
    return folder


AFTER = {("a.tif", 0): 3, ("b.tif", 0): 3, ("b.tif", 1): 3, ("b.tif", 2): 3, ("d.tif", 0): 2, ("d.tif", 1): 2}
KEPT = pl.DataFrame({"path": ["a.tif", "b.tif", "d.tif"]})


class Killed(BaseException):
    """Raised where a kill would strike."""


@pytest.fixture(scope="module")
def kill_at():
    """Strike once, just before the n-th rename, removal or new folder: Python audits each of them."""
    countdown = [0]

    def hook(event: str, _: object) -> None:
        if countdown[0] and event in ("os.rename", "os.remove", "os.mkdir"):
            countdown[0] -= 1
            if not countdown[0]:
                raise Killed

    sys.addaudithook(hook)

    def strike(n: int, call, *args) -> bool:
        countdown[0] = n
        try:
            call(*args)
        except Killed:
            return True
        finally:
            countdown[0] = 0
        return False

    return strike


def test_a_project_without_files_has_empty_tables_with_their_columns(tmp_path):
    assert not store.exists(tmp_path)
    for table, columns in store.TABLES.items():
        assert store.read(tmp_path, table).collect_schema() == polars_schema(columns)


def test_an_unknown_table_is_answered_with_the_nearest(tmp_path):
    with pytest.raises(UnknownNameError, match="did you mean 'planes'"):
        store.read(tmp_path, "plains")


def test_parts_are_read_before_they_are_compacted(tmp_path):
    store.write_part(tmp_path, 1, tables({"a.tif": 1}, 1))
    store.write_part(tmp_path, 2, tables({"b.tif": 1}, 2))
    assert store.exists(tmp_path)
    assert seen(tmp_path) == {("a.tif", 0): 1, ("b.tif", 0): 2}


def test_a_later_part_replaces_all_rows_of_its_paths_in_all_tables(tmp_path):
    changed_project(tmp_path)
    assert seen(tmp_path) == AFTER | {("c.tif", 0): 1}


def test_compacting_changes_nothing_that_is_seen_and_leaves_no_part(tmp_path):
    before = seen(changed_project(tmp_path))
    store.compact(tmp_path, COLUMNS, {})
    assert seen(tmp_path) == before
    assert sorted(path.name for path in tmp_path.rglob("*")) == sorted(
        [*(f"{t}.parquet" for t in store.TABLES), "parts"]
    )


def test_compacting_sorts_by_path_series_and_plane(tmp_path):
    store.write_part(tmp_path, 1, tables({"b.tif": 2, "a.tif": 1}, 1))
    store.compact(tmp_path, COLUMNS, {})
    final = finals(tmp_path)
    keys = [("a.tif", 0), ("b.tif", 0), ("b.tif", 1)]
    assert final["images"].select("path", "series").rows() == keys
    planes = [(image_id(*key), z) for key in keys for z in (0, 1)]
    for table in ("planes", "histograms"):
        assert final[table].select("image_id", "z").rows() == planes


def test_paths_that_are_not_kept_are_dropped_from_all_tables(tmp_path):
    store.compact(changed_project(tmp_path), COLUMNS, {}, KEPT)
    assert seen(tmp_path) == AFTER


def test_where_a_file_lies_now_replaces_where_it_lay(tmp_path):
    present = KEPT.with_columns(pl.lit("/elsewhere").alias("uri"))
    store.compact(changed_project(tmp_path), COLUMNS, {}, present)
    images = store.read(tmp_path, "images").collect()
    assert images["uri"].unique().to_list() == ["/elsewhere"]
    assert images.columns == [column.name for column in COLUMNS["images"]]


def test_forgetting_leaves_other_files_alone(tmp_path):
    folder = changed_project(tmp_path)
    (folder / "flags.jsonl").write_text("{}")
    store.forget(folder)
    assert not store.exists(folder)
    assert [p.name for p in folder.rglob("*") if p.is_file()] == ["flags.jsonl"]


def test_the_final_files_say_what_their_columns_mean(tmp_path):
    store.compact(changed_project(tmp_path), COLUMNS, {"smalti": "0.1.0"})
    info = read_metadata(store.final_file(tmp_path, "images"))
    assert info.columns == COLUMNS["images"]
    assert info.footer == {"smalti": "0.1.0"}


def test_a_metric_that_came_or_went_costs_no_row(tmp_path):
    other = Column("gain", "Float64", "", "Gain of the camera.", "mean")
    store.write_part(tmp_path, 1, tables({"a.tif": 1}, 1))
    store.compact(tmp_path, COLUMNS, {})
    store.write_part(tmp_path, 1, tables({"b.tif": 1}, 2, other))
    now = {"images": (*IMAGE_COLUMNS, other), "planes": (*PLANE_KEYS, other)}
    seen_before = store.read(tmp_path, "images").select("path", "mean", "gain").collect()
    store.compact(tmp_path, now, {})
    final = finals(tmp_path)["images"].select("path", "mean", "gain")
    assert final.rows() == seen_before.rows() == [("a.tif", 1.0, None), ("b.tif", None, 2.0)]
    assert read_metadata(store.final_file(tmp_path, "images")).columns == (*IMAGE_COLUMNS, other, MEAN)


def test_a_column_of_a_metric_that_went_goes_with_its_last_value(tmp_path):
    other = Column("gain", "Float64", "", "Gain of the camera.", "mean")
    store.write_part(tmp_path, 1, tables({"a.tif": 1}, 1))
    store.write_part(tmp_path, 2, tables({"a.tif": 1}, 2, other))
    store.compact(tmp_path, {"images": (*IMAGE_COLUMNS, other), "planes": (*PLANE_KEYS, other)}, {})
    assert "mean" not in finals(tmp_path)["images"].columns


@pytest.mark.parametrize(
    ("dtype", "values", "expected"),
    [
        ("Float32", ["1.5", "much"], [1.5, None]),
        ("Int64", [1.0, 2.5], [1, 2]),
        ("List(String)", ["a", "b"], [None, None]),
        ("String", [[1], [2]], [None, None]),
        ("Float32", [None, None], [None, None]),
    ],
)
def test_a_column_that_changed_its_type_costs_no_row(tmp_path, dtype, values, expected):
    images = tables({"a.tif": 2}, 1)["images"].drop("mean").with_columns(pl.Series("mean", values))
    store.write_part(tmp_path, 1, {"images": images})
    store.compact(tmp_path, {"images": (*IMAGE_COLUMNS, Column("mean", dtype, "", "", "same"))}, {})
    assert finals(tmp_path)["images"]["mean"].to_list() == expected


def test_nan_is_null_in_parts_and_final_files(tmp_path):
    store.write_part(tmp_path, 1, tables({"a.tif": 1}, float("nan")))
    assert store.read(tmp_path, "planes").collect()["mean"].null_count() == 2
    store.compact(tmp_path, COLUMNS, {})
    assert finals(tmp_path)["planes"]["mean"].null_count() == 2


def test_a_part_without_rows_of_a_table_is_whole(tmp_path):
    failed = tables({"a.tif": 1}, 1)
    store.write_part(tmp_path, 1, {"images": failed["images"], "planes": failed["planes"].clear()})
    store.compact(tmp_path, COLUMNS, {})
    assert finals(tmp_path)["images"].height == 1
    assert finals(tmp_path)["planes"].height == finals(tmp_path)["thumbnails"].height == 0


def test_a_part_needs_images_and_a_number_of_its_own(tmp_path):
    rows = tables({"a.tif": 1}, 1)
    store.write_part(tmp_path, 7, rows)
    assert store.next_part(tmp_path) == 8
    for number, given_tables in ((8, {"planes": rows["planes"]}), (0, rows), (7, rows)):
        with pytest.raises(ValueError, match="part"):
            store.write_part(tmp_path, number, given_tables)


def test_a_part_is_there_as_a_whole_or_not_at_all(tmp_path, kill_at):
    for n in range(1, 30):
        folder = tmp_path / str(n)
        store.write_part(folder, 1, tables({"a.tif": 2}, 1))
        killed = kill_at(n, store.write_part, folder, 2, tables({"a.tif": 1}, 2))
        assert seen(folder) in ([{("a.tif", 0): 1, ("a.tif", 1): 1}] if killed else [{("a.tif", 0): 2}])
        store.write_part(folder, store.next_part(folder), tables({"a.tif": 1}, 3))
        assert seen(folder) == {("a.tif", 0): 3}
        if not killed:
            return
    pytest.fail("the part was never finished")


def test_what_a_killed_part_left_never_joins_another(tmp_path, kill_at):
    assert kill_at(8, store.write_part, tmp_path, 1, tables({"a.tif": 1}, 1))
    assert list((tmp_path / "parts").glob("*.parquet"))
    store.write_part(tmp_path, 1, {"images": tables({"a.tif": 1}, 2)["images"]})
    assert store.read(tmp_path, "planes").collect().height == 0


def test_a_kill_at_any_step_of_compacting_loses_nothing(tmp_path, kill_at):
    expected = finals_of_undisturbed(tmp_path / "undisturbed")
    for n in range(1, 60):
        folder = changed_project(tmp_path / str(n))
        killed = kill_at(n, store.compact, folder, COLUMNS, {}, KEPT)
        now = seen(folder)
        assert {key: mark for key, mark in now.items() if key[0] != "c.tif"} == AFTER, n
        store.compact(folder, COLUMNS, {}, KEPT)
        for table, frame in finals(folder).items():
            assert_frame_equal(frame, expected[table])
        assert not list((folder / "parts").iterdir())
        if not killed:
            assert n > 12  # four renames, eight removals
            return
    pytest.fail("compacting was never finished")


def finals_of_undisturbed(folder: Path) -> dict[str, pl.DataFrame]:
    store.compact(changed_project(folder), COLUMNS, {}, KEPT)
    return finals(folder)


def test_a_kill_while_rows_are_only_dropped_shows_no_orphan(tmp_path, kill_at):
    for n in range(1, 8):
        folder = tmp_path / str(n)
        store.write_part(folder, 1, tables({"a.tif": 1, "b.tif": 1}, 1))
        store.compact(folder, COLUMNS, {})
        kill_at(n, store.compact, folder, COLUMNS, {}, pl.DataFrame({"path": ["a.tif"]}))
        assert seen(folder).keys() - {("b.tif", 0)} == {("a.tif", 0)}


KILL = """
import os, signal, sys
import polars as pl
from pathlib import Path
from smalti.table import store
from smalti.table.schema import IMAGE_COLUMNS, PLANE_KEYS
from smalti.core.columns import Column
folder, left = Path(sys.argv[1]), [int(sys.argv[2])]
def hook(event, args):
    if event in ("os.rename", "os.remove"):
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
mean = Column("mean", "Float32", "intensity", "Mean of the pixels.", "mean")
sys.addaudithook(hook)
columns = {"images": (*IMAGE_COLUMNS, mean), "planes": (*PLANE_KEYS, mean)}
store.compact(folder, columns, {}, pl.DataFrame({"path": ["a.tif", "b.tif", "d.tif"]}))
"""


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX")
@pytest.mark.parametrize("n", [2, 6])
def test_a_true_kill_9_while_compacting_loses_nothing(tmp_path, n):
    folder = changed_project(tmp_path)
    done = subprocess.run([sys.executable, "-c", KILL, str(folder), str(n)], check=False)
    assert done.returncode == -9
    assert {key: mark for key, mark in seen(folder).items() if key[0] != "c.tif"} == AFTER
    store.compact(folder, COLUMNS, {}, KEPT)
    assert seen(folder) == AFTER


@given(
    st.lists(st.dictionaries(st.sampled_from("abcd"), st.integers(1, 3), min_size=1), min_size=1, max_size=5),
    st.data(),
)
@settings(max_examples=15, deadline=None)
def test_any_order_of_parts_and_compactions_shows_the_last_word_on_every_path(tmp_path_factory, writes, data):
    folder = tmp_path_factory.mktemp("project")
    expected: dict[str, tuple[int, float]] = {}
    for mark, series_of in enumerate(writes):
        store.write_part(folder, store.next_part(folder), tables(series_of, mark))
        expected |= {path: (n, mark) for path, n in series_of.items()}
        if data.draw(st.booleans()):
            store.compact(folder, COLUMNS, {})
        assert seen(folder) == {(p, s): mark for p, (n, mark) in expected.items() for s in range(n)}
