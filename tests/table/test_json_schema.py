from typing import get_args

import polars as pl
import pytest
from jsonschema import Draft202012Validator

from smalti.core.columns import Column, Dtype
from smalti.table.json_schema import row_schema
from smalti.table.schema import polars_schema

VALUES = {
    "Float32": 0.5,
    "Float64": -1e300,
    "Int32": -3,
    "Int64": 2**62,
    "UInt64": 2**64 - 1,
    "Boolean": True,
    "String": "µ",
    "Binary": "/9j/",
    "Datetime": "2024-02-29T23:59:59.123456",
    "List(Float32)": [0.5, None],
    "List(Float64)": [0.004, None],
    "List(Int64)": [1, 2],
    "List(String)": ["a"],
}


@pytest.mark.parametrize("dtype", get_args(Dtype))
def test_every_type_of_column_takes_its_values_and_null_and_nothing_else(dtype):
    column = Column("a", dtype, "", "A value.", "none")
    validator = Draft202012Validator(row_schema("One row", [column], {}))
    assert all(validator.is_valid({"a": value}) for value in (VALUES[dtype], None))
    assert not validator.is_valid({"a": {}})


@pytest.mark.parametrize("dtype", ["Float32", "Int64", "UInt64", "Boolean", "String", "List(Float32)"])
def test_what_polars_writes_of_a_type_is_valid(dtype):
    column = Column("a", dtype, "", "A value.", "none")
    frame = pl.DataFrame({"a": [VALUES[dtype], None]}, schema=polars_schema([column]))
    assert all(map(Draft202012Validator(row_schema("One row", [column], {})).is_valid, frame.to_dicts()))


def test_keys_are_required_and_never_null():
    keys = [Column(name, "Int32", "", "A key.", "same") for name in ("t", "other")]
    validator = Draft202012Validator(row_schema("One row", keys, {}))
    assert [validator.is_valid(row) for row in ({"t": 1}, {"t": None}, {"other": 1})] == [True, False, False]
