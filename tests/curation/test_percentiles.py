"""Windows between percentiles are those that NumPy finds among all pixels at once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from smalti.curation.grey import Window, window_of

TYPES = [
    "int8",
    "uint8",
    "int16",
    "uint16",
    "int32",
    "uint32",
    "int64",
    "uint64",
    "float16",
    "float32",
    "float64",
]


@given(
    pixels=st.sampled_from(TYPES).flatmap(lambda dtype: arrays.arrays(dtype, st.integers(1, 60))),
    low=st.sampled_from([0, 0.1, 25, 50]),
    high=st.sampled_from([60, 99.9, 100]),
)
def test_each_percentile_is_the_pixel_that_numpy_names(pixels, low, high):
    finite = pixels[np.isfinite(pixels)]
    if not finite.size:
        return
    window = window_of(pixels.dtype, lambda: np.array_split(pixels, 3), "percentile", (low, high))
    wanted = [float(one) for one in np.percentile(finite, [low, high], method="inverted_cdf")]
    if wanted[0] < wanted[1]:
        assert window == Window(*wanted)
    else:
        assert window == Window(float(finite.min()), float(finite.max()))


@pytest.mark.parametrize("far", [1e30, -1e300])
def test_one_pixel_however_far_does_not_make_the_others_black(far):
    pixels = np.append(np.random.default_rng(0).random(100_000), far)
    window = window_of(pixels.dtype, lambda: [pixels], "percentile")
    assert 0 < window.low < 0.01
    assert 0.99 < window.high < 1
