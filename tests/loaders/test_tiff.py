"""TIFF: planes, regions and levels against tifffile's own whole reads; what is missing is said."""

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.core.errors import TooLargeError, UnreadableError
from smalti.core.image import ImageRef
from smalti.loaders.choose import open_images

STACKS = [
    "microscopy_neubias/xyzc_16bit/xyzc_16bit__spots.tif",
    "microscopy_neubias/xyt_8bit_polyp/xyt_8bit_polyp.tif",
    "ometiff/multi-channel-z-series.ome.tif",
    "ometiff/tzcyx_5d.ome.tif",
    "skimage/multipage_rgb.tif",
]
REGIONS = [
    "odd_valid/tiled_16x16.tif",
    "odd_valid/predictor_lzw.tif",
    "odd_valid/uint16_bigtiff_bigendian.tif",
    "ometiff/tiled_zlib.ome.tif",
    "format_zoo/tiff_tiled_planar_lzw.tiff",
    "format_zoo/tiff_adobe_deflate.tif",
    "format_zoo/tiff_tiled_cmyk_jpeg.tif",
    "format_zoo/tiff_strip_ycbcr_jpeg_2x2_sampling.tif",
    "em/em_volume_imagej.tif",
]
SCHEMA = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
OME = f'<?xml version="1.0"?><OME xmlns="{SCHEMA}" UUID="urn:uuid:1">{{}}</OME>'


@pytest.mark.parametrize("path", STACKS)
def test_each_plane_equals_a_slice_of_the_whole(path, data, first):
    with first(data / path) as image:
        whole = tifffile.imread(data / path).reshape(image.shape)
        for t, c, z in image.planes():
            picks = {"T": t, "C": c, "Z": z}
            expected = whole[tuple(picks.get(axis, slice(None)) for axis in image.axes)]
            np.testing.assert_array_equal(image.read(t=t, c=c, z=z), expected, strict=True)


@pytest.mark.parametrize("path", REGIONS)
@given(numbers=st.lists(st.floats(0, 1), min_size=4, max_size=4), step=st.integers(1, 3))
@settings(max_examples=12, deadline=None)
def test_a_region_equals_the_region_of_the_whole(path, numbers, step, data, read_whole):
    image, whole = read_whole(data / path)
    height, width = image.sizes["Y"], image.sizes["X"]
    top, bottom = sorted(int(n * height) for n in numbers[:2])
    left, right = sorted(int(n * width) for n in numbers[2:])
    picks = {"Y": slice(top, bottom + 1, step), "X": slice(left, right + 1)}
    expected = whole[tuple(picks.get(axis, slice(None)) for axis in image.axes)]
    np.testing.assert_array_equal(image.read(y=picks["Y"], x=picks["X"]), expected, strict=True)


@pytest.fixture(scope="module")
def read_whole():
    """Opens each file once for all examples; all are closed in the end."""
    opened = {}

    def read(path):
        if path not in opened:
            context = open_images(ImageRef(str(path), path.name), 2**30)
            image = next(context.__enter__())
            opened[path] = context, image, tifffile.imread(path).reshape(image.shape)
        return opened[path][1:]

    yield read
    for context, *_ in opened.values():
        context.__exit__(None, None, None)


def test_one_plane_of_a_huge_stack_is_read_alone(tmp_path, first):
    path = tmp_path / "huge.tif"
    stack = tifffile.memmap(path, shape=(2000, 2048, 2048), dtype=np.uint16, bigtiff=True)  # 16 GB, sparse
    stack[1999, 5] = 7
    stack.flush()
    del stack
    with first(path, limit=10_000_000) as image:
        assert image.n_planes == 2000
        assert image.read(z=1999)[5].min() == 7
        with pytest.raises(TooLargeError, match="this region needs 16,777,216,000 bytes"):
            image.read()


def test_a_plane_above_the_limit_is_read_in_strips(tmp_path, first):
    plane = np.arange(512 * 300, dtype=np.uint16).reshape(512, 300)
    tifffile.imwrite(tmp_path / "a.tif", plane, compression="zlib", rowsperstrip=64)
    with first(tmp_path / "a.tif", limit=100_000) as image:
        assert image.block_shape == (64, 300)
        strips = [image.read(y=slice(y, y + 64)) for y in range(0, 512, 64)]
        np.testing.assert_array_equal(np.concatenate(strips), plane)
        with pytest.raises(TooLargeError):
            image.read()


def test_a_pyramid_gives_its_levels(data, first):
    path = data / "ometiff/pyramid_subifd.ome.tif"
    with first(path) as image, tifffile.TiffFile(path) as file:
        assert image.levels == tuple(level.shape for level in file.series[0].levels)
        for number, level in enumerate(file.series[0].levels):
            np.testing.assert_array_equal(image.read(c=1, level=number), level.asarray()[1])


def test_an_axis_of_pages_without_meaning_is_z(data, first):
    with first(data / "skimage/multipage.tif") as image:
        assert (image.axes, image.shape) == ("ZYX", (2, 15, 10))


def test_unknown_axes_beyond_three_become_series(tmp_path, read_all):
    array = np.arange(2 * 2 * 2 * 2 * 3 * 5, dtype=np.uint8).reshape(2, 2, 2, 2, 3, 5)
    tifffile.imwrite(tmp_path / "a.tif", array, photometric="minisblack")
    found = read_all(tmp_path / "a.tif")
    assert [(image.axes, image.ref.series_name) for image, _ in found] == [("ZTCYX", "Q0"), ("ZTCYX", "Q1")]
    np.testing.assert_array_equal(np.stack([pixels for _, pixels in found], axis=3), array)


def test_pages_that_the_ome_map_loses_keep_their_declared_axis(data, first):
    with first(data / "bad/metadata/ome_tiffdata_renamed.ome.tif") as image:
        assert (image.axes, image.shape) == ("CYX", (2, 160, 160))


def test_other_files_of_a_set_are_not_opened(tmp_path, first):
    entry = '<TiffData IFD="0" FirstT="{}" PlaneCount="1"><UUID FileName="{}">urn:uuid:{}</UUID></TiffData>'
    pixels = (
        '<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="9" SizeY="8" '
        'SizeZ="1" SizeC="1" SizeT="2">' + entry.format(0, "a.ome.tif", 1) + entry.format(1, "b.ome.tif", 2)
    )
    xml = OME.format(pixels + "</Pixels></Image>")
    (tmp_path / "b.ome.tif").mkdir()  # cannot be opened as a file
    tifffile.imwrite(tmp_path / "a.ome.tif", np.ones((8, 9), np.uint8), description=xml, metadata=None)
    with first(tmp_path / "a.ome.tif") as image:
        assert (image.axes, image.shape) == ("YX", (8, 9))
        assert image.read().min() == 1


@pytest.mark.parametrize(
    "xml",
    [
        '<!DOCTYPE OME [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><OME><Image Name="&b;"/></OME>',
        OME.format('<Image><Pixels SizeX="9" SizeY="8" SizeZ="1" SizeC="99999999999" SizeT="1"/></Image>'),
    ],
    ids=["entities", "absurd size"],
)
def test_hostile_ome_xml_is_not_believed(tmp_path, first, xml):
    tifffile.imwrite(tmp_path / "a.tif", np.ones((8, 9), np.uint8), description=xml, metadata=None)
    with first(tmp_path / "a.tif") as image:
        assert (image.axes, image.read().sum()) == ("YX", 72)


def test_pages_after_the_cut_raise_and_those_before_it_are_read(tmp_path, first):
    stack = np.random.default_rng(0).integers(0, 255, (4, 50, 60), np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", stack, photometric="minisblack")
    content = (tmp_path / "a.tif").read_bytes()
    (tmp_path / "a.tif").write_bytes(content[: len(content) - 4000])
    with first(tmp_path / "a.tif") as image:
        assert "bytes of pixels it declares" in image.partial
        np.testing.assert_array_equal(image.read(z=1), stack[1])
        with pytest.raises(UnreadableError, match="the file holds"):
            image.read(z=3)


@pytest.mark.parametrize(("pages", "back_to"), [(3, 1), (150, 0), (150, 149)])
def test_a_chain_of_pages_that_runs_in_a_circle_ends_where_it_comes_back(tmp_path, first, pages, back_to):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        for number in range(pages):
            writer.write(np.full((4, 5), number, np.uint8), metadata=None, contiguous=False)
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        target, last = file.pages[back_to].offset, file.pages[-1]
    with (tmp_path / "a.tif").open("r+b") as content:
        content.seek(last.offset + 2 + 12 * len(last.tags))
        content.write(target.to_bytes(4, "little"))
    with first(tmp_path / "a.tif") as image:
        assert (
            image.partial == f"the chain of pages is broken: page {pages - 1} points back to page {back_to}"
        )
        assert (image.n_planes, image.read(z=pages - 1).max()) == (pages, pages - 1)


@pytest.mark.parametrize("kind", [9, 11], ids=["negative", "fractional"])
def test_a_width_that_is_no_whole_number_is_refused_at_once(tmp_path, first, kind):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((8, 16), np.uint8))
    with tifffile.TiffFile(tmp_path / "a.tif", mode="r+") as file:
        tag = file.pages[0].tags["ImageWidth"]
        file.filehandle.seek(tag.offset + 2)
        file.filehandle.write(kind.to_bytes(2, "little") + bytes([1, 0, 0, 0]) + b"\xff\xff\xff\xbf")
    with pytest.raises(UnreadableError), first(tmp_path / "a.tif"):
        pass


def test_strips_marked_as_absent_are_counted(tmp_path, first):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.ones((40, 30), np.uint8), compression="zlib", rowsperstrip=10)
    with tifffile.TiffFile(path, mode="r+") as file:
        for name in ("StripOffsets", "StripByteCounts"):
            tag = file.pages[0].tags[name]
            tag.overwrite((0, *tag.value[1:]))
    with first(path) as image:
        assert image.partial == "1 of 4 strips or tiles are absent and read as 0"
        assert (image.read()[:10].max(), image.read()[10:].min()) == (0, 1)


@pytest.mark.parametrize(
    ("path", "samples"),
    [
        ("format_zoo/tiff_16bit_RGBa.tiff", "RGBA"),
        ("format_zoo/hopper.Lab.tif", "???"),
        ("format_zoo/tiff_tiled_cmyk_jpeg.tif", "CMYK"),
        ("format_zoo/tiff_strip_ycbcr_jpeg_2x2_sampling.tif", "RGB"),
        ("format_zoo/rdf.tif", "?A"),
        ("format_zoo/tiff_tiled_planar_lzw.tiff", "RGB"),
    ],
)
def test_colour_samples_are_named(path, samples, data, first):
    with first(data / path) as image:
        assert image.samples == samples


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("options", [{"tile": (16, 32)}, {"rowsperstrip": 16}], ids=["tiles", "strips"])
def test_a_band_of_rows_decodes_its_own_tiles_once_and_no_other(
    tmp_path, first, monkeypatch, options, planar
):
    stored = np.random.default_rng(0).integers(0, 9, (70, 90, 3), np.uint8)
    kept = stored if planar == "contig" else np.moveaxis(stored, 2, 0)
    options |= {"photometric": "rgb", "planarconfig": planar, "compression": "zlib"}
    tifffile.imwrite(tmp_path / "a.tif", kept, **options)
    asked = []
    read = tifffile.FileHandle.read
    with first(tmp_path / "a.tif") as image:
        monkeypatch.setattr(tifffile.FileHandle, "read", lambda *a: asked.append(a[1]) or read(*a))
        bands = [image.read(y=slice(top, top + 32)) for top in range(0, 70, 32)]
    y, x = image.axes.index("Y"), (3 if "tile" in options else 1)
    np.testing.assert_array_equal(np.concatenate(bands, axis=y), kept)
    assert len(asked) == 5 * x * (1 if planar == "contig" else 3)
