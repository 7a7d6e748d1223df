"""Folders of images into a store: the right pixels, the right rows, and no word too little."""

import json
import re
import warnings

import numpy as np
import polars as pl
import pytest
import tifffile
import zarr
from astropy.io import fits
from PIL import Image
from polars.testing import assert_frame_equal

from smalti.core.errors import NothingFoundError, UsageError


@pytest.fixture(scope="module")
def twelve(tmp_path_factory, write, noise):
    """A folder of twelve small TIFFs, and their pixels by name."""
    pixels = {f"{number:02}.tif": image for number, image in enumerate(noise(12))}
    return write(tmp_path_factory.mktemp("twelve") / "in", pixels), pixels


def same(first, second, arrays, table):
    """Whether two stores hold the same pixels, rows and attributes."""
    one, two = arrays(first), arrays(second)
    assert one.keys() == two.keys()
    assert all(np.array_equal(one[path], two[path]) for path in one)
    assert_frame_equal(table(first), table(second), check_exact=True)
    told = [json.loads((store / "zarr.json").read_text())["attributes"] for store in (first, second)]
    assert told[0] | {"parts": 0} == told[1] | {"parts": 0}


def attributes(store):
    return json.loads((store / "zarr.json").read_text())["attributes"]


# pixels


def test_files_of_any_format_are_stored_as_their_own_libraries_read_them(tmp_path, convert, images_of, noise):
    folder = tmp_path / "in"
    folder.mkdir()
    rgb, grey = noise(1, (9, 8, 3))[0], noise(3, (9, 8))
    Image.fromarray(rgb).save(folder / "a.png")
    tifffile.imwrite(folder / "b.tif", rgb, photometric="rgb")
    np.save(folder / "c.npy", rgb)
    fits.writeto(folder / "d.fits", grey)
    stored = images_of(convert(folder, tmp_path / "x.zarr"))
    with Image.open(folder / "a.png") as png:
        np.testing.assert_array_equal(stored["a.png"][0], np.asarray(png).transpose(2, 0, 1), strict=True)
    tiff = tifffile.imread(folder / "b.tif").transpose(2, 0, 1)
    np.testing.assert_array_equal(stored["b.tif"][0], tiff, strict=True)
    np.testing.assert_array_equal(
        stored["c.npy"][0], np.load(folder / "c.npy").transpose(2, 0, 1), strict=True
    )
    np.testing.assert_array_equal(stored["d.fits"][0], fits.getdata(folder / "d.fits"), strict=True)


@pytest.mark.parametrize(
    ("first", "second", "made"),
    [
        ("uint8", "uint16", "uint16"),
        ("uint8", "float32", "float32"),
        ("int8", "uint8", "int16"),
        ("int32", "float32", "float64"),
        ("bool", "float16", "float16"),
    ],
)
def test_types_are_promoted_to_one_that_holds_all(
    tmp_path, convert, arrays, write, noise, first, second, made
):
    pixels = {"a.npy": noise(1, dtype=first)[0], "b.npy": noise(1, dtype=second, seed=1)[0]}
    store = convert(write(tmp_path / "in", pixels), tmp_path / "x.zarr")
    stored = arrays(store)["images"]
    assert stored.dtype == made
    np.testing.assert_array_equal(stored[:, 0], np.stack(list(pixels.values())).astype(made))
    assert attributes(store)["dtype"] == made


def test_types_that_nothing_holds_are_refused_with_the_ways_out(tmp_path, convert, write, noise):
    pixels = {"a.npy": noise(1, dtype=np.int64)[0], "b.npy": noise(1, dtype=np.float32)[0]}
    folder = write(tmp_path / "in", pixels)
    with pytest.raises(UsageError, match=r"int64 \(1\).*float32 \(1\).*--dtype.*--shapes bucket"):
        convert(folder, tmp_path / "x.zarr")
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_unequal_shapes_are_refused_with_the_ways_out_and_nothing_is_written(tmp_path, convert, write, noise):
    pixels = {"a.npy": noise(1, (3, 9, 8))[0], "b.tif": noise(1, (5, 4))[0], "c.tif": noise(1, (5, 4))[0]}
    folder = write(tmp_path / "in", pixels)
    with pytest.raises(UsageError, match=r"1×5×4 \(2\), 3×9×8 \(1\).*--resize H,W.*--shapes bucket"):
        convert(folder, tmp_path / "x.zarr")
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_buckets_are_named_after_type_and_shape_and_the_rare_are_padded(
    tmp_path, convert, arrays, images_of, table, write, noise
):
    pixels = {f"a{n}.tif": image for n, image in enumerate(noise(8, (6, 7), np.uint16))}
    pixels |= {f"b{n}.tif": image for n, image in enumerate(noise(9, (7, 6)))}
    pixels |= {f"c{n}.tif": noise(1, (20 + n, 25 - n), seed=n)[0] for n in range(5)}
    store = convert(write(tmp_path / "in", pixels), tmp_path / "x.zarr", shapes="bucket")
    shapes = {path: (array.shape, array.dtype.name) for path, array in arrays(store).items()}
    assert shapes == {
        "images/uint16_1x6x7": ((8, 1, 6, 7), "uint16"),
        "images/uint8_1x7x6": ((9, 1, 7, 6), "uint8"),
        "images/uint8_1x24x25_padded": ((5, 1, 24, 25), "uint8"),
    }
    stored = images_of(store)
    for name, image in pixels.items():
        np.testing.assert_array_equal(stored[name][0][0], image, strict=True)
    padded = table(store).filter(pl.col("bucket").str.ends_with("_padded"))
    assert (
        padded["stored_shape"].to_list()
        == padded["shape"].to_list()
        == [[1, 20 + n, 25 - n] for n in range(5)]
    )


def test_what_a_padded_image_leaves_is_fill(tmp_path, convert, arrays, write):
    pixels = {"a.tif": np.full((5, 9), 3, np.uint8), "b.tif": np.full((9, 5), 4, np.uint8)}
    store = convert(write(tmp_path / "in", pixels), tmp_path / "x.zarr", shapes="bucket")
    ((_, stored),) = arrays(store).items()
    assert stored.shape == (2, 1, 9, 9)
    assert (stored[0, 0, 5:] == 0).all()
    assert (stored[1, 0, :, 5:] == 0).all()
    assert stored.sum() == 5 * 9 * (3 + 4)


def test_images_of_many_shapes_never_take_an_array_each(tmp_path, convert, arrays, images_of, write, noise):
    shapes = [(1 + n * 7 % 40, 1 + n * 11 % 60) for n in range(40)]
    pixels = {f"{n}.tif": noise(1, shape, seed=n)[0] for n, shape in enumerate(shapes)}
    store = convert(write(tmp_path / "in", pixels), tmp_path / "x.zarr", shapes="bucket")
    assert len(arrays(store)) <= 10
    assert {name: image[0][0].tolist() for name, image in images_of(store).items()} == {
        name: image.tolist() for name, image in pixels.items()
    }


def test_no_bucket_is_much_larger_than_its_smallest_image(tmp_path, convert, arrays, write):
    pixels = {"wide.tif": np.ones((3, 4000), np.uint8), "tall.tif": np.ones((4000, 3), np.uint8)}
    store = convert(write(tmp_path / "in", pixels), tmp_path / "x.zarr", shapes="bucket")
    assert sum(array.nbytes for array in arrays(store).values()) <= 16 * 2 * 3 * 4000


# planes and axes


@pytest.fixture
def stack(tmp_path, noise):
    pixels = noise(2 * 3, dtype=np.uint16).reshape(2, 3, 6, 7)
    (tmp_path / "in").mkdir()
    tifffile.imwrite(tmp_path / "in" / "s.ome.tif", pixels, metadata={"axes": "TZYX"})
    return tmp_path / "in", pixels


def test_each_plane_of_a_stack_is_an_image(tmp_path, convert, arrays, table, stack):
    store = convert(stack[0], tmp_path / "x.zarr", planes="each")
    np.testing.assert_array_equal(arrays(store)["images"][:, 0], stack[1].reshape(6, 6, 7), strict=True)
    assert table(store).select("t", "z").rows() == [(t, z) for t in range(2) for z in range(3)]


def test_a_stack_becomes_its_maximum_or_its_middle(tmp_path, convert, arrays, stack):
    found = [arrays(convert(stack[0], tmp_path / f"{p}.zarr", planes=p))["images"] for p in ("max", "middle")]
    np.testing.assert_array_equal(found[0][0, 0], stack[1].max(axis=(0, 1)), strict=True)
    np.testing.assert_array_equal(found[1][0, 0], stack[1][0, 1], strict=True)


def test_a_stack_is_refused_when_nothing_was_said(tmp_path, convert, stack):
    with pytest.raises(UsageError, match=r"s\.ome\.tif with 6 planes \(TZYX\); give --planes each, max"):
        convert(stack[0], tmp_path / "x.zarr")
    assert not (tmp_path / "x.zarr").exists()


def test_axes_that_are_given_outdo_those_of_the_file(tmp_path, convert, arrays, stack):
    store = convert(stack[0], tmp_path / "x.zarr", axes="zcyx", planes="each")
    np.testing.assert_array_equal(arrays(store)["images"], stack[1], strict=True)


@pytest.mark.parametrize("axes", ["CYQ", "YYX", "CZX", "Y", "ABC"])
def test_axes_that_are_none_are_refused(tmp_path, convert, stack, axes):
    with pytest.raises(UsageError, match="axes"):
        convert(stack[0], tmp_path / "x.zarr", axes=axes, planes="each")
    assert not (tmp_path / "x.zarr").exists()


@pytest.mark.parametrize(
    ("shape", "order"),
    [((5, 64, 64), (0, 1, 2)), ((64, 64, 2), (2, 0, 1)), ((64, 4, 5), (0, 1, 2)), ((1, 64, 4), (2, 0, 1))],
)
def test_a_last_axis_of_at_most_four_is_channels(tmp_path, convert, arrays, write, noise, shape, order):
    image = noise(1, shape)[0]
    store = convert(write(tmp_path / "in", {"a.npy": image}), tmp_path / "x.zarr")
    np.testing.assert_array_equal(arrays(store)["images"][0], image.transpose(order), strict=True)


# FITS


@pytest.fixture
def hdus(tmp_path, noise):
    """A file with images in its HDUs 1 (SCI), 2 (ERR) and 3 (DQ), none in its first."""
    pixels = noise(3, dtype=np.float32)
    parts = [
        fits.ImageHDU(image, name=name) for image, name in zip(pixels, ("SCI", "ERR", "DQ"), strict=True)
    ]
    (tmp_path / "in").mkdir()
    fits.HDUList([fits.PrimaryHDU(), *parts]).writeto(tmp_path / "in" / "a.fits")
    return tmp_path / "in", pixels


@pytest.mark.parametrize(
    ("wanted", "channels"),
    [
        (None, [0]),
        (2, [1]),
        ("err", [1]),
        (["DQ", 1], [2, 0]),
        (["3", "ERR", "sci"], [2, 1, 0]),
        ([1, 1], [0, 0]),
    ],
)
def test_hdus_that_are_listed_become_channels(tmp_path, convert, arrays, hdus, wanted, channels):
    store = convert(hdus[0], tmp_path / "x.zarr", fits_extension=wanted)
    np.testing.assert_array_equal(arrays(store)["images"][0], hdus[1][channels], strict=True)


def test_a_file_that_lacks_an_hdu_has_a_row_with_the_reason(tmp_path, convert, table, hdus):
    fits.writeto(hdus[0] / "b.fits", hdus[1][0])
    rows = table(convert(hdus[0], tmp_path / "x.zarr", fits_extension="SCI"))
    assert rows["row"].to_list() == [0, None]
    assert "no image in HDU SCI; HDUs with one: 0" in rows["error"][1]


# what fails


@pytest.fixture
def spoilt(tmp_path, twelve):
    """The twelve images with three more that cannot be read among them."""
    folder = tmp_path / "in"
    folder.mkdir()
    for path in twelve[0].iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "00b.tif").write_bytes((folder / "00.tif").read_bytes()[:100])
    (folder / "05b.png").write_bytes(b"no picture")
    (folder / "zz.fits").write_bytes(b"")
    return folder


def test_a_bad_file_is_a_row_with_its_reason_and_takes_no_index(
    tmp_path, report, arrays, table, twelve, spoilt
):
    done = report(spoilt, tmp_path / "x.zarr")
    assert (done.written, done.failed, done.total) == (12, 3, 12)
    rows = table(tmp_path / "x.zarr")
    assert rows["path"].to_list() == sorted(path.name for path in spoilt.iterdir())
    bad = rows.filter(pl.col("error").is_not_null())
    assert bad["path"].to_list() == ["00b.tif", "05b.png", "zz.fits"]
    assert bad.select("row", "bucket", "pixel_hash", "min").null_count().row(0) == (3, 3, 3, 3)
    assert rows["row"].drop_nulls().to_list() == list(range(12))
    np.testing.assert_array_equal(
        arrays(tmp_path / "x.zarr")["images"][:, 0], np.stack(list(twelve[1].values()))
    )


def test_a_run_can_stop_at_the_first_bad_file(tmp_path, report, arrays, table, twelve, spoilt):
    done = report(spoilt, tmp_path / "x.zarr", on_error="stop")
    assert (done.written, done.failed) == (1, 1)
    assert "stopped at the image that failed" in done.problems[0]
    assert table(tmp_path / "x.zarr")["path"].to_list() == ["00.tif"]
    np.testing.assert_array_equal(arrays(tmp_path / "x.zarr")["images"][:, 0], twelve[1]["00.tif"][None])


def test_a_folder_of_bad_files_only_gives_a_store_of_reasons(tmp_path, report, arrays, table):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.tif").write_bytes(b"II*\0")
    done = report(tmp_path / "in", tmp_path / "x.zarr")
    assert (done.written, done.failed) == (0, 1)
    assert arrays(tmp_path / "x.zarr") == {}
    assert table(tmp_path / "x.zarr").select("path", "row").rows() == [("a.tif", None)]


def test_a_value_that_the_wanted_type_cannot_hold_fails_its_image_only(
    tmp_path, report, arrays, table, write
):
    pixels = {"a.npy": np.full((6, 7), 200, np.int16), "b.npy": np.full((6, 7), -1, np.int16)}
    done = report(write(tmp_path / "in", pixels), tmp_path / "x.zarr", dtype="uint8")
    assert (done.written, done.failed) == (1, 1)
    assert arrays(tmp_path / "x.zarr")["images"].tolist() == np.full((1, 1, 6, 7), 200).tolist()
    assert "42 of its int16 values are none of uint8, such as -1" in table(tmp_path / "x.zarr")["error"][1]


def test_a_plane_that_fails_costs_no_other_plane(tmp_path, report, images_of, write, noise):
    planes = noise(4, dtype=np.int16)
    planes[1] = -5
    folder = tmp_path / "in"
    folder.mkdir()
    tifffile.imwrite(folder / "s.ome.tif", planes, metadata={"axes": "ZYX"})
    report(folder, tmp_path / "x.zarr", dtype="uint16", planes="each")
    stored = np.stack(images_of(tmp_path / "x.zarr")["s.ome.tif"])
    np.testing.assert_array_equal(stored[:, 0], planes[[0, 2, 3]].astype(np.uint16), strict=True)


# a table beside the images


def csv(path, lines):
    path.write_text("\n".join(lines))
    return path


def test_a_table_is_joined_by_name_whatever_its_order(tmp_path, convert, table, twelve):
    order = np.random.default_rng(0).permutation(12)
    rows = [f"{number:02}.tif,{number * 1.5},s{number}" for number in order]
    beside = csv(tmp_path / "t.csv", ["filename,dose,site", *rows])
    found = table(convert(twelve[0], tmp_path / "x.zarr", metadata=beside))
    assert found.select("path", "dose", "site").rows() == [
        (f"{number:02}.tif", number * 1.5, f"s{number}") for number in range(12)
    ]


def test_the_key_is_a_path_or_a_name_that_only_one_image_has(tmp_path, convert, table, write, noise):
    folder = write(tmp_path / "in", dict(zip(("p/a.tif", "q/a.tif", "q/b.tif"), noise(3), strict=True)))
    beside = csv(tmp_path / "t.csv", ["n,filename", "1,b.tif", "2,./q/a.tif", "3,p\\a.tif"])
    found = table(convert(folder, tmp_path / "x.zarr", metadata=beside, recursive=True))
    assert dict(found.select("path", "n").iter_rows()) == {"p/a.tif": 3, "q/a.tif": 2, "q/b.tif": 1}


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["filename,n", "p/a.tif,1", "p/a.tif,2"], "several rows for 1 of its images, such as p/a.tif"),
        (["filename,n", "b.tif,1", "q/b.tif,2"], "several rows for 1 of its images, such as q/b.tif"),
        (["filename,n", "a.tif,1"], "'a.tif', as 2 images are called, such as p/a.tif and q/a.tif"),
        (["name,n", "a.tif,1"], "no column 'filename'.*it has name, n"),
    ],
    ids=["double path", "name and path", "ambiguous", "no key"],
)
def test_a_table_that_says_two_things_is_refused(tmp_path, convert, write, noise, lines, said):
    folder = write(tmp_path / "in", dict(zip(("p/a.tif", "q/a.tif", "q/b.tif"), noise(3), strict=True)))
    with pytest.raises(UsageError, match=said):
        convert(folder, tmp_path / "x.zarr", metadata=csv(tmp_path / "t.csv", lines), recursive=True)
    assert not (tmp_path / "x.zarr").exists()


def test_what_has_no_partner_is_reported_both_ways(tmp_path, report, table, twelve):
    beside = csv(tmp_path / "t.csv", ["filename,n", "00.tif,7", "lost.tif,8"])
    done = report(twelve[0], tmp_path / "x.zarr", metadata=beside)
    assert done.problems == (
        "11 of 12 images have no row in t.csv, such as 01.tif",
        "1 of 2 rows of t.csv match no image, such as lost.tif",
    )
    assert table(tmp_path / "x.zarr")["n"].to_list() == [7, *[None] * 11]


@pytest.mark.parametrize("name", ["path", "series", "row", "bucket", "min", "error", "t", "metadata_min"])
def test_columns_named_like_ours_are_kept_under_another_name(tmp_path, convert, table, twelve, name):
    lines = [f"filename,{name},metadata_min2", *[f"{n:02}.tif,v{n},{n}" for n in range(12)]]
    store = convert(twelve[0], tmp_path / "x.zarr", metadata=csv(tmp_path / "t.csv", lines))
    found = table(store)
    kept = name if name == "metadata_min" else f"metadata_{name}"
    assert found[kept].to_list() == [f"v{n}" for n in range(12)]
    assert found["path"].to_list() == [f"{n:02}.tif" for n in range(12)]
    assert found["row"].to_list() == list(range(12))
    assert [column for column in found.columns if column.endswith("_right")] == []


def test_a_table_that_lies_where_ours_would_is_not_replaced(tmp_path, convert, twelve):
    mine = tmp_path / "x_metadata.parquet"
    pl.DataFrame({"filename": ["00.tif"], "n": [1]}).write_parquet(mine)
    before = mine.read_bytes()
    with pytest.raises(UsageError, match=r"x_metadata\.parquet"):
        convert(twelve[0], tmp_path / "x.zarr", metadata=mine)
    assert mine.read_bytes() == before


# dry runs


def test_a_dry_run_says_what_would_be_and_writes_nothing(tmp_path, report, twelve, spoilt, prints):
    before = prints(tmp_path)
    plan = "\n".join(report(spoilt, tmp_path / "new" / "x.zarr", dry_run=True).plan)
    assert prints(tmp_path) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in"]
    for said in ("12 images of TIFF (12)", "uint8 (12)", "1×6×7 (12)", "12×1×6×7 uint8, 504 B", "1 file"):
        assert said in plan
    assert "3 images would fail" in plan
    assert "05b.png" in plan


def test_a_dry_run_into_buckets_names_each(tmp_path, report, write, noise):
    pixels = {f"{n}.tif": image for n, image in enumerate(noise(8))} | {"z.tif": noise(1, (3, 3))[0]}
    plan = report(write(tmp_path / "in", pixels), tmp_path / "x.zarr", dry_run=True, shapes="bucket").plan
    assert [line.split()[:2] for line in plan if "images/" in line] == [
        ["images/uint8_1x6x7", "8×1×6×7"],
        ["images/uint8_1x3x3", "1×1×3×3"],
    ]


# a store that is there


@pytest.fixture
def stored(tmp_path, convert, twelve):
    return convert(twelve[0], tmp_path / "x.zarr", shard_images=5)


def test_a_store_that_is_there_is_refused_with_both_ways_out(convert, twelve, stored, prints):
    before = prints(stored)
    with pytest.raises(UsageError, match="it is there already; --append adds to it, --overwrite replaces it"):
        convert(twelve[0], stored)
    assert prints(stored) == before


@pytest.mark.parametrize(
    ("shape", "dtype", "said"),
    [
        ((6, 8), np.uint8, r"holds images of 1×6×7 .* these are 1×6×8 \(1\); give --resize 6,7"),
        ((6, 7), np.uint16, r"holds uint8, these are uint16 \(1\); give --dtype uint8"),
        ((6, 7), np.bool_, r"holds uint8, these are bool \(1\); give --dtype uint8"),
    ],
)
def test_images_unlike_the_store_are_refused_with_both_named(
    tmp_path, convert, write, noise, stored, prints, shape, dtype, said
):
    more = write(tmp_path / "more", {"m.npy": noise(1, shape, dtype)[0]})
    before = prints(stored)
    with pytest.raises(UsageError, match=said):
        convert(more, stored, append=True)
    assert prints(stored) == before


def test_another_type_is_added_when_it_is_asked_for(tmp_path, report, arrays, write, stored):
    more = write(tmp_path / "more", {"m.npy": np.full((6, 7), 9, np.int64), "n.npy": np.full((6, 7), 999)})
    done = report(more, stored, append=True, dtype="uint8")
    assert (done.written, done.failed, done.total) == (1, 1, 13)
    assert arrays(stored)["images"][12].tolist() == [[[9] * 7] * 6]


def test_appending_in_pieces_equals_converting_at_once(tmp_path, convert, arrays, table, twelve, write):
    names = sorted(twelve[1])
    for number, piece in enumerate((names[:1], names[1:6], names[6:])):
        folder = write(tmp_path / f"piece{number}" / "in", {name: twelve[1][name] for name in piece})
        store = convert(folder, tmp_path / "x.zarr", append=True, shard_images=5, chunk_shape=(2, 6, 7))
    whole = convert(twelve[0], tmp_path / "y.zarr", shard_images=5, chunk_shape=(2, 6, 7))
    np.testing.assert_array_equal(arrays(store)["images"], arrays(whole)["images"], strict=True)
    volatile = ("source_modified",)
    assert_frame_equal(table(store).drop(volatile), table(whole).drop(volatile), check_exact=True)


def test_each_append_is_an_entry_with_its_span(tmp_path, convert, twelve, stored):
    for _ in range(2):
        convert(twelve[0], stored, append=True)
    assert attributes(stored)["append_history"] == [
        {"appended_count": 12, "start_index": 12, "end_index": 24},
        {"appended_count": 12, "start_index": 24, "end_index": 36},
    ]


def test_appending_to_nothing_makes_a_store(tmp_path, convert, arrays, twelve):
    store = convert(twelve[0], tmp_path / "x.zarr", append=True)
    assert arrays(store)["images"].shape == (12, 1, 6, 7)
    assert attributes(store)["append_history"] == []


def test_overwriting_replaces_the_whole_store(tmp_path, convert, arrays, table, write, stored, prints):
    folder = write(tmp_path / "other", {"o.npy": np.ones((2, 3), np.float32)})
    fresh = convert(folder, tmp_path / "y.zarr")
    convert(folder, stored, overwrite=True)
    assert prints(stored).keys() == prints(fresh).keys()
    assert arrays(stored)["images"].tolist() == [[[[1.0] * 3] * 2]]
    assert table(stored)["path"].to_list() == ["o.npy"]


@pytest.mark.parametrize("wrong", [{"clevel": 15}, {"chunk_shape": (1, 2)}, {"dtype": "int3"}])
def test_what_cannot_be_written_leaves_the_old_store(convert, twelve, stored, prints, wrong):
    before = prints(stored)
    with pytest.raises(UsageError):
        convert(twelve[0], stored, overwrite=True, **wrong)
    assert prints(stored) == before


@pytest.mark.parametrize("wrong", [{"clevel": 15}, {"chunk_shape": (1, 0, 2)}])
def test_what_cannot_be_written_leaves_no_folder(tmp_path, convert, twelve, wrong):
    with pytest.raises(UsageError):
        convert(twelve[0], tmp_path / "x.zarr", **wrong)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["notes.txt", "images/mine.png", "table/mine.csv", ".zgroup", "zarr.json"])
@pytest.mark.parametrize("way", ["overwrite", "append"])
def test_a_folder_that_is_no_store_of_ours_is_never_touched(tmp_path, convert, twelve, prints, name, way):
    path = tmp_path / "x.zarr" / name
    path.parent.mkdir(parents=True)
    path.write_text('{"zarr_format": 3, "node_type": "group", "attributes": {}}')
    before = prints(tmp_path)
    with pytest.raises(UsageError, match="give another --out"):
        convert(twelve[0], tmp_path / "x.zarr", **{way: True})
    assert prints(tmp_path) == before


def test_append_and_overwrite_are_opposites(tmp_path, convert, twelve):
    with pytest.raises(UsageError, match="opposites"):
        convert(twelve[0], tmp_path / "x.zarr", append=True, overwrite=True)


# which files


def test_an_empty_folder_and_one_whose_images_lie_deeper_say_so(tmp_path, convert, write, noise):
    (tmp_path / "empty").mkdir()
    with pytest.raises(NothingFoundError, match="empty"):
        convert(tmp_path / "empty", tmp_path / "x.zarr")
    folder = write(tmp_path / "in", {"deep/a.tif": noise(1)[0]})
    with pytest.raises(NothingFoundError, match="itself holds no image, its sub-folders 1; add --recursive"):
        convert(folder, tmp_path / "x.zarr")
    assert not (tmp_path / "x.zarr").exists()


def test_sub_folders_are_left_out_unless_they_are_asked_for(tmp_path, convert, table, write, noise):
    folder = write(tmp_path / "in", dict(zip(("a.tif", "b/c.tif"), noise(2), strict=True)))
    flat, deep = (convert(folder, tmp_path / f"{r}.zarr", recursive=r) for r in (False, True))
    assert table(flat)["path"].to_list() == ["a.tif"]
    assert table(deep)["path"].to_list() == ["a.tif", "b/c.tif"]


def test_paths_of_several_folders_begin_with_their_names(tmp_path, convert, images_of, write, noise):
    one, two = noise(2)
    folders = [write(tmp_path / name, {"i.tif": image}) for name, image in (("a", one), ("b", two))]
    stored = images_of(convert(folders, tmp_path / "x.zarr"))
    assert {path: image[0][0].tolist() for path, image in stored.items()} == {
        "a/i.tif": one.tolist(),
        "b/i.tif": two.tolist(),
    }


def test_two_files_of_one_path_are_refused(tmp_path, convert, write, noise):
    folders = [write(tmp_path / name / "same", {"i.tif": noise(1)[0]}) for name in "ab"]
    with pytest.raises(UsageError, match=r"two files would be same/i\.tif"):
        convert(folders, tmp_path / "x.zarr")


def test_a_pattern_chooses_files(tmp_path, convert, table, twelve):
    assert table(convert(f"{twelve[0]}/*1.tif", tmp_path / "x.zarr"))["path"].to_list() == [
        "01.tif",
        "11.tif",
    ]


def test_a_store_among_its_own_images_is_none_of_them(tmp_path, convert, table, write, noise):
    folder = write(tmp_path / "in", {"a.tif": noise(1)[0]})
    store = convert(folder, folder)
    assert store == folder / "images.zarr"
    convert(folder, folder, append=True, recursive=True)
    assert table(store)["path"].to_list() == ["a.tif", "a.tif"]


# runs that were stopped


KINDS = {
    "one shape": {"shard_images": 4},
    "chunks of three": {"shard_images": 6, "chunk_shape": (3, 6, 7)},
    "promoted": {"shard_images": 4},
    "buckets": {"shard_images": 3, "shapes": "bucket"},
}


def mixed(kind, noise):
    """Twelve images; those to be promoted differ in type, those for buckets in shape."""
    pixels = {f"{n:02}.npy": image for n, image in enumerate(noise(12))}
    if kind == "promoted":
        pixels |= {"03.npy": pixels["03.npy"].astype(np.uint16), "07.npy": pixels["07.npy"].astype(np.int16)}
    if kind == "buckets":
        pixels |= {"00.npy": noise(1, (7, 8))[0], "06.npy": noise(1, (8, 7))[0]}
    return pixels


@pytest.mark.parametrize("after", [1, 6, 13])
@pytest.mark.parametrize("kind", KINDS)
def test_a_stopped_run_goes_on_as_if_nothing_had_been(
    tmp_path, convert, arrays, table, write, noise, stops, kind, after
):
    folder = write(tmp_path / "in", mixed(kind, noise))
    (folder / "02b.npy").write_bytes(b"bad")
    (folder / "zz.tif").write_bytes(b"bad")
    with pytest.raises(stops.error):
        convert(folder, tmp_path / "x.zarr", progress=stops(after), **KINDS[kind])
    done = attributes(tmp_path / "x.zarr") if (tmp_path / "x.zarr" / "zarr.json").exists() else {"rows": 0}
    assert done["rows"] < 14
    stopped = convert(folder, tmp_path / "x.zarr", **KINDS[kind])
    same(stopped, convert(folder, tmp_path / "y.zarr", **KINDS[kind]), arrays, table)


@pytest.mark.parametrize("kind", KINDS)
def test_a_stopped_append_goes_on_as_if_nothing_had_been(
    tmp_path, convert, arrays, table, write, noise, stops, kind
):
    first, more = (write(tmp_path / name, mixed(kind, noise)) for name in ("in", "more"))
    options = KINDS[kind] | ({"dtype": "int32"} if kind == "promoted" else {})
    stores = [convert(first, tmp_path / f"{name}.zarr", **options) for name in "xy"]
    with pytest.raises(stops.error):
        convert(more, stores[0], append=True, progress=stops(9), **options)
    assert 12 < attributes(stores[0])["rows"] < 24
    for store in stores:
        convert(more, store, append=True, **options)
    same(*stores, arrays, table)


def test_a_stopped_run_is_a_store_that_can_be_read(tmp_path, convert, arrays, table, twelve, stops):
    store = tmp_path / "x.zarr"
    with pytest.raises(stops.error):
        convert(twelve[0], store, progress=stops(9), shard_images=4)
    assert attributes(store)["finished"] is False
    assert table(store)["row"].to_list() == list(range(8))
    np.testing.assert_array_equal(arrays(store)["images"][:, 0], np.stack(list(twelve[1].values())[:8]))


def test_a_stopped_run_of_other_images_is_not_gone_on_with(tmp_path, convert, twelve, stops, prints, write):
    with pytest.raises(stops.error):
        convert(twelve[0], tmp_path / "x.zarr", progress=stops(9), shard_images=4)
    before = prints(tmp_path)
    with pytest.raises(UsageError, match="of other sources or options"):
        convert(twelve[0], tmp_path / "x.zarr", shard_images=4, resize=(6, 7))
    with pytest.raises(UsageError, match="of other sources or options"):
        convert(f"{twelve[0]}/*1.tif", tmp_path / "x.zarr", shard_images=4)
    assert prints(tmp_path) == before


def test_a_stopped_run_does_not_go_on_with_another_table(tmp_path, convert, twelve, stops):
    with pytest.raises(stops.error):
        convert(twelve[0], tmp_path / "x.zarr", progress=stops(9), shard_images=4)
    beside = csv(tmp_path / "t.csv", ["filename,n", "00.tif,7"])
    with pytest.raises(UsageError, match="the table beside its images was another"):
        convert(twelve[0], tmp_path / "x.zarr", shard_images=4, metadata=beside)


def test_a_stopped_run_does_not_keep_images_that_are_gone(tmp_path, convert, table, write, noise, stops):
    folder = write(tmp_path / "in", {f"{n}.tif": image for n, image in enumerate(noise(8))})
    with pytest.raises(stops.error):
        convert(folder, tmp_path / "x.zarr", progress=stops(5), shard_images=4)
    (folder / "1.tif").unlink()
    with pytest.raises(UsageError, match=re.escape("1.tif")):
        convert(folder, tmp_path / "x.zarr", shard_images=4)
    assert table(tmp_path / "x.zarr")["path"].to_list() == [f"{n}.tif" for n in range(4)]


# the store as others see it


def test_zarr_python_opens_it_without_a_word_and_sees_no_stranger(tmp_path, convert, write, noise):
    pixels = {"a.tif": noise(1)[0], "b.tif": noise(1, (40, 50))[0]}
    one = convert(write(tmp_path / "one", {"a.tif": pixels["a.tif"]}), tmp_path / "one.zarr")
    two = convert(write(tmp_path / "two", pixels), tmp_path / "two.zarr", shapes="bucket")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        members = [dict(zarr.open_group(store, mode="r").members(max_depth=None)) for store in (one, two)]
    assert list(members[0]) == ["images"]
    assert sorted(members[1]) == ["images", "images/uint8_1x40x50", "images/uint8_1x6x7"]


def test_an_array_opened_alone_says_what_the_root_says(tmp_path, stored):
    alone, inside = zarr.open_array(stored / "images", mode="r"), zarr.open_group(stored, mode="r")["images"]
    assert alone.metadata == inside.metadata
    assert attributes(stored)["image_shape"] == [1, 6, 7]
    assert attributes(stored)["codec"] == "blosc (zstd, level 1, bitshuffle)"


def test_the_table_beside_is_the_one_inside(tmp_path, convert, table, twelve, stored):
    convert(twelve[0], stored, append=True)
    beside = pl.read_parquet(tmp_path / "x_metadata.parquet")
    assert_frame_equal(beside, table(stored), check_exact=True)
    assert beside.height == 24


def test_a_name_that_is_no_store_is_the_folder_of_one(tmp_path, convert, twelve):
    store = convert(twelve[0], tmp_path / "out")
    assert store == tmp_path / "out" / "images.zarr"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "images.zarr",
        "images_metadata.parquet",
    ]


def test_the_table_says_where_an_image_came_from(tmp_path, convert, table, twelve):
    import xxhash

    (row,) = table(convert(twelve[0] / "03.tif", tmp_path / "x.zarr")).iter_rows(named=True)
    data = (twelve[0] / "03.tif").read_bytes()
    assert (row["source_size"], row["source_hash"]) == (len(data), xxhash.xxh3_128_hexdigest(data))
    assert row["pixel_hash"] == xxhash.xxh3_128_hexdigest(twelve[1]["03.tif"].tobytes())
    assert (row["shape"], row["dtype"], row["format"]) == ([1, 6, 7], "uint8", "TIFF")
    assert row["source_modified"].timestamp() == pytest.approx(
        (twelve[0] / "03.tif").stat().st_mtime, abs=86_400
    )


# many at once


def test_one_process_and_eight_write_the_same_store(tmp_path, convert, arrays, table, twelve, spoilt):
    stores = [convert(spoilt, tmp_path / f"{n}.zarr", num_parallel_workers=n, shard_images=5) for n in (1, 8)]
    same(*stores, arrays, table)


@pytest.mark.slow
def test_a_thousand_images_by_eight_workers_are_all_right(tmp_path, convert, arrays, table, write, repeats):
    numbers = np.random.default_rng(0).permutation(1000)
    pixels = {
        f"{n:04}.tif": np.full((16, 16), n, np.uint16) + np.arange(16, dtype=np.uint16) for n in numbers
    }
    folder = write(tmp_path / "in", pixels)
    whole = np.stack([pixels[name] for name in sorted(pixels)])
    for number in range(repeats):
        store = convert(folder, tmp_path / f"{number}.zarr", num_parallel_workers=8, shard_images=300)
        np.testing.assert_array_equal(arrays(store)["images"][:, 0], whole, strict=True)
        assert table(store)["path"].to_list() == sorted(pixels)
        assert table(store)["mean"].to_list() == whole.mean((1, 2)).tolist()
