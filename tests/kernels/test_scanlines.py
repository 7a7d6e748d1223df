import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.kernels.scanlines import undo_filters


def predicted(kind, left, up, corner):
    """What the specification (W3C PNG, section 9) adds to a byte."""
    if kind < 4:
        return (0, left, up, (left + up) // 2)[kind]
    near = left + up - corner
    return min((left, up, corner), key=lambda byte: abs(near - byte))  # the first of equals, as there


def filtered(rows, kinds, step):
    """Rows as an encoder writes them that takes these filter types in turn."""
    out = np.zeros((len(rows), 1 + rows.shape[1]), np.uint8)
    for y, x in np.ndindex(rows.shape):
        left = int(rows[y, x - step]) if x >= step else 0
        up = int(rows[y - 1, x]) if y else 0
        corner = int(rows[y - 1, x - step]) if y and x >= step else 0
        out[y, 0] = kinds[y]
        out[y, 1 + x] = (int(rows[y, x]) - predicted(kinds[y], left, up, corner)) % 256
    return out


@given(st.integers(1, 6), st.integers(1, 9), st.sampled_from([1, 2, 3, 4, 6, 8]), st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_rows_come_back_as_they_were_before_any_filter(height, width, step, seed):
    chance = np.random.default_rng(seed)
    rows = chance.choice(np.array([0, 1, 127, 128, 254, 255], np.uint8), (height, width * step))
    kinds = chance.integers(0, 5, height)
    found = np.empty_like(rows)
    assert undo_filters(filtered(rows, kinds, step), step, found)
    np.testing.assert_array_equal(found, rows)


@pytest.mark.parametrize("step", [1, 2, 3])
@pytest.mark.parametrize("kind", [0, 1, 2, 3, 4])
def test_every_filter_gives_noise_back(kind, step):
    rows = np.random.default_rng(kind).integers(0, 256, (41, 60), np.uint8)
    found = np.empty_like(rows)
    assert undo_filters(filtered(rows, [kind] * 41, step), step, found)
    np.testing.assert_array_equal(found, rows)


@pytest.mark.parametrize("kind", [5, 255])
def test_a_filter_that_does_not_exist_is_told(kind):
    source = np.zeros((3, 5), np.uint8)
    source[1, 0] = kind
    assert not undo_filters(source, 1, np.empty((3, 4), np.uint8))
