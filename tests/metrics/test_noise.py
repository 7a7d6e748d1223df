"""Noise is found whatever the picture."""

import numpy as np
import pytest


@pytest.mark.parametrize("sigma", [2, 10, 50])
@pytest.mark.parametrize("dtype", ["u2", "f4"])
def test_noise_of_known_strength_is_recovered(measure, sigma: float, dtype: str):
    y, x = np.mgrid[:200, :200]
    scene = 2_000 + 10 * x + 800 * np.sin(y / 40)
    noisy = scene + np.random.default_rng(0).normal(0, sigma, scene.shape)
    assert measure(noisy.astype(dtype))["noise_sigma"] == pytest.approx(sigma, rel=0.04)


def test_snr_is_the_spread_over_the_noise(measure):
    scene = 1_000.0 * (np.arange(200) > 100) + np.zeros((200, 1))
    row = measure(scene + np.random.default_rng(0).normal(0, 20, (200, 200)))
    assert row["snr_db"] == pytest.approx(20 * np.log10(500 / 20), abs=0.3)


def test_noise_alone_has_no_signal(measure):
    plane = np.random.default_rng(0).normal(100, 10, (200, 200))
    assert measure(plane)["snr_db"] == pytest.approx(0, abs=0.2)


def test_noise_rises_with_noise_on_every_image(degraded):
    for image in degraded["reference"]:
        values = [
            degraded[level][image]["noise_sigma"]
            for level in ("reference", "noise_0.02", "noise_0.05", "noise_0.1")
        ]
        assert values == sorted(values), image


def test_without_a_window_there_is_no_noise_to_measure(measure):
    row = measure(np.ones((2, 9), "u1"))
    assert row["noise_sigma"] is None
    assert row["snr_db"] is None
