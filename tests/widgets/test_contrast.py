"""Windows that images share."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.widgets.contrast import common_windows, curve

OWN = np.array([[0.0, 100.0], [50.0, 300.0], [np.nan, np.nan], [10.0, 20.0]])
KIND = np.array([0, 0, 0, 1])
GROUP = np.array([0, 1, 0, 0])


def test_alone_every_image_keeps_its_own() -> None:
    assert np.isnan(common_windows(OWN, "image", KIND, GROUP)).all()


def test_one_window_spans_all_of_one_pixel_type() -> None:
    shared = common_windows(OWN, "all", KIND, GROUP)
    assert shared[[0, 1, 3]].tolist() == [[0, 300], [0, 300], [10, 20]]
    assert np.isnan(shared[2]).all()


def test_groups_have_windows_of_their_own() -> None:
    assert common_windows(OWN, "group", KIND, GROUP)[[0, 1]].tolist() == [[0, 100], [50, 300]]


def test_extremes_are_cut() -> None:
    own = np.stack([np.zeros(100), np.r_[np.full(99, 200.0), 60_000]], axis=1)
    assert common_windows(own, "clipped", np.zeros(100, int), np.zeros(100, int))[0].tolist() == [0, 200]


@settings(max_examples=30, deadline=None)
@given(
    own=st.tuples(st.floats(-1e6, 1e6), st.floats(0.001, 1e6)),
    shown=st.tuples(st.floats(-1e6, 1e6), st.floats(0.001, 1e6)),
)
def test_a_curve_is_the_line_between_two_windows(
    own: tuple[float, float], shown: tuple[float, float]
) -> None:
    (low, wide), (black, span) = own, shown
    levels = curve(np.array([low, low + wide]), np.array([black, black + span]))
    exact = [((low + k * wide / 255) - black) / span * 255 for k in range(256)]
    assert np.abs(levels - np.clip(exact, 0, 255)).max() <= 0.51
