"""Blocks, ringing and stripes; none is taken for another, for noise or for blur."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

JPEG = ["jpeg_q90", "jpeg_q70", "jpeg_q50", "jpeg_q30", "jpeg_q10"]
OTHERS = ["blur_sigma1", "blur_sigma2", "blur_sigma4", "blur_sigma8", "noise_0.02", "noise_0.05", "noise_0.1"]


def shapes(kind: str, seed: int) -> np.ndarray:
    """Overlapping sharp shapes, 256×256, uint8."""
    image, rng = Image.new("L", (256, 256), 40), np.random.default_rng(seed)
    draw = ImageDraw.Draw(image)
    for x, y, width, height, value in rng.integers(
        (0, 0, 8, 8, 20), (230, 230, 60, 60, 230), (30, 5)
    ).tolist():
        box = (x, y, x + width, y + height)
        draw.rectangle(box, fill=value) if kind == "rectangles" else draw.ellipse(box, fill=value)
    return np.array(image)


def compressed(plane: np.ndarray, quality: int) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(plane).save(file, "JPEG", quality=quality)
    return np.array(Image.open(file))


def noisy(plane: np.ndarray, sigma: float) -> np.ndarray:
    return np.clip(plane + np.random.default_rng(1).normal(0, sigma, plane.shape), 0, 255).astype("u1")


def test_blockiness_rises_with_compression_on_every_image(degraded):
    for image in degraded["reference"]:
        values = [degraded[level][image]["blockiness"] for level in ["reference", *JPEG[1:]]]
        assert values == sorted(values), image


def test_blockiness_stays_near_one_under_noise_and_blur(degraded):
    for level in ["reference", *OTHERS]:
        values = [row["blockiness"] for row in degraded[level].values()]
        assert 0.945 < min(values) < max(values) < 1.075, level


@pytest.mark.parametrize(
    ("level", "low", "high"),
    [(90, 0.95, 1.35), (70, 1.0, 1.8), (50, 1.2, 2.2), (30, 1.35, 2.95), (10, 2.05, 6.15)],
)
def test_blockiness_lies_in_its_band_for_each_quality(degraded, level: int, low: float, high: float):
    values = [row["blockiness"] for row in degraded[f"jpeg_q{level}"].values()]
    assert low < min(values) < max(values) < high


@pytest.mark.parametrize("kind", ["rectangles", "ellipses"])
@pytest.mark.parametrize("seed", [0, 5, 6])
def test_ringing_rises_with_compression_on_sharp_edges(measure, kind: str, seed: int):
    plane = shapes(kind, seed)
    values = [measure(compressed(plane, quality))["ringing"] for quality in (90, 70, 50, 30, 10)]
    assert values == sorted(values)
    assert values[1] > 0.07
    assert values[-1] > 0.2


@pytest.mark.parametrize("kind", ["rectangles", "ellipses"])
@pytest.mark.parametrize("sigma", [0, 2, 5, 12, 25])
def test_ringing_stays_put_under_noise(measure, kind: str, sigma: float):
    assert all(measure(noisy(shapes(kind, seed), sigma))["ringing"] < 0.02 for seed in (0, 5, 6))


def test_noise_and_blur_of_real_images_do_not_ring(degraded):
    for level in OTHERS[1:]:
        assert all(row["ringing"] < 0.12 for row in degraded[level].values()), level


def test_ringing_is_not_invented_without_edges(measure):
    ramp = np.linspace(0, 200, 100 * 100).reshape(100, 100)
    assert measure(ramp)["ringing"] == 0
    assert measure(np.full((50, 50), 9, "u1"))["ringing"] is None


def test_stripes_along_rows_and_columns_are_told_apart(measure):
    plane = np.random.default_rng(0).normal(500, 10, (128, 128))
    stripes = np.random.default_rng(1).normal(0, 10, 128)
    rows, columns = measure(plane + stripes[:, None]), measure(plane + stripes)
    assert min(rows["stripe_score_rows"], columns["stripe_score_columns"]) > 0.4
    assert max(rows["stripe_score_columns"], columns["stripe_score_rows"]) < 0.02


def test_perfect_stripes_score_one_and_noise_one_by_its_length(measure):
    stripes = np.random.default_rng(1).normal(size=(200, 1)) + np.zeros(100)
    assert measure(stripes)["stripe_score_rows"] == pytest.approx(1)
    noise = np.random.default_rng(0).normal(size=(500, 100))
    assert measure(noise)["stripe_score_rows"] == pytest.approx(1 / 100, rel=0.3)


def test_missing_rows_raise_the_score_of_rows_only(degraded):
    for image, row in degraded["reference"].items():
        missing = degraded["missing_rows"][image]
        assert missing["stripe_score_rows"] > 5 * row["stripe_score_rows"]
        assert missing["stripe_score_columns"] < 2 * row["stripe_score_columns"]
