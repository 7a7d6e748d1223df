from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from smalti.curation.tiles import tiles

LENGTH, SIZE = st.integers(1, 300), st.integers(1, 120)


@given(LENGTH, SIZE)
def test_tiles_that_may_be_short_hold_every_pixel_once(length, size):
    spans = tiles(length, size)
    assert [pixel for span in spans for pixel in range(*span)] == list(range(length))
    assert all(stop - start == size for start, stop in spans[:-1])


@given(LENGTH, SIZE, st.data())
def test_tiles_that_overlap_share_so_many_pixels_and_reach_the_end(length, size, data):
    overlap = data.draw(st.integers(0, size - 1))
    spans = tiles(length, size, overlap)
    assert spans[0][0] == 0
    assert spans[-1][1] == length
    assert all(after[0] == before[1] - overlap for before, after in pairwise(spans))


@given(LENGTH, SIZE, st.data())
def test_what_is_left_at_the_end_is_dropped_below_the_least(length, size, data):
    least = data.draw(st.integers(1, size))
    rest = length % size
    wanted = length // size + (rest >= least)
    assert len(tiles(length, size, 0, "keep", least)) == len(tiles(length, size, 0, "pad", least)) == wanted
    assert len(tiles(length, size, 0, "drop", least)) == length // size
