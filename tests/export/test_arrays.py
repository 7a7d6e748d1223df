"""Arrays in memory into a store, and back by zarr-python, bit for bit."""

import json
from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from skimage.transform import resize

from smalti.core.errors import UsageError

DTYPES = ("bool", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8", ">u2", ">f8")


def random_images(shape, dtype, seed):
    """Bytes of any value; of floats NaN, infinite values and -0.0 among them."""
    rng, native = np.random.default_rng(seed), np.dtype(dtype).newbyteorder("=")
    if native.kind == "b":
        return rng.integers(0, 2, shape).astype(bool)
    values = np.frombuffer(rng.bytes(int(np.prod(shape)) * native.itemsize), native).reshape(shape).copy()
    if native.kind == "f":
        values.reshape(-1)[rng.integers(0, values.size, 4)] = np.array(
            [np.nan, np.inf, -np.inf, -0.0], native
        )
    return values.astype(dtype)


def bits(array):
    return array.astype(array.dtype.newbyteorder("=")).tobytes()


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_images_of_any_shape_and_type_come_back_as_they_were(tmp_path_factory, convert, arrays, table, data):
    shape = data.draw(
        st.tuples(st.integers(1, 7), st.integers(1, 5), st.integers(1, 12), st.integers(1, 12)), "shape"
    )
    images = random_images(
        shape, data.draw(st.sampled_from(DTYPES), "dtype"), data.draw(st.integers(0, 999), "seed")
    )
    options = {
        "chunk_shape": data.draw(st.none() | st.tuples(*[st.integers(1, 9)] * 3), "chunk"),
        "shard_images": data.draw(st.none() | st.integers(1, 4), "shard"),
        "compressor": data.draw(st.sampled_from(["blosc-zstd", "blosc-lz4", "zstd", "lz4", "gzip", "none"])),
        "num_parallel_workers": data.draw(st.sampled_from([1, 2, 8]), "workers"),
    }
    split = data.draw(st.integers(0, len(images)), "split")
    store = tmp_path_factory.mktemp("arrays") / "x.zarr"
    for part in filter(len, (images[:split], images[split:])):
        convert(images=part, output_dir=store, append=True, **options)
    found, rows = arrays(store)["images"], table(store)
    assert found.dtype == images.dtype.newbyteorder("=")
    assert bits(found) == bits(images)
    assert rows["row"].to_list() == list(range(len(images)))
    assert rows["path"].to_list() == [f"image_{number:06}" for number in range(len(images))]
    for image, row in zip(
        images.astype(images.dtype.newbyteorder("=")), rows.iter_rows(named=True), strict=True
    ):
        assert_statistics(image, row)


def assert_statistics(image, row):
    """Against exact numbers: float64 where NumPy counts, fractions for the mean."""
    finite = image[np.isfinite(image)] if image.dtype.kind == "f" else image.ravel()
    assert row["n_nan"] == (int(np.isnan(image).sum()) if image.dtype.kind == "f" else 0)
    if not finite.size:
        assert (row["min"], row["max"], row["mean"]) == (None, None, None)
        return
    assert (row["min"], row["max"]) == (float(finite.min()), float(finite.max()))
    exact = sum((Fraction(one.item()) for one in finite), Fraction(0)) / finite.size
    largest = max(abs(float(finite.min())), abs(float(finite.max())))
    assert row["mean"] == pytest.approx(float(exact), rel=1e-12, abs=1e-12 * largest)


@pytest.mark.parametrize("value", [0, 1, 255])
def test_a_single_pixel_and_a_constant_are_images(tmp_path, convert, arrays, table, value):
    store = convert(images=np.full((2, 1, 1, 1), value, np.uint8), output_dir=tmp_path / "x.zarr")
    assert arrays(store)["images"].tolist() == [[[[value]]]] * 2
    assert table(store).select("min", "max", "mean", "n_nan").rows() == [(value, value, value, 0)] * 2


def test_statistics_pass_over_what_is_not_finite(tmp_path, convert, table):
    images = [np.array([[1, np.nan], [3, np.inf]], np.float32), np.full((2, 2), np.nan, np.float32)]
    rows = table(convert(images=images, output_dir=tmp_path / "x.zarr"))
    assert rows.select("min", "max", "mean", "n_nan").rows() == [(1, 3, 2, 1), (None, None, None, 4)]


def test_extremes_of_float64_have_a_mean(tmp_path, convert, table):
    images = np.array([[[1.7e308, 1.7e308], [1.7e308, -1.7e308]]])
    row = table(convert(images=images, output_dir=tmp_path / "x.zarr")).row(0, named=True)
    assert (row["min"], row["max"]) == (-1.7e308, 1.7e308)
    assert row["mean"] == pytest.approx(0.85e308)


# which axis is which


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        (np.arange(24).reshape(2, 3, 4), lambda a: a[:, np.newaxis]),
        (np.arange(24).reshape(1, 2, 4, 3), lambda a: a),
        ([np.arange(6).reshape(2, 3)], lambda a: a[0][np.newaxis, np.newaxis]),
        ([np.arange(30).reshape(3, 5, 2)], lambda a: a[0].transpose(2, 0, 1)[np.newaxis]),
        ([np.arange(30).reshape(2, 3, 5)], lambda a: a[0][np.newaxis]),
        ((np.arange(6).reshape(2, 3).T,), lambda a: a[0][np.newaxis, np.newaxis]),
    ],
    ids=["NHW", "NCHW", "HW", "HWC", "CHW", "strided"],
)
def test_axes_are_told_by_how_many_there_are(tmp_path, convert, arrays, images, expected):
    found = arrays(convert(images=images, output_dir=tmp_path / "x.zarr"))["images"]
    np.testing.assert_array_equal(found, expected(images), strict=True)


@pytest.mark.parametrize("axes", ["yxc", "CYX", "XYC", "YCX"])
def test_axes_that_are_given_count(tmp_path, convert, arrays, axes):
    image = np.arange(5 * 6 * 7).reshape(5, 6, 7)
    found = arrays(convert(images=[image], output_dir=tmp_path / "x.zarr", axes=axes))["images"]
    np.testing.assert_array_equal(found[0], np.einsum(f"{axes.lower()}->cyx", image), strict=True)


@pytest.mark.parametrize("axes", ["ZYX", "TCYX", "YX", "YXQ"])
def test_axes_that_no_image_in_memory_has_are_refused(tmp_path, convert, axes):
    with pytest.raises(UsageError, match="axes"):
        convert(images=[np.zeros((5, 6, 7))], output_dir=tmp_path / "x.zarr", axes=axes)


@pytest.mark.parametrize(
    ("images", "said"),
    [
        (
            np.zeros((2, 3, 4), np.complex64),
            "image 0 is complex64, two numbers a pixel; give real and imaginary",
        ),
        ([np.zeros((2, 3)), np.zeros((2, 3), "U1")], "image 1 is of type <U1; known: bool, uint8"),
        ([np.zeros((2, 3)), np.zeros(3)], r"image 1 has shape \(3,\); give \(height, width\)"),
        ([np.zeros((2, 3, 4, 5))], r"image 0 has shape \(2, 3, 4, 5\)"),
        ([np.zeros((0, 3))], r"image 0 has shape \(0, 3\)"),
        (np.zeros((0, 3, 4)), "there is no image in images"),
        ([], "there is no image in images"),
        (
            [np.zeros((2, 3)), np.zeros((3, 2))],
            "2 shapes .*1×2×3 .1., 1×3×2 .1.; give --resize H,W .* --shapes bucket",
        ),
        ([np.zeros((2, 3), np.int64), np.zeros((2, 3), np.float32)], "int64 .1., float32 .1.; give --dtype"),
    ],
)
def test_what_is_no_image_is_refused_with_the_reason(tmp_path, convert, images, said):
    with pytest.raises(UsageError, match=said):
        convert(images=images, output_dir=tmp_path / "x.zarr")
    assert list(tmp_path.iterdir()) == []


def test_images_come_from_folders_or_from_memory(tmp_path, convert):
    with pytest.raises(UsageError, match="from folders or from memory"):
        convert(tmp_path, tmp_path / "x.zarr", images=np.zeros((1, 2, 3)))
    with pytest.raises(UsageError, match="output_dir is empty"):
        convert(images=np.zeros((1, 2, 3)))


# a row an image


@pytest.mark.parametrize("kind", ["dicts", "polars", "pandas"])
def test_metadata_are_joined_row_by_row(tmp_path, convert, table, kind):
    told = [{"filename": f"s/{n}.x", "dose": n / 2, "error": f"e{n}"} for n in range(3)]
    metadata = {"dicts": told, "polars": pl.DataFrame(told), "pandas": pd.DataFrame(told)}[kind]
    store = convert(images=np.zeros((3, 2, 3)), image_metadata=metadata, output_dir=tmp_path / "x.zarr")
    rows = table(store).select("path", "filename", "row", "dose", "metadata_error", "error").rows()
    assert rows == [(f"s/{n}.x", f"{n}.x", n, n / 2, f"e{n}", None) for n in range(3)]


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ([{"n": 1}], "image_metadata has 1 rows for 3 images; give one an image"),
        ([{"n": 1}] * 4, "image_metadata has 4 rows for 3 images"),
        ([], "image_metadata has 0 rows for 3 images"),
        ([{"filename": name} for name in "aba"], "a filename that is empty or there twice"),
        ([{"filename": name} for name in ("a", None, "b")], "a filename that is empty or there twice"),
    ],
)
def test_metadata_that_are_not_a_row_an_image_are_refused(tmp_path, convert, metadata, said):
    with pytest.raises(UsageError, match=said):
        convert(images=np.zeros((3, 2, 3)), image_metadata=metadata, output_dir=tmp_path / "x.zarr")
    assert list(tmp_path.iterdir()) == []


def test_appending_in_pieces_equals_writing_at_once(tmp_path, convert, arrays, table):
    images = random_images((11, 2, 5, 6), "u2", 3)
    metadata = [{"filename": f"{n}.x", "n": n} for n in range(11)]
    options = {"shard_images": 4, "chunk_shape": (2, 5, 6)}
    for start, end in ((0, 1), (1, 4), (4, 11)):
        part = {"images": images[start:end], "image_metadata": metadata[start:end]}
        store = convert(output_dir=tmp_path / "x.zarr", append=True, **part, **options)
    whole = convert(images=images, image_metadata=metadata, output_dir=tmp_path / "y.zarr", **options)
    np.testing.assert_array_equal(arrays(store)["images"], arrays(whole)["images"], strict=True)
    assert_frame_equal(table(store), table(whole), check_exact=True)


def test_columns_that_only_some_appends_have_are_null_elsewhere(tmp_path, convert, table):
    for column in ("a", "b", "a"):
        metadata = [{column: 1}, {column: 2}]
        store = convert(
            images=np.zeros((2, 3, 4)), image_metadata=metadata, output_dir=tmp_path / "x.zarr", append=True
        )
    assert table(store).select("a", "b").rows() == [
        (1, None),
        (2, None),
        (None, 1),
        (None, 2),
        (1, None),
        (2, None),
    ]


@pytest.mark.parametrize(
    ("values", "kept"),
    [((1, "x"), ["1", "x"]), ((1, 2.5), [1.0, 2.5]), ((None, 3), [None, 3]), (("a", None), ["a", None])],
)
def test_columns_that_change_their_type_from_append_to_append_stay_readable(tmp_path, convert, values, kept):
    for value in values:
        told = {"image_metadata": [{"v": value}], "output_dir": tmp_path / "x.zarr", "append": True}
        convert(images=np.zeros((1, 3, 4)), **told)
    assert pl.read_parquet(tmp_path / "x_metadata.parquet")["v"].to_list() == kept


# resizing


def reference(image, size, order):
    """scikit-image in float64 on each channel; to the nearest pixel for order 0 and for booleans."""
    if order == 0 or image.dtype.kind == "b":
        at = [
            np.floor((np.arange(n) + 0.5) * m / n).astype(int)
            for n, m in zip(size, image.shape[1:], strict=True)
        ]
        return image[:, at[0][:, np.newaxis], at[1]]
    found = np.stack([resize(c.astype(np.float64), size, order=order, preserve_range=True) for c in image])
    if image.dtype.kind == "f":
        return found.astype(image.dtype)
    return np.clip(np.rint(found), np.iinfo(image.dtype).min, np.iinfo(image.dtype).max).astype(image.dtype)


@pytest.mark.parametrize("order", range(6))
@pytest.mark.parametrize("dtype", ["u1", "i2", "i4", "f2", "f4", "f8", "bool"])
@pytest.mark.parametrize("size", [(5, 6), (23, 31), (11, 40)], ids=str)
def test_resizing_is_that_of_scikit_image_rounded(tmp_path, convert, arrays, size, dtype, order):
    values = np.random.default_rng(order).normal(0, 60, (2, 3, 11, 13))
    images = (values > 0) if dtype == "bool" else values.clip(0 if dtype == "u1" else -300, 255).astype(dtype)
    told = {"resize": size, "interpolation_order": order}
    found = arrays(convert(images=images, output_dir=tmp_path / "x.zarr", **told))["images"]
    expected = np.stack([reference(image, size, order) for image in images])
    np.testing.assert_array_equal(found, expected, strict=True)


def test_halves_are_rounded_and_not_cut_off(tmp_path, convert, arrays):
    image = np.array([[[0, 1], [2, 5]], [[253, 254], [255, 255]]], np.uint8)
    found = arrays(convert(images=[image], output_dir=tmp_path / "x.zarr", resize=(1, 1), axes="CYX"))[
        "images"
    ]
    exact = [resize(channel.astype(float), (1, 1), preserve_range=True).item() for channel in image]
    assert exact == pytest.approx([2.0, 254.25], abs=0.5)
    assert found.ravel().tolist() == [round(value) for value in exact]


def test_a_ramp_grown_by_two_loses_no_half_step(tmp_path, convert, arrays):
    image = np.arange(0, 16, 2, dtype=np.uint8)[np.newaxis].repeat(8, axis=0)
    found = arrays(convert(images=[image], output_dir=tmp_path / "x.zarr", resize=(8, 16)))["images"]
    exact = resize(image.astype(float), (8, 16), order=1, preserve_range=True)
    assert (exact % 1 == 0.5).any()
    assert np.abs(found[0, 0] - exact).max() <= 0.5
    assert abs(float(found.mean()) - exact.mean()) < 0.05  # cut off, it would be 0.22 lower


def test_the_ends_of_64_bits_stay_where_they_are(tmp_path, convert, arrays):
    for dtype in (np.int64, np.uint64):
        image = np.full((4, 4), np.iinfo(dtype).max, dtype)
        store = convert(images=[image], output_dir=tmp_path / f"{np.dtype(dtype)}.zarr", resize=(8, 8))
        assert (arrays(store)["images"] == np.iinfo(dtype).max).all()


def test_labels_gain_no_value_by_order_0(tmp_path, convert, arrays):
    labels = np.random.default_rng(0).choice([0, 7, 1000, 65535], (1, 64, 64)).astype(np.uint16)
    told = {"resize": (20, 31), "interpolation_order": 0}
    found = arrays(convert(images=labels, output_dir=tmp_path / "x.zarr", **told))["images"]
    assert set(np.unique(found)) <= {0, 7, 1000, 65535}


def test_an_image_of_the_wanted_size_is_not_touched(tmp_path, convert, arrays):
    images = random_images((3, 1, 6, 7), "f4", 0)
    store = convert(images=images, output_dir=tmp_path / "x.zarr", resize=(6, 7), interpolation_order=5)
    assert bits(arrays(store)["images"]) == bits(images)


def test_unequal_images_are_made_equal_by_resizing(tmp_path, convert, arrays, table):
    images = [np.full((4, 9), 3, np.uint8), np.full((9, 4), 5, np.uint8)]
    store = convert(images=images, output_dir=tmp_path / "x.zarr", resize=(6, 6))
    assert arrays(store)["images"].tolist() == [[[[3] * 6] * 6], [[[5] * 6] * 6]]
    assert table(store)["shape"].to_list() == [[1, 4, 9], [1, 9, 4]]
    assert table(store)["stored_shape"].to_list() == [[1, 6, 6]] * 2


# runs that were stopped


def test_a_stopped_run_goes_on_with_the_same_arrays_only(tmp_path, convert, arrays, stops):
    images = random_images((9, 1, 3, 4), "u1", 0)
    told = {"output_dir": tmp_path / "x.zarr", "shard_images": 2}
    with pytest.raises(stops.error):
        convert(images=images, progress=stops(5), **told)
    assert arrays(tmp_path / "x.zarr")["images"].shape[0] == 4
    with pytest.raises(UsageError, match="a run that was stopped"):
        convert(images=images[::-1], **told)
    convert(images=images, **told)
    assert bits(arrays(tmp_path / "x.zarr")["images"]) == bits(images)


def test_a_stopped_run_does_not_go_on_with_other_metadata(tmp_path, convert, stops):
    told = {"images": np.zeros((9, 3, 4)), "output_dir": tmp_path / "x.zarr", "shard_images": 2}
    with pytest.raises(stops.error):
        convert(progress=stops(5), image_metadata=[{"n": n} for n in range(9)], **told)
    with pytest.raises(UsageError, match="a run that was stopped"):
        convert(image_metadata=[{"n": -n} for n in range(9)], **told)


def test_a_dry_run_of_arrays_writes_nothing(tmp_path, convert):
    convert(images=np.zeros((9, 3, 4)), output_dir=tmp_path / "x.zarr", dry_run=True)
    assert list(tmp_path.iterdir()) == []


def test_arrays_of_unequal_shapes_go_into_buckets(tmp_path, convert, images_of):
    images = [random_images((1 + n % 3, 2 + n, 9 - n), "f4", n) for n in range(6)]
    store = convert(images=images, output_dir=tmp_path / "x.zarr", shapes="bucket", axes="CYX")
    for number, image in enumerate(images):
        assert bits(images_of(store)[f"image_{number:06}"][0]) == bits(image)
    assert json.loads((store / "zarr.json").read_text())["attributes"]["total_images"] == 6
    assert len(list(zarr.open_group(store, mode="r")["images"].arrays())) < 6


def test_integers_resized_into_floats_keep_their_fractions(tmp_path, convert):
    pixels = np.array([[[[0, 1], [2, 4]]]], np.uint16)
    store = convert(images=pixels, output_dir=tmp_path / "x.zarr", resize=(1, 1), dtype="float32")
    assert zarr.open_array(store / "images", mode="r")[0, 0, 0, 0] == np.float32(1.75)
