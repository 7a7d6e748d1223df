"""Rows to frames."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smalti.core.columns import Column
from smalti.processing.frames import Ragged, frame, framed

SHAPE = Column("shape", "List(Int64)", "", "Lengths.", "same")
LENGTHS = st.none() | st.lists(st.integers(-(2**70), 2**70) | st.none(), max_size=4)


@given(st.lists(LENGTHS, max_size=6))
def test_lists_of_whole_numbers_are_framed_as_polars_would(rows):
    expected = pl.Series("shape", rows, pl.List(pl.Int64), strict=False)
    assert frame([[row] for row in rows], [SHAPE])["shape"].equals(expected, null_equal=True)


@pytest.mark.parametrize("value", [[3, 256, 256], [2**63 - 1], [0]])
def test_lists_of_one_length_keep_their_numbers(value):
    assert frame([[value]] * 5, [SHAPE])["shape"].to_list() == [value] * 5


@given(st.lists(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=4), max_size=6))
def test_lists_that_lie_end_to_end_become_one_a_row(rows):
    flat = np.array([value for row in rows for value in row], np.int64)
    ragged = Ragged(flat, np.array([len(row) for row in rows], np.int64))
    assert framed([ragged], [SHAPE])["shape"].to_list() == rows


@pytest.mark.parametrize("values", [[1.0, np.nan, np.inf, 1e300], np.array([1.0, np.nan, np.inf, 1e300])])
def test_what_is_no_number_of_the_column_is_null(values):
    assert framed([values], [Column("a", "Float32", "", "A.")])["a"].to_list() == [1, None, None, None]
