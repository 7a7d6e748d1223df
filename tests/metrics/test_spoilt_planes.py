"""No metric at all is thrown off by what throws other tools off: an Inf, rows of NaN, an offset, colour."""

import numpy as np
import pytest

from smalti.testing.synthetic import synthetic

COUNTS = {"n_finite", "n_nan", "n_inf"}

OF_THE_LEVEL = {
    "min", "max", "mean", "mode", "median", "p01", "p05", "p25", "p75", "p95", "p99", "p999", "background",
    "bits_used", "michelson", "rms_contrast", "laplacian_variance_norm", "normalized_variance", "vignetting",
    "illumination_tilt",
}  # fmt: skip
"""They state a level, or something in units of it: an offset belongs to what they measure."""


def numbers(row: dict, left_out: set[str]) -> dict[str, float]:
    """Values that can be compared by size, of all metrics but those left out."""
    return {
        name: value for name, value in row.items() if type(value) in (int, float) and name not in left_out
    }


def test_one_infinite_pixel_moves_no_metric(measure):
    plane = synthetic("micrograph", 3, dtype="float32")
    spoilt = plane.copy()
    spoilt[100, 100] = np.inf
    assert numbers(measure(spoilt), COUNTS) == pytest.approx(numbers(measure(plane), COUNTS), rel=1e-3)


def test_rows_of_nan_move_no_metric_more_than_fewer_rows_would(measure):
    plane = synthetic("micrograph", 3, dtype="float32")
    spoilt = plane.copy()
    spoilt[60:64] = np.nan
    left_out = COUNTS | {"illumination_tilt"}  # small here: it moves by a tenth of itself
    assert numbers(measure(spoilt), left_out) == pytest.approx(numbers(measure(plane), left_out), rel=0.05)


@pytest.mark.parametrize("offset", [10_000, 60_000])
@pytest.mark.parametrize("scene", ["nuclei", "micrograph"])
def test_twelve_bits_on_a_great_offset_keep_all_but_their_level(measure, scene, offset):
    plane = synthetic(scene, 3)
    row, lifted = measure(plane), measure(plane + np.uint16(offset))
    assert numbers(lifted, OF_THE_LEVEL) == pytest.approx(numbers(row, OF_THE_LEVEL), rel=1e-9)
    assert lifted["background"] == row["background"] + offset
    assert (lifted["dhash"], lifted["phash"]) == (row["dhash"], row["phash"])


def test_three_equal_colours_are_measured_as_grey(measure):
    plane = synthetic("micrograph", 3, dtype="uint8")
    row, colour = measure(plane), measure(np.dstack([plane] * 3), "RGB")
    assert (colour.pop("colourfulness"), colour.pop("colour_cast")) == (0, 0)
    assert numbers(colour, COUNTS) == pytest.approx(numbers(row, COUNTS), rel=1e-9)
    assert colour["n_finite"] == 3 * row["n_finite"]
