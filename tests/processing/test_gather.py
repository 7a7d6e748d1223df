"""Small planes measured many at once give the tables that files give one by one."""

import subprocess
import sys

import numpy as np
import polars as pl
import pytest
import tifffile
from PIL import Image as Picture
from polars.testing import assert_frame_equal

import smalti
from smalti.core.axes import PlaneIndex
from smalti.core.columns import Column
from smalti.core.image import Image, ImageRef
from smalti.core.plugin import metric
from smalti.kernels import measure as kernels
from smalti.processing.batch import process_batch
from smalti.processing.budget import Budget
from smalti.processing.gather import WAITING_BYTES, Gatherer
from smalti.processing.measure import Batch, measure_image
from smalti.processing.metric_set import choose_metrics
from smalti.processing.plane import Measured, Plane
from smalti.processing.settings import Settings


@metric(
    Column("n_bright", "Int64", "px", "Bright pixels."),
    Column("is_bright", "Boolean", "", "Any.", "any"),
    many=True,
)
def bright(plane):
    """Of many planes at once."""
    found = np.count_nonzero(plane.reshape(len(plane), -1) > 200, axis=1)
    return np.where(found > 9, found, np.nan), found > 0


@metric(Column("corner", "Float64", "", "The first sample."))
def corner(plane):
    """Of one plane at a time."""
    return float(plane.flat[0].real) if plane.size % 2 == 0 else None


def ref_of(path):
    return ImageRef(str(path), path.name, size_bytes=path.stat().st_size, mtime=1e9)


def measured(refs, *extra, metrics=None, begin=lambda number: None):
    names = None if metrics is None else (*metrics, *(function.__smalti__.name for function in extra))
    settings = Settings(metrics=names)
    chosen = choose_metrics(settings, [function.__smalti__ for function in extra])
    return process_batch(refs, settings, chosen, Budget(10**9), begin)


def pngs(folder, values):
    """Pictures of 8×8 pixels, each of one value."""
    for number, value in enumerate(values):
        Picture.fromarray(np.full((8, 8), value, np.uint8)).save(folder / f"{number:02}.png")
    return [ref_of(path) for path in sorted(folder.iterdir())]


@pytest.fixture
def mixed(tmp_path):
    """Files of several shapes and types, stacks and broken ones among them."""
    rng = np.random.default_rng(0)
    for number in range(4):
        grey, colour = rng.integers(0, 256, (16, 20), np.uint8), rng.integers(0, 256, (16, 20, 3), np.uint8)
        film = rng.integers(0, 4096, (3, 2, 17, 9), np.uint16)
        Picture.fromarray(grey).save(tmp_path / f"{number}a.png")
        (tmp_path / f"{number}b.png").write_bytes(b"\x89PNG\r\n\x1a\n")
        Picture.fromarray(colour).save(tmp_path / f"{number}c.png")
        tifffile.imwrite(tmp_path / f"{number}d.ome.tif", film, metadata={"axes": "TCYX"})
        np.save(tmp_path / f"{number}e.npy", rng.normal(size=(16, 20)).astype(">f4"))
        np.save(tmp_path / f"{number}f.npy", np.full((16, 20), np.nan if number % 2 else number))
        tifffile.imwrite(tmp_path / f"{number}g.tif", rng.integers(0, 4096, (300, 300), np.uint16))
        Picture.fromarray(grey[: 9 + number]).save(tmp_path / f"{number}h.png")
    return [ref_of(path) for path in sorted(tmp_path.iterdir())]


def test_a_batch_gives_the_rows_that_its_files_give_alone(mixed):
    together = measured(mixed, bright, corner)
    alone = [measured([ref], bright, corner) for ref in mixed]
    assert together["images"]["status"].value_counts(sort=True)["count"].to_list() == [28, 4]
    assert together["planes"]["n_bright"].null_count() not in (0, together["planes"].height)
    for name, table in together.items():
        assert_frame_equal(table, pl.concat([tables[name] for tables in alone]), check_exact=True)


def test_a_metric_of_many_planes_is_called_once_a_group(tmp_path):
    calls = []

    @metric(Column("n", "Int64", "", "How many at once."), many=True)
    def n(plane):
        calls.append(plane.shape)
        return np.full(len(plane), len(plane))

    tables = measured(pngs(tmp_path, range(9)), n, metrics=())
    assert calls == [(9, 8, 8)]
    assert tables["images"]["n"].to_list() == [9] * 9


def test_a_metric_that_fails_costs_its_own_values_and_says_so_in_each_row(tmp_path):
    @metric(Column("x", "Float64", "", "Nothing."), Column("y", "String", "", "Nothing.", "same"), many=True)
    def failing(moments):
        raise ValueError("no idea")

    images = measured(pngs(tmp_path, range(3)), failing, metrics=("intensity",))["images"]
    assert images.select("mean", "x", "y").rows() == [(float(mean), None, None) for mean in range(3)]
    assert images["error"].to_list() == ["metric failing: ValueError: no idea"] * 3


def test_a_value_that_does_not_fit_costs_that_plane_only(tmp_path):
    @metric(Column("half", "Int64", "", "Half the mean."), many=True)
    def half(moments):
        return moments.mean / 2

    images = measured(pngs(tmp_path, (2, 3, 4)), half, metrics=())["images"]
    assert images["half"].to_list() == [1, None, 2]
    said = "metric half: column half is Int64, got float 1.5"
    assert images["error"].to_list() == [None, said, None]


def test_a_metric_of_one_plane_fails_for_that_plane_only(tmp_path):
    @metric(Column("inverse", "Float64", "", "1 over the mean."))
    def inverse(moments):
        return 1 / moments.mean

    images = measured(pngs(tmp_path, (1, 0, 2)), inverse, metrics=())["images"]
    assert images["inverse"].to_list() == [1, None, 0.5]
    assert [error is None for error in images["error"]] == [True, False, True]


def test_a_plane_that_cannot_be_measured_costs_its_own_image_only(tmp_path, monkeypatch):
    measure = kernels.accumulate_many

    def scarce(planes, *args):
        if (planes == 2).any():
            raise MemoryError("no room")
        return measure(planes, *args)

    refs = pngs(tmp_path, range(4))
    monkeypatch.setattr(kernels, "accumulate_many", scarce)
    images = measured(refs)["images"]
    assert images["status"].to_list() == ["ok", "ok", "unreadable", "ok"]
    assert images["mean"].to_list() == [0, 1, None, 3]
    assert images["error"][2] == "not enough memory to open it: MemoryError: no room"


def test_an_image_that_cannot_be_measured_is_read_no_further(monkeypatch):
    def scarce(*args):
        raise MemoryError("no room")

    read = []
    monkeypatch.setattr(kernels, "accumulate_many", scarce)
    pixels = lambda at, level: read.append(at) or np.zeros((8, 8), np.uint32)  # noqa: E731
    image = Image(ImageRef("a", "a"), "TYX", (5, 8, 8), np.dtype(np.uint32), pixels)
    batch = Batch.of(choose_metrics(Settings()), Budget(10**9), 10**9)
    with pytest.raises(MemoryError):
        measure_image(image, batch, lambda: None)
    assert len(read) == 1


def test_each_file_is_begun_again_before_its_plane_is_given_to_a_metric_of_one(tmp_path):
    begun = []

    @metric(Column("of", "Int64", "", "The file that was begun last."))
    def of(plane):
        return begun[-1]

    images = measured(pngs(tmp_path, range(5)), of, metrics=(), begin=begun.append)["images"]
    assert images["of"].to_list() == [0, 1, 2, 3, 4]


CRASHES = '''
import os
from smalti.core.columns import Column
from smalti.core.plugin import metric

@metric(Column("fate", "Float64", "", "None."))
def fate(plane):
    """Takes its process down at one value."""
    return os.abort() if plane[0, 0] == 7 else 1.0
'''


def test_the_file_whose_plane_crashes_a_metric_is_the_one_that_is_lost(install, tmp_path):
    (tmp_path / "images").mkdir()
    pngs(tmp_path / "images", range(10))
    install(CRASHES, "metrics")
    command = ["process", tmp_path / "images", "-o", tmp_path / "x.smalti", "--workers", "1"]
    subprocess.run([sys.executable, "-m", "smalti.cli", *command], check=True, timeout=120)
    images = smalti.open(tmp_path / "x.smalti").images.collect().sort("path")
    assert images["status"].to_list() == ["crashed" if at == 7 else "ok" for at in range(10)]
    assert "SIGABRT" in images["error"][7]


def test_what_waits_takes_little_memory():
    gatherer, images = Gatherer(choose_metrics(Settings(metrics=("intensity",)))), []
    for width in range(300, 500):
        images.append((Measured("x"), np.zeros((300, width), np.uint8)))
        gatherer.add(Plane(images[-1][0], PlaneIndex(0, 0, 0), width, False), images[-1][1], "", False)
        waiting = sum(pixels.nbytes for of, pixels in images if not of.n_planes)
        assert waiting <= WAITING_BYTES + images[-1][1].nbytes
    assert waiting > WAITING_BYTES / 2
    gatherer.flush()
    assert all(of.n_planes == 1 for of, _ in images)


def test_pixels_that_wait_are_no_longer_their_loaders():
    chosen, of = choose_metrics(Settings(metrics=("intensity",))), Measured("x")
    gatherer, pixels = Gatherer(chosen), np.zeros((8, 8), np.uint8)
    for number in range(3):
        pixels[:] = number
        gatherer.add(Plane(of, PlaneIndex(0, 0, 0), number, False), pixels, "", False)
    gatherer.flush()
    (_, values), at = gatherer.sheets.planes.loose[0], [c.name for c in chosen.planes_table].index("mean")
    assert values[at].tolist() == [0, 1, 2]


TOGETHER = '''
import os
import numpy as np
from smalti.core.columns import Column
from smalti.core.plugin import metric

@metric(Column("fate", "Float64", "", "None."), many=True)
def fate(plane):
    """Takes its process down at one value, and says so."""
    if (plane == 2).any():
        with open(os.environ["FALLEN"], "a") as file:
            file.write("x")
        os.abort()
    return np.ones(len(plane))
'''


def test_a_plane_that_crashes_its_group_is_found_in_a_few_steps(install, tmp_path, monkeypatch):
    (tmp_path / "images").mkdir()
    pngs(tmp_path / "images", range(16))
    install(TOGETHER, "metrics")
    monkeypatch.setenv("FALLEN", str(tmp_path / "fallen"))
    command = ["process", tmp_path / "images", "-o", tmp_path / "x.smalti", "--workers", "1"]
    asked = [sys.executable, "-m", "smalti.cli", *command, "--batch-size", "16"]
    subprocess.run(asked, check=True, timeout=120)
    images = smalti.open(tmp_path / "x.smalti").images.collect().sort("path")
    assert images["status"].to_list() == ["crashed" if at == 2 else "ok" for at in range(16)]
    assert len((tmp_path / "fallen").read_text()) < 8
