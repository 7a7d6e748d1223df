"""Channels that show the same are found."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.metrics.channels import channels
from smalti.testing.synthetic import synthetic

NEEDED = ("dhash", "channels")
NONE = {"channel_correlation": None, "correlated_channels": None}


def by_numpy(pictures: np.ndarray) -> tuple[float, list[int]]:
    """The highest coefficient of all pairs, each over what is finite in both."""
    best = (-2.0, [0, 0])
    for i in range(len(pictures)):
        for j in range(i + 1, len(pictures)):
            both = np.isfinite(pictures[i]) & np.isfinite(pictures[j])
            one, other = pictures[i][both].astype(float), pictures[j][both].astype(float)
            best = max(best, (float(np.corrcoef(one, other)[0, 1]), [i, j]))
    return best


@given(
    st.integers(2, 5), st.integers(0, 99), st.sampled_from([0, 1e4, -1e6]), st.sampled_from([1e-20, 1, 1e20])
)
@settings(max_examples=30, deadline=None)
def test_it_is_pearsons_coefficient_of_the_most_alike_pair(n, seed, offset, gain):
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(20, 30))
    pictures = np.float32(
        (rng.normal(size=(n, 20, 30)) + shared * rng.normal(size=(n, 1, 1)) + offset) * gain
    )
    pictures[rng.random(pictures.shape) < 0.1] = np.nan
    value, pair = channels(pictures)
    best, expected = by_numpy(pictures)
    assert value == pytest.approx(best, abs=1e-9)
    assert pair == expected


def test_a_channel_saved_twice_is_found_among_others(measure_stack):
    cells = synthetic("cells", 0, (96, 96))
    stack = np.stack([*cells, synthetic("nuclei", 5, (96, 96)), cells[1] // 2])
    row = measure_stack(stack, "CYX", NEEDED)
    assert row["channel_correlation"] == pytest.approx(1, abs=1e-5)
    assert row["correlated_channels"] == [1, 3]


def test_light_of_one_dye_in_another_channel_raises_it(measure_stack):
    one, other = (synthetic("cells", 0, (128, 128)).astype(np.float32) for _ in range(2))
    found = [
        measure_stack(np.stack([one[0], one[1] + share * other[0]]), "CYX", NEEDED)["channel_correlation"]
        for share in (0, 0.1, 0.2, 0.4, 0.8)
    ]
    assert found == sorted(found)
    assert found[-1] > found[0] + 0.3


def test_first_frame_and_middle_z_are_compared(measure_stack):
    rng = np.random.default_rng(0)
    stack = rng.integers(0, 255, (2, 2, 3, 40, 40), np.uint8)
    stack[0, 1, 1] = 255 - stack[0, 0, 1]
    assert measure_stack(stack, "TCZYX", NEEDED)["channel_correlation"] == pytest.approx(-1)


@pytest.mark.parametrize("lost", [(0,), (1,), (0, 1)])
def test_a_channel_that_cannot_be_read_is_left_out(measure_stack, lost: tuple[int, ...]):
    stack = np.random.default_rng(0).integers(0, 255, (3, 40, 40), np.uint8)
    row = measure_stack(stack, "CYX", NEEDED, lost)
    left = [c for c in range(3) if c not in lost]
    assert row["correlated_channels"] == (left if len(left) == 2 else None)


@pytest.mark.parametrize("value", [0, 0.1, np.nan, np.inf])
def test_flat_channels_have_no_correlation(measure_stack, value: float):
    flat = np.full((2, 40, 40), value, np.float32)
    flat[0] = np.random.default_rng(0).normal(size=(40, 40))
    assert measure_stack(flat, "CYX", NEEDED) == NONE
    assert measure_stack(flat[1:], "CYX", NEEDED) == NONE


def test_of_very_many_channels_the_first_are_compared(measure_stack):
    stack = np.random.default_rng(0).integers(0, 255, (300, 17, 19), np.uint8)
    stack[[299, 255]] = stack[[298, 3]]
    assert measure_stack(stack, "CYX", NEEDED)["correlated_channels"] == [3, 255]
