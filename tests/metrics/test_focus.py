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
