import numpy as np
import pytest

from smalti.core.errors import SmaltiError
from smalti.curation.grey import Window, grey, window_of

PIXELS = {
    "int8": (np.array([-128, 0, 127], np.int8), [0, 128, 255]),
    "uint8": (np.array([0, 7, 255], np.uint8), [0, 7, 255]),
    "12 bit in uint16": (np.array([0, 2047, 4095], np.uint16), [0, 127, 255]),
    "bytes in int16": (np.array([0, 7, 255], np.int16), [0, 7, 255]),
    "int16": (np.array([-100, 0, 100], np.int16), [0, 128, 255]),
    "uint16": (np.array([0, 32768, 65535], np.uint16), [0, 128, 255]),
    "float with negatives and NaN": (np.array([-3, np.nan, 0, np.inf, 3], np.float32), [0, 0, 128, 255, 255]),
    "bool": (np.array([False, True]), [0, 255]),
}


@pytest.mark.parametrize("kind", PIXELS)
def test_every_type_fills_the_bytes_that_its_range_gives(kind):
    pixels, wanted = PIXELS[kind]
    made = grey(pixels, window_of(pixels.dtype, lambda: [pixels]))
    assert made.dtype == np.uint8
    assert np.abs(made.astype(int) - wanted).max() <= 1


def test_percentiles_leave_out_a_hot_pixel():
    pixels = np.r_[np.arange(10_000), 10**6].astype(np.float64)
    window = window_of(pixels.dtype, lambda: np.array_split(pixels, 7), "percentile")
    assert 0 <= window.low < 40
    assert 9_900 < window.high < 10_100


def test_one_value_everywhere_is_black():
    pixels = np.full(9, 5.0)
    assert grey(pixels, window_of(pixels.dtype, lambda: [pixels])).max() == 0
    assert window_of(pixels.dtype, lambda: [pixels], "percentile") == Window(5, 5)


def test_pixels_none_of_which_is_finite_are_refused():
    with pytest.raises(SmaltiError, match="no pixel of it is finite"):
        window_of(np.dtype("f4"), lambda: [np.full(4, np.nan, np.float32)], "data")
