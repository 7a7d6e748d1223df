"""Focus falls with blur, and each measure is what its source says."""

import numpy as np
import pytest
from scipy import ndimage

FOCUS = (
    "laplacian_variance",
    "laplacian_variance_norm",
    "tenengrad",
    "brenner",
    "vollath_f4",
    "normalized_variance",
)

PLANE = ndimage.gaussian_filter(np.random.default_rng(0).normal(2_000, 900, (70, 80)), 0.7).astype("u2")


@pytest.mark.parametrize("name", FOCUS)
def test_focus_falls_with_each_level_of_blur_on_every_image(degraded, name: str):
    levels = ["reference", "blur_sigma1", "blur_sigma2", "blur_sigma4", "blur_sigma8"]
    for image in degraded["reference"]:
        values = [degraded[level][image][name] for level in levels]
        assert values == sorted(values, reverse=True), image
        assert len(set(values)) == len(levels)


def test_laplacian_and_gradient_are_those_of_scipy(measure):
    row, plane = measure(PLANE), PLANE.astype(float)
    inner = np.s_[1:-1, 1:-1]
    assert row["laplacian_variance"] == pytest.approx(ndimage.laplace(plane)[inner].var())
    squares = sum(ndimage.sobel(plane, axis)[inner] ** 2 for axis in (0, 1))
    assert row["tenengrad"] == pytest.approx(squares.mean())


def test_brenner_and_vollath_look_two_pixels_ahead(measure):
    row, plane = measure(PLANE), PLANE.astype(float)
    first, second, third = plane[:, :-2], plane[:, 1:-1], plane[:, 2:]
    assert row["brenner"] == pytest.approx(((third - first) ** 2).mean())
    mean = plane.mean()
    expected = ((first - mean) * (second - mean)).mean() - ((first - mean) * (third - mean)).mean()
    assert row["vollath_f4"] == pytest.approx(expected)


def test_normalised_measures_do_not_change_with_exposure(measure):
    row, longer = measure(PLANE), measure(PLANE * np.uint16(4))
    assert longer["laplacian_variance_norm"] == pytest.approx(row["laplacian_variance_norm"])
    assert longer["normalized_variance"] == pytest.approx(4 * row["normalized_variance"])


def test_size_does_not_count(measure):
    row, twice = measure(PLANE), measure(np.tile(PLANE, (3, 3)))
    for name in FOCUS:
        assert twice[name] == pytest.approx(row[name], rel=0.1), name


def noise_of_slope(slope: float, seed: int, size: int = 256) -> np.ndarray:
    """Random phases under a power spectrum that falls as frequency to `slope`."""
    y, x = np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)
    frequency = np.maximum(np.hypot(y, x), 1 / size)
    spectrum = np.fft.rfft2(np.random.default_rng(seed).normal(size=(size, size))) * frequency ** (slope / 2)
    return np.fft.irfft2(spectrum, (size, size))


@pytest.mark.parametrize("slope", [0, -1, -2, -3])
def test_the_slope_of_the_spectrum_is_the_one_put_there(measure, slope: float):
    found = [measure(noise_of_slope(slope, seed))["power_slope"] for seed in range(5)]
    assert np.mean(found) == pytest.approx(slope, abs=0.1)


def test_white_noise_has_power_as_there_are_frequencies(measure):
    share = measure(np.random.default_rng(0).normal(size=(512, 512)))["high_frequency_share"]
    assert share == pytest.approx(0.75, abs=0.01)  # of a disc the part outside half its radius


def test_the_spectrum_falls_with_blur_down_to_the_noise_of_whole_numbers(degraded):
    for image in degraded["reference"]:
        rows = [degraded[level][image] for level in ("reference", "blur_sigma1", "blur_sigma2")]
        slopes = [row["power_slope"] for row in rows]
        assert slopes == sorted(slopes, reverse=True), image
        assert rows[0]["high_frequency_share"] > 5 * rows[1]["high_frequency_share"], image


def test_a_large_plane_is_judged_by_four_crops(measure):
    plane = np.zeros((2048, 2048), "f4")
    plane[:1024, :1024] = np.random.default_rng(0).normal(size=(1024, 1024))
    assert measure(plane)["high_frequency_share"] == pytest.approx(0.75, abs=0.01)
