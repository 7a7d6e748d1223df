"""A plane as a picture, against NumPy and Pillow on real files."""

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from smalti.app.picture import Picture, encode, picture_of, reduced
from smalti.core.axes import PlaneIndex
from smalti.core.image import Image, ImageRef
from smalti.loaders.choose import read_later

FIRST = PlaneIndex(0, 0, 0)


def opened(path: Path) -> Image:
    return read_later(ImageRef(uri=str(path), path=path.name), 2**30)


def sent(picture: Picture, low: float, high: float) -> np.ndarray:
    """What the browser decodes."""
    return np.asarray(Pillow.open(io.BytesIO(encode(picture, low, high)[1])))


def test_colours_look_as_pillow_shows_them(data: Path) -> None:
    path = data / "skimage" / "ihc.png"
    picture = picture_of(opened(path), FIRST)
    assert picture.auto == (0, 255)
    assert (sent(picture, *picture.auto) == np.asarray(Pillow.open(path).convert("RGB"))).all()


def test_alpha_is_left_out(data: Path) -> None:
    path = next((data / "nuclei_dsb2018").rglob("*.png"))
    picture = picture_of(opened(path), FIRST)
    assert (picture.pixels == np.asarray(Pillow.open(path))[..., :3]).all()


def test_inks_become_colours_on_white_paper(data: Path) -> None:
    path = data / "odd_valid" / "cmyk.tif"
    shown = picture_of(opened(path), FIRST).pixels
    assert np.abs(shown - np.asarray(Pillow.open(path).convert("RGB"))).max() <= 1


@pytest.mark.parametrize(
    "name",
    [
        "em/xy_8bit__em_mitochondria_er.tif",
        "odd_valid/uint16_bigendian.tif",
        "odd_valid/int8.tif",
        "odd_valid/uint64.tif",
        "odd_valid/float16.tif",
        "odd_valid/float32_inf_nan.tif",
    ],
)
def test_grey_is_stretched_between_percentiles(data: Path, name: str) -> None:
    image = opened(data / name)
    picture = picture_of(image, FIRST)
    plane = image.read().astype(np.float64)
    finite = plane[np.isfinite(plane)]
    low, high = np.percentile(finite, (0.1, 99.9))
    assert picture.auto == pytest.approx((low, high), rel=1e-3)
    assert (picture.low, picture.high, picture.n_missing) == (
        finite.min(),
        finite.max(),
        plane.size - finite.size,
    )
    expected = np.clip((np.nan_to_num(plane, nan=low, neginf=low, posinf=low) - low) / (high - low), 0, 1)
    assert np.abs(sent(picture, low, high) - 255 * expected)[np.isfinite(plane)].max() <= 0.51


def test_each_channel_slice_and_time_is_the_plane_it_says(data: Path) -> None:
    image = opened(data / "ometiff" / "tzcyx_5d.ome.tif")
    whole = image.read()
    picture = picture_of(image, PlaneIndex(2, 1, 3))
    assert image.axes == "TZCYX"
    assert (picture.pixels == whole[2, 3, 1]).all()


@pytest.mark.parametrize(
    ("name", "auto"),
    [
        ("constant_65535.tif", (65534.5, 65535.5)),
        ("float32_all_nan.tif", (0, 1)),
        ("bilevel_1bit.tif", (0, 1)),
    ],
)
def test_planes_of_next_to_nothing_have_a_window_too(
    data: Path, name: str, auto: tuple[float, float]
) -> None:
    picture = picture_of(opened(data / "odd_valid" / name), FIRST)
    assert picture.auto == auto
    assert sent(picture, *auto).dtype == np.uint8


def test_complex_pixels_are_shown_by_their_absolute_value(data: Path) -> None:
    image = opened(data / "odd_valid" / "complex64.tif")
    assert np.allclose(picture_of(image, FIRST).pixels, np.abs(image.read()))


def test_a_large_plane_is_sent_small(data: Path) -> None:
    image = opened(data / "odd_valid" / "one_row_1x5000.tif")
    picture = picture_of(image, FIRST)
    assert (picture.step, picture.pixels.shape) == (4, (1, 1250))
    assert np.allclose(picture.pixels[0], image.read().reshape(-1, 4).mean(1))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 9), st.booleans())
def test_squares_are_averaged_over_what_is_finite(height: int, width: int, step: int, colour: bool) -> None:
    rng = np.random.default_rng(height * 41 + width)
    samples = rng.normal(1000, 50, (height, width, 3) if colour else (height, width)).astype(np.float32)
    samples[rng.random(samples.shape) < 0.2] = np.nan
    small = reduced(samples, step, np.isfinite(samples))
    for i, j in np.ndindex(*small.shape[:2]):
        square = samples[i * step : (i + 1) * step, j * step : (j + 1) * step].reshape(-1, 3 if colour else 1)
        for k, values in enumerate(square.T):
            known = values[np.isfinite(values)]
            found = small[i, j, k] if colour else small[i, j]
            assert found == pytest.approx(known.mean(), rel=1e-5) if known.size else np.isnan(found)
