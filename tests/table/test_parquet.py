from datetime import timedelta

import polars as pl
import pyarrow.parquet as pq
import pytest

from smalti.core.columns import Column
from smalti.core.errors import UsageError
from smalti.table.parquet import commit, read_metadata, scan, stage

COLUMNS = (
    Column("image_id", "String", "", "Made from path and series.", "none"),
    Column("mean", "Float32", "intensity", "Mean of the pixels, in units of Ångström².", "mean"),
    Column("channel_names", "List(String)", "", "Names.", "same"),
)


def written(folder, values=(1.0,), name="images.parquet"):
    frame = pl.DataFrame(
        {
            "image_id": [str(i) for i in range(len(values))],
            "mean": values,
            "channel_names": [["DAPI"]] * len(values),
        },
        schema_overrides={"mean": pl.Float32},
    )
    target = folder / name
    commit(stage(frame.lazy(), target, COLUMNS, {"smalti": "0.1.0", "settings": '{"a": "µ"}'}), target)
    return target


def test_pyarrow_shows_meaning_unit_and_rollup_of_a_field(tmp_path):
    field = pq.read_schema(written(tmp_path)).field("mean")
    assert field.metadata[b"description"].decode() == "Mean of the pixels, in units of Ångström²."
    assert (field.metadata[b"unit"], field.metadata[b"rollup"]) == (b"intensity", b"mean")


def test_columns_and_footer_come_back_as_they_went_in(tmp_path):
    info = read_metadata(written(tmp_path))
    assert info.columns == COLUMNS
    assert info.footer == {"smalti": "0.1.0", "settings": '{"a": "µ"}'}


def test_a_table_of_another_program_has_columns_without_meaning(tmp_path):
    path = tmp_path / "other.parquet"
    pl.DataFrame({"x": [1.5], "odd": [timedelta(1)]}).write_parquet(path)
    assert read_metadata(path).columns == (Column("x", "Float64", "", "", "none"),)


def test_a_file_that_is_no_parquet_is_a_usage_error(tmp_path):
    (tmp_path / "x.parquet").write_text("no")
    for name in ("x.parquet", "missing.parquet"):
        with pytest.raises(UsageError, match=name):
            read_metadata(tmp_path / name)


def test_row_groups_hold_50_000_rows_and_zstd(tmp_path):
    facts = pq.read_metadata(written(tmp_path, values=[0.0] * 120_000))
    assert [facts.row_group(i).num_rows for i in range(facts.num_row_groups)] == [50_000, 50_000, 20_000]
    assert facts.row_group(0).column(0).compression == "ZSTD"


def test_nan_is_null_when_read_so_it_passes_no_filter(tmp_path):
    table = scan(written(tmp_path, values=[1.0, float("nan"), 5.0, float("inf")]))
    assert table.filter(pl.col("mean") > 3).collect()["mean"].to_list() == [5.0, float("inf")]
    assert table.collect()["mean"].null_count() == 1


def test_a_staged_file_changes_nothing_until_it_is_committed(tmp_path):
    target = written(tmp_path, values=[1.0])
    staged = stage(scan(target).with_columns(mean=pl.lit(9.0, pl.Float32)), target, COLUMNS, {})
    assert scan(target).collect()["mean"].to_list() == [1.0]
    commit(staged, target)
    assert scan(target).collect()["mean"].to_list() == [9.0]
    assert [path.name for path in tmp_path.iterdir()] == [target.name]


@pytest.mark.parametrize("name", ["a [1].smalti", "condition=a", "µm 日本", "100%"])
def test_names_of_folders_are_taken_literally(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    assert scan(written(folder)).collect().columns == ["image_id", "mean", "channel_names"]
