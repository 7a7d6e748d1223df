import polars as pl
import pytest

from smalti.table.schema import (
    HISTOGRAM_COLUMNS,
    IMAGE_COLUMNS,
    PLANE_KEYS,
    THUMBNAIL_COLUMNS,
    dtype_name,
    polars_schema,
    size_readable,
)

ALL = [IMAGE_COLUMNS, PLANE_KEYS, HISTOGRAM_COLUMNS, THUMBNAIL_COLUMNS]


@pytest.mark.parametrize("columns", ALL, ids=["images", "planes", "histograms", "thumbnails"])
def test_columns_have_different_names_and_a_meaning(columns):
    names = [column.name for column in columns]
    assert names[0] == "image_id"
    assert len(set(names)) == len(names)
    assert all(column.meaning.endswith(".") for column in columns)


@pytest.mark.parametrize("columns", ALL, ids=["images", "planes", "histograms", "thumbnails"])
def test_a_type_and_its_name_go_both_ways(columns):
    schema = polars_schema(columns)
    assert [dtype_name(schema[column.name]) for column in columns] == [column.dtype for column in columns]


def test_a_type_no_column_may_have_has_no_name():
    assert dtype_name(pl.Duration("us")) is None


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (1_234_567, "1.2 MB"),
        (40 * 10**9, "40.0 GB"),
        (2 * 10**18, "2,000.0 PB"),
    ],
)
def test_sizes_read_as_people_write_them(size, said):
    assert size_readable(size) == said
