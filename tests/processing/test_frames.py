"""Rows to frames."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smalti.core.columns import Column
from smalti.processing.frames import frame

SHAPE = Column("shape", "List(Int64)", "", "Lengths.", "same")
LENGTHS = st.none() | st.lists(st.integers(-(2**70), 2**70) | st.none(), max_size=4)


@given(st.lists(LENGTHS, max_size=6))
def test_lists_of_whole_numbers_are_framed_as_polars_would(rows):
    expected = pl.Series("shape", rows, pl.List(pl.Int64), strict=False)
    assert frame([[row] for row in rows], [SHAPE])["shape"].equals(expected, null_equal=True)


@pytest.mark.parametrize("value", [[3, 256, 256], [2**63 - 1], [0]])
def test_lists_of_one_length_keep_their_numbers(value):
    assert frame([[value]] * 5, [SHAPE])["shape"].to_list() == [value] * 5
