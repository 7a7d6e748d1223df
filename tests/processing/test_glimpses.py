"""What is kept of planes for metrics of whole images, what it costs, and what the table says in the end."""

import tracemalloc

import numpy as np
import pytest

import smalti
from smalti.core.axes import PlaneIndex
from smalti.core.columns import Column
from smalti.core.plugin import metric
from smalti.core.progress import Silent
from smalti.kernels.layout import LUMA
from smalti.processing.budget import Budget
from smalti.processing.glimpses import Glimpses
from smalti.processing.measure import Batch, measure_image
from smalti.processing.metric_set import choose_metrics
from smalti.processing.settings import Settings
from smalti.testing.dataset import write_dataset
from smalti.testing.memory import image_of
from smalti.testing.synthetic import time_series

BOTH = ("shifts", "channels")


@metric(Column("seen", "String", "", "What was given.", "none"), name="witness")
def witness(image, planes, shifts, channels):
    """Says what it was given."""
    return f"{image.axes} {planes.height} {shifts.shape} {channels.shape} {channels.dtype}"


@metric(Column("called", "Boolean", "", "Whether it was called.", "none"), name="caller", over="TZ")
def caller(planes):
    """Says that it was called."""
    return True


def values_of(image, function):
    chosen = choose_metrics(
        Settings(metrics=("dhash", function.__smalti__.name)), extra=[function.__smalti__]
    )
    found = measure_image(image, Batch.of(chosen, Budget(10**9), 10**9), lambda: None)
    assert found.trouble is None
    return found.image_values


@pytest.mark.parametrize(
    ("shape", "axes", "seen"),
    [
        ((4, 3, 2, 20, 30), "TCZYX", "TCZYX 24 (3, 2) (3, 20, 30) float32"),
        ((2, 3, 4, 200, 256), "ZTCYX", "ZTCYX 24 (2, 2) (4, 100, 128) float32"),
        ((20, 30), "YX", "YX 1 (0, 2) (1, 20, 30) float32"),
        ((20, 30, 3), "YXS", "YXS 1 (0, 2) (1, 20, 30) float32"),
        ((), "", " 0 (0, 2) (1, 0, 0) float32"),
    ],
)
def test_a_metric_of_images_is_given_planes_shifts_and_channels(shape, axes, seen):
    samples = "RGB" if "S" in axes else ""
    image = image_of(np.zeros(shape, np.uint8), axes, samples=samples)
    assert values_of(image, witness) == [seen]


@pytest.mark.parametrize(
    ("axes", "called"), [("TZYX", True), ("TYX", None), ("ZYX", None), ("CYX", None), ("YX", None)]
)
def test_a_metric_is_called_only_where_each_axis_it_looks_along_is_long(axes, called):
    shape = [20 if axis in "YX" else 3 for axis in axes]
    assert values_of(image_of(np.zeros(shape, np.uint8), axes), caller) == [called]


def test_colour_is_seen_as_luma():
    pixels = np.random.default_rng(0).random((9, 12, 3), np.float32)
    glimpses = Glimpses(image_of(pixels, "YXS", samples="RGB"), BOTH)
    glimpses.see(PlaneIndex(0, 0, 0), pixels)
    assert glimpses.channels == pytest.approx((pixels.astype(float) @ np.array(LUMA) / 1000)[None], rel=1e-6)


def test_what_was_not_seen_is_nan():
    stack = image_of(np.zeros((4, 3, 16, 16), np.uint8), "TCYX")
    glimpses = Glimpses(stack, BOTH)
    glimpses.see(PlaneIndex(0, 1, 0), np.ones((16, 16), np.float32))
    assert np.isfinite(glimpses.channels).all((1, 2)).tolist() == [False, True, False]
    assert np.isnan(glimpses.shifts).all()
    assert glimpses.shifts.shape == (3, 2)


def test_displacements_stand_at_the_frame_they_start_from():
    frames = time_series(0, (128, 128), n=6, drift=4).astype(np.float32)
    glimpses = Glimpses(image_of(frames, "TYX"), ("shifts",))
    for t in (0, 1, 3, 4, 5):
        glimpses.see(PlaneIndex(t, 0, 0), frames[t])
    assert np.isnan(glimpses.shifts[:, 0]).tolist() == [False, True, True, False, False]
    assert glimpses.shifts[[0, 3, 4]] == pytest.approx(np.array([[0, -4]] * 3), abs=0.05)


def test_what_is_not_asked_for_is_not_kept():
    glimpses = Glimpses(image_of(np.zeros((4, 3, 16, 16), np.uint8), "TCYX"), ("planes",))
    glimpses.see(PlaneIndex(0, 0, 0), np.ones((16, 16), np.float32))
    assert (glimpses.shifts.shape, glimpses.channels.shape) == ((0, 2), (0, 0, 0))


def test_five_hundred_frames_take_no_more_memory_than_five():
    frames = time_series(0, (128, 128), n=5, drift=1).astype(np.float32)
    peaks = []
    for n in (5, 5, 500):  # the first fills the caches of windows and frequencies
        glimpses = Glimpses(image_of(np.broadcast_to(frames[0], (n, 128, 128)), "TYX"), BOTH)
        tracemalloc.start()
        for t in range(n):
            glimpses.see(PlaneIndex(t, 0, 0), frames[t % 5].copy())
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] < peaks[1] + 200_000


def test_the_table_of_the_demo_says_what_was_put_into_its_stacks_and_films(tmp_path):
    truth = write_dataset(tmp_path / "images", n=100, seed=3)
    project = smalti.process(tmp_path / "images", output=tmp_path / "x.smalti", progress=Silent())
    rows = {row["path"]: row for row in project.images.collect().iter_rows(named=True)}
    compared = 0
    for true in truth.iter_rows(named=True):
        row = rows[true["path"]]
        assert row["sharpest_z"] == true["sharpest_z"], row["path"]
        if true["scene"] != "time_series":
            assert row["bleaching"] is row["drift_px"] is row["frozen_frames"] is None
            continue
        compared += 1
        assert row["drift_px"] == pytest.approx(true["drift_px"], abs=0.05), row["path"]
        if not true["drift_px"]:  # what comes into view is not as bright as what leaves it
            assert row["bleaching"] == pytest.approx(true["bleaching"], rel=0.05, abs=1e-3), row["path"]
    assert compared == 5
