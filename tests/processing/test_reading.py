"""Which planes are read whole and which by rows, and that it makes no difference to what is found."""

import subprocess
import sys

import numpy as np
import pytest
import tifffile
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.core.columns import Column
from smalti.core.errors import TooLargeError
from smalti.core.image import Image, ImageRef
from smalti.core.plugin import metric
from smalti.kernels.measure import EVERYTHING
from smalti.processing.batch import process_batch
from smalti.processing.budget import Budget
from smalti.processing.by_rows import planes_in, read_rows
from smalti.processing.metric_set import choose_metrics
from smalti.processing.reading import bands, boxes, choose_reading
from smalti.processing.settings import Settings
from smalti.testing.memory import image_of
from smalti.testing.planes import hostile_planes

PLENTY = 2**32
PLANES = hostile_planes()


def stored(shape, block, dtype="u2", axes="ZYX"):
    return Image(ImageRef("", ""), axes, shape, np.dtype(dtype), block_shape=block)


def measured(path, memory, metrics=None, extra=()):
    ref = ImageRef(str(path), path.name)
    options = Settings(memory=memory, metrics=metrics)
    chosen = choose_metrics(options, [function.__smalti__ for function in extra])
    beats = []
    return process_batch([ref], options, chosen, Budget(options.memory_bytes), beats.append), beats


def by_rows(plane, path, **options):
    """A plane as a file in which blocks are smaller than planes."""
    if path.suffix == ".zarr":
        zarr.create_array(path, data=plane, **options)
    else:
        tifffile.imwrite(path, plane, photometric="minisblack", **options)
    return path


@pytest.mark.parametrize(
    ("shape", "block", "dtype", "found"),
    [
        ((1, 4096, 4096), (1, 512, 512), "u2", (True, 1, 4096, 1)),
        ((1, 32768, 32768), (1, 512, 512), "u2", (False, 1, 512, 1)),
        ((1, 32768, 32768), (1, 1024, 1024), "u2", (False, 1, 1024, 1)),
        ((1, 20000, 20000), (1, 1, 20000), "u2", (False, 1, 419, 1)),
        ((1, 65536, 65536), (1, 4096, 4096), "f8", (False, 1, 4096, 2)),
        ((512, 512, 512), (64, 64, 64), "u2", (True, 1, 512, 1)),
        ((512, 2048, 2048), (128, 128, 128), "u2", (False, 43, 128, 3)),
        ((1, 12000, 12000), None, "u2", (True, 1, 12000, 1)),
    ],
)
def test_blocks_are_decoded_as_rarely_as_memory_allows(shape, block, dtype, found):
    reading = choose_reading(stored(shape, block, dtype), EVERYTHING, PLENTY)
    assert (reading.whole, np.prod(reading.together), reading.rows, reading.decodings) == found


@pytest.mark.parametrize(
    ("shape", "block", "said"),
    [
        ((1, 4000, 4000), None, "only be read whole"),
        ((1, 4000, 4000), (1, 4000, 4000), "only be read whole"),
        ((1, 4000, 4000), (1, 2000, 2000), "one block of a plane needs 8,000,000 bytes"),
    ],
)
def test_what_fits_in_no_way_is_refused_with_a_reason(shape, block, said):
    with pytest.raises(TooLargeError, match=said):
        choose_reading(stored(shape, block), EVERYTHING, 1_000_000)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_boxes_and_bands_hold_every_row_of_every_plane_once(data):
    axes = "".join(data.draw(st.permutations("TCZYX")))
    shape = tuple(data.draw(st.integers(1, 7)) for _ in axes)
    block = tuple(data.draw(st.integers(1, n)) for n in shape)
    array = np.arange(np.prod(shape), dtype=np.uint32).reshape(shape)
    image = image_of(array, axes, block_shape=block)
    limit = 4 * max(int(np.prod(block)), shape[axes.index("X")], data.draw(st.integers(1, 200)))
    reading = choose_reading(image, EVERYTHING, limit)
    found = np.full([image.sizes[axis] for axis in "TCZYX"], -1)
    for box in boxes(image, reading):
        for rows in bands(image, reading):
            for index, part in zip(planes_in(box), read_rows(image, box, rows), strict=True):
                assert (found[index][rows.start : rows.stop] == -1).all()
                found[index][rows.start : rows.stop] = part
    np.testing.assert_array_equal(found, array.transpose([axes.index(axis) for axis in "TCZYX"]))


FILES = {
    "a.tif": {"tile": (16, 16), "compression": "zlib"},
    "b.tif": {"rowsperstrip": 4, "compression": "zlib"},
    "c.tif": {"tile": (16, 32)},
    "v2.zarr": {"chunks": (16, 32), "zarr_format": 2},
    "v3.zarr": {"chunks": (16, 16), "shards": (32, 64)},
}
STORABLE = [
    name
    for name, (plane, samples) in PLANES.items()
    if not samples and min(plane.shape) > 32 and plane.dtype.kind in "iuf" and plane.any()
]


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("name", STORABLE)
def test_a_file_read_by_rows_gives_what_it_gives_whole(name, file, tmp_path):
    plane = np.ascontiguousarray(PLANES[name][0])
    path = by_rows(plane, tmp_path / file, **FILES[file])
    small, beats = measured(path, 2 * (plane.nbytes - 1))
    large, _ = measured(path, PLENTY)
    assert len(beats) > 4
    assert small["planes"].drop("ringing").equals(large["planes"].drop("ringing"))
    assert small["histograms"].equals(large["histograms"])
    assert small["thumbnails"].equals(large["thumbnails"])
    assert small["planes"]["content_hash"][0] is not None


@pytest.mark.parametrize(
    ("name", "planar"), [("colour", "contig"), ("colour", "separate"), ("colour and alpha", "contig")]
)
def test_colour_read_by_rows_gives_what_it_gives_whole(name, planar, tmp_path):
    plane, samples = PLANES[name]
    kept = plane if planar == "contig" else np.moveaxis(plane, 2, 0)
    extra = {"extrasamples": ["unassalpha"]} if samples == "RGBA" else {}
    options = {"photometric": "rgb", "planarconfig": planar, "tile": (16, 16), "compression": "zlib"}
    tifffile.imwrite(tmp_path / "a.tif", kept, **options, **extra)
    small, large = (measured(tmp_path / "a.tif", memory)[0] for memory in (2 * plane.nbytes - 2, PLENTY))
    assert small["planes"].drop("ringing").equals(large["planes"].drop("ringing"))
    assert small["planes"]["colourfulness"][0] is not None


@pytest.mark.parametrize("shape", [(20, 96, 128), (3, 7, 96, 128)])
def test_a_volume_read_side_by_side_gives_what_its_planes_give(shape, tmp_path):
    rng = np.random.default_rng(0)
    volume = rng.normal(0, 1, shape).astype(np.float32)
    chunks = (*(max(2, n // 2) for n in shape[:-2]), 32, 32)
    path = by_rows(
        volume, tmp_path / "a.zarr", chunks=chunks, dimension_names=["t", "z", "y", "x"][-len(shape) :]
    )
    small, large = (measured(path, memory)[0]["planes"].sort("t", "z") for memory in (90_000, PLENTY))
    assert small.height == np.prod(shape[:-2])
    assert small.drop("ringing").equals(large.drop("ringing"))


def test_metrics_of_whole_planes_have_no_value_and_the_row_says_so(tmp_path):
    @metric(Column("corner", "Float64", "", "The first pixel."))
    def corner(plane):
        return float(plane[0, 0])

    path = by_rows(PLANES["nuclei"][0], tmp_path / "a.tif", tile=(16, 16), compression="zlib")
    tables, _ = measured(path, 4096, ("corner", "intensity"), [corner])
    row = tables["images"].row(0, named=True)
    assert (row["status"], row["corner"], row["n_planes_ok"]) == ("ok", None, 1)
    assert row["error"] == "metric corner: no value, the planes are too large to be held whole"


def test_a_broken_tile_in_mid_plane_costs_that_plane_only(tmp_path):
    planes = np.random.default_rng(0).integers(0, 9999, (3, 64, 64), np.uint16)
    path = by_rows(planes, tmp_path / "a.tif", tile=(16, 16), compression="zlib", metadata={"axes": "ZYX"})
    with tifffile.TiffFile(path) as file:
        offset = file.pages[1].dataoffsets[9]
    content = bytearray(path.read_bytes())
    content[offset : offset + 40] = b"\xff" * 40
    path.write_bytes(content)
    tables, _ = measured(path, 10_000)
    row = tables["images"].row(0, named=True)
    assert (row["status"], row["n_planes_ok"]) == ("partial", 2)
    assert row["error"].startswith("plane z=1: ")
    assert tables["planes"]["z"].to_list() == [0, 2]


def test_a_broken_chunk_costs_the_planes_that_lie_in_it(tmp_path):
    volume = np.random.default_rng(0).integers(0, 9999, (8, 64, 64), np.uint16)
    path = by_rows(volume, tmp_path / "a.zarr", chunks=(4, 32, 32))
    (path / "c/1/1/0").write_bytes(b"no chunk")
    tables, _ = measured(path, 20_000)
    row = tables["images"].row(0, named=True)
    assert (row["status"], tables["planes"]["z"].to_list()) == ("partial", [0, 1, 2, 3])
    assert "plane z=4: " in row["error"]
    assert "and 1 more planes" in row["error"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for the peak of a process")
@pytest.mark.parametrize("file", ["a.tif", "v3.zarr"])
def test_a_plane_of_200_mb_is_measured_in_half_of_itself(file, tmp_path):
    rows = np.random.default_rng(0).integers(0, 4096, (16, 10_000), np.uint16)
    options = {"a.tif": {"tile": (256, 256), "compression": "zlib"}, "v3.zarr": {"chunks": (256, 256)}}[file]
    path = by_rows(np.tile(rows, (625, 1)), tmp_path / file, **options)
    done = subprocess.run(
        [sys.executable, "-c", PEAK, path], capture_output=True, encoding="utf-8", check=True, timeout=120
    )
    before, after = map(int, done.stdout.split())
    assert after - before < 100_000  # kB; 25,000 to 75,000, by how many chunks zarr-python decodes at once


PEAK = """
import sys
from pathlib import Path
import numpy as np
from smalti.core.image import ImageRef
from smalti.kernels.measure import warm
from smalti.processing.batch import process_batch
from smalti.processing.budget import Budget
from smalti.processing.metric_set import choose_metrics
from smalti.processing.settings import Settings

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith("VmHWM"))

warm(["uint16"])
settings = Settings(memory=50_000_000)
before = peak()
ref = ImageRef(sys.argv[1], Path(sys.argv[1]).name)
tables = process_batch([ref], settings, choose_metrics(settings), Budget(1), lambda number: None)
assert tables["planes"]["n_finite"].to_list() == [10**8], tables["images"]["error"]
print(before, peak())
"""
