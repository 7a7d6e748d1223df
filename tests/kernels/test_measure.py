"""All accumulators against their plain NumPy twins, on every kind of plane."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from planes import PLANES

from smalti.core.plugin import PLANE_NEEDS
from smalti.kernels.encoding import Encoding
from smalti.kernels.layout import Layout, row_strips
from smalti.kernels.measure import (
    EVERYTHING,
    PlaneSums,
    accumulate,
    accumulate_many,
    planes_at_once,
    warm,
)

each_plane = pytest.mark.parametrize(("plane", "samples"), PLANES.values(), ids=PLANES)

CANCEL = {"mean": 1, "m3": 3, "vollath_f4": 2, "rg_mean": 1, "yb_mean": 1, "power": 2}
"""Results that may be near 0 by cancellation, and the power of the plane's spread they are measured in."""


def agree(found: Any, expected: dict[str, Any], spread: float) -> None:
    """Every field within 1e-9 relative, or within 1e-9 of the plane's spread where terms cancel."""
    for name, value in expected.items():
        slack = 1e-9 * spread ** CANCEL[name] if name in CANCEL and np.isfinite(spread) else 0
        actual = np.array(asdict(found)[name], dtype=float)
        np.testing.assert_allclose(actual, np.asarray(value, float), rtol=1e-9, atol=slack, err_msg=name)


def spread(plane: np.ndarray, samples: str) -> float:
    return float(reference.moments(plane, samples)["m2"]) ** 0.5


@each_plane
@pytest.mark.parametrize("name", ["moments", "stencil", "profiles", "cells", "spectrum"])
def test_kernels_agree_with_numpy(name: str, plane: np.ndarray, samples: str):
    found = getattr(accumulate(plane, frozenset({name}), samples), name)
    agree(found, getattr(reference, name)(plane, samples), spread(plane, samples))


@pytest.mark.parametrize("name", [name for name in PLANES if name.startswith("RGB")])
def test_opponent_colours_agree_with_numpy(name: str):
    plane, samples = PLANES[name]
    found = accumulate(plane, frozenset({"colour"}), samples).colour
    agree(found, reference.colour(plane, samples), spread(plane, samples))


@each_plane
def test_percentiles_agree_with_numpy(plane: np.ndarray, samples: str):
    histogram = accumulate(plane, frozenset({"histogram"}), samples).histogram
    values = reference.colours(plane, samples)
    values = values[np.isfinite(values)].astype(float)
    asked = (0, 0.1, 1, 25, 50, 63.7, 99.9, 100)
    expected = np.percentile(values, asked) if values.size else np.full(8, np.nan)
    slack = 0 if histogram.exact or not values.size else 5e-5 * np.ptp(values)
    np.testing.assert_allclose(histogram.percentiles(*asked), expected, rtol=1e-9, atol=slack)


@each_plane
def test_a_histogram_counts_every_finite_sample_once(plane: np.ndarray, samples: str):
    histogram = accumulate(plane, frozenset({"histogram"}), samples).histogram
    values = reference.colours(plane, samples)
    assert histogram.n == histogram.counts.sum() == np.isfinite(values).sum()
    assert (np.diff(histogram.values) > 0).all() or plane.dtype.itemsize == 8
    if histogram.exact and plane.dtype.itemsize < 8:
        expected, counts = np.unique(values, return_counts=True)
        np.testing.assert_array_equal(histogram.values, expected)
        np.testing.assert_array_equal(histogram.counts, counts)


@each_plane
def test_integers_that_span_less_than_65536_are_exact(plane: np.ndarray, samples: str):
    histogram = accumulate(plane, frozenset({"histogram"}), samples).histogram
    narrow = plane.dtype.kind in "iub" and int(plane.max()) - int(plane.min()) < 65_536
    assert histogram.exact == narrow


@settings(max_examples=30, deadline=None)
@given(
    npst.arrays(
        npst.integer_dtypes() | npst.unsigned_integer_dtypes(sizes=(8, 16, 32)) | npst.boolean_dtypes(),
        npst.array_shapes(min_dims=2, max_dims=2, max_side=20),
    )
)
def test_any_small_plane_of_integers_agrees_with_numpy(plane: np.ndarray):
    found = accumulate(plane, frozenset({"moments", "profiles"}))
    agree(found.moments, reference.moments(plane), spread(plane, ""))
    assert found.moments.min == plane.min()
    assert found.moments.max == plane.max()


@settings(max_examples=30, deadline=None)
@given(
    npst.arrays(
        npst.floating_dtypes(endianness="?"),
        npst.array_shapes(min_dims=2, max_dims=2, max_side=20),
        elements={"allow_subnormal": True},
    )
)
def test_no_float_makes_the_kernels_stumble(plane: np.ndarray):
    found = accumulate(plane, EVERYTHING)
    finite = plane[np.isfinite(plane)].astype(float)
    assert found.moments.n_finite == finite.size
    assert found.histogram.n == finite.size
    if finite.size:
        assert (found.moments.min, found.moments.max) == (finite.min(), finite.max())


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(2, 5), st.randoms(use_true_random=False))
def test_strides_do_not_matter(height: int, width: int, step: int, random: Any):
    large = np.array([random.randrange(4_096) for _ in range(height * width)], "u2").reshape(height, width)
    view = large[::-step, ::step].T
    found, expected = (accumulate(plane, EVERYTHING) for plane in (view, view.copy()))
    assert repr(found) == repr(expected)


def _like(plane: np.ndarray, n: int) -> np.ndarray:
    """Planes of the values of one, some with gaps where there can be."""
    rng = np.random.default_rng(5)
    planes = np.stack([plane, *(rng.permuted(plane, axis=1) for _ in range(n - 1))])
    if planes.dtype.kind in "fc":
        planes[1], planes[2, -1] = np.nan, np.inf
    return planes


GROUPS = {
    name: (_like(plane, 5), samples)
    for name, (plane, samples) in PLANES.items()
    if planes_at_once(Layout.of(plane.shape, plane.dtype, samples)) > 1
}


@pytest.mark.parametrize(("planes", "samples"), GROUPS.values(), ids=GROUPS)
def test_planes_measured_together_do_not_know_each_other(planes: np.ndarray, samples: str):
    together = accumulate_many(planes, EVERYTHING, samples)
    for i, plane in enumerate(planes):
        alone = accumulate(plane, EVERYTHING, samples)
        np.testing.assert_equal(asdict(together.plane(i)), asdict(alone))


@pytest.mark.parametrize(
    ("shape", "dtype", "n"), [((16, 16), "u1", 300), ((8, 300), ">f4", 40), ((260, 270), "u2", 3)]
)
def test_small_planes_go_side_by_side_and_larger_ones_one_after_the_other(shape, dtype, n):
    planes = (
        np.random.default_rng(0)
        .normal(900, 40, (n, *shape))
        .clip(0, 255 if dtype == "u1" else None)
        .astype(dtype)
    )
    together = accumulate_many(planes, EVERYTHING)
    for i in (0, n // 2, n - 1):
        np.testing.assert_equal(asdict(together.plane(i)), asdict(accumulate(planes[i], EVERYTHING)))


def test_wide_integers_are_refused_in_company():
    with pytest.raises(ValueError, match="one by one"):
        accumulate_many(np.zeros((2, 4, 4), "u4"), EVERYTHING)


def test_only_what_is_wanted_is_given():
    found = asdict(accumulate(np.eye(9), frozenset({"profiles"})))
    assert [name for name, value in found.items() if value is not None] == ["profiles"]


def test_all_needs_of_planes_but_the_plane_itself_are_served():
    assert EVERYTHING | {"plane"} == set(PLANE_NEEDS)
    found = accumulate(np.zeros((12, 12, 3), "u1"), frozenset(PLANE_NEEDS), "RGB")
    assert all(value is not None for value in asdict(found).values())


def test_a_plane_without_colour_has_no_colour():
    assert accumulate(np.zeros((4, 4, 3), "u1"), EVERYTHING, "???").colour is None


def test_the_order_of_samples_is_read_from_their_letters():
    rgb, samples = PLANES["RGB u8"]
    wants = EVERYTHING - {"digest"}  # of the pixels as stored
    turned = accumulate(rgb[..., ::-1], wants, samples[::-1])
    assert repr(turned) == repr(accumulate(rgb, wants, samples))


def test_a_readonly_plane_is_measured_and_left_alone():
    plane = PLANES["u16"][0].copy()
    plane.flags.writeable = False
    assert accumulate(plane, EVERYTHING).moments.n == plane.size


def test_an_empty_plane_has_no_samples():
    found = accumulate(np.empty((0, 5), "f4"), EVERYTHING)
    assert found.moments.n == 0
    assert found.stencil.n_windows == 0


def test_threads_do_not_disturb_each_other():
    planes = [PLANES[name] for name in ("u16", "f64", "RGB u8", "f32 rows of NaN")] * 8
    alone = [repr(accumulate(plane, EVERYTHING, samples)) for plane, samples in planes]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda pair: repr(accumulate(pair[0], EVERYTHING, pair[1])), planes))
    assert together == alone


@pytest.mark.parametrize("name", ["300×700", "200×1100 with NaN", "RGB u8"])
@pytest.mark.parametrize("rows", [1, 2, 7])
def test_strips_of_any_height_give_the_same_sums(name: str, rows: int):
    plane, samples = PLANES[name]
    layout = Layout.of(plane.shape, plane.dtype, samples)
    strips = row_strips(plane[None], layout, layout.strip_rows)
    sums = PlaneSums(layout, Encoding.of(layout, 1, strips), EVERYTHING)
    for strip in row_strips(plane[None], layout, rows):
        sums.add(strip)
    found, whole = sums.result().plane(0), accumulate(plane, EVERYTHING, samples)
    for name in ("moments", "stencil", "profiles", "cells"):
        expected = {k: v for k, v in asdict(getattr(whole, name)).items() if k != "dtype"}
        agree(getattr(found, name), expected, spread(plane, samples))


@pytest.mark.parametrize(
    ("plane", "samples", "said"),
    [
        (np.zeros(3), "", "axes Y, X"),
        (np.zeros((2, 2, 3)), "RGBA", "name 4 samples, the plane has 3"),
        (np.zeros((2, 2), "S3"), "", "cannot be measured"),
    ],
)
def test_what_is_no_plane_is_said(plane: np.ndarray, samples: str, said: str):
    with pytest.raises((ValueError, TypeError), match=said):
        accumulate(plane, EVERYTHING, samples)


def test_warm_kernels_serve_common_planes():
    warm(["uint8"])
    assert accumulate(PLANES["u8"][0], EVERYTHING).moments.n == PLANES["u8"][0].size
