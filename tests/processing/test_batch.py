import json
from datetime import datetime

import numpy as np
import polars as pl
import pytest
import tifffile
from PIL import Image as Picture
from PIL.PngImagePlugin import PngInfo

from smalti.core import plugin
from smalti.core.columns import Column
from smalti.core.image import Image, ImageRef
from smalti.core.plugin import loader, metric
from smalti.loaders import choose
from smalti.processing.batch import failed_rows, process_batch
from smalti.processing.budget import Budget
from smalti.processing.facts import _columns, modified_at
from smalti.processing.growing import FRAME_ROWS
from smalti.processing.metric_set import choose_metrics
from smalti.processing.settings import Settings


def ref_of(path, **facts):
    return ImageRef(str(path), path.name, size_bytes=path.stat().st_size, mtime=1e9, **facts)


def measured(refs, metrics=("intensity",), extra=()):
    settings = Settings(metrics=metrics, memory=10**9)
    chosen = choose_metrics(settings, [function.__smalti__ for function in extra])
    return process_batch(refs, settings, chosen, Budget(10**9), lambda number: None)


@pytest.fixture
def tiff(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.arange(1024, dtype=np.uint16).reshape(32, 32))
    return path


@pytest.fixture
def loading(monkeypatch):
    """Installs one more loader, for files named ``*.odd``, in this process."""

    def install(function, *columns):
        made = loader("odd", extensions=["odd"], columns=columns)(function).__smalti__
        entries = plugin._entries
        monkeypatch.setattr(
            plugin, "_entries", lambda kind: [*entries(kind), *([made] if kind == "loader" else [])]
        )
        clear()

    def clear():
        for remembered in (choose._loaders, choose._with_magic, _columns):
            remembered.cache_clear()

    yield install
    monkeypatch.undo()
    clear()


@pytest.fixture
def odd(tmp_path):
    path = tmp_path / "b.odd"
    path.write_bytes(b"anything")
    return path


def image(ref, **facts):
    pixels = np.arange(64, dtype=np.uint8).reshape(8, 8)
    given = {"axes": "YX", "shape": (8, 8), "dtype": pixels.dtype, "pixels": lambda at, level: pixels[at]}
    return Image(ref, **given | facts)


def series(ref, *numbers):
    return [ImageRef(ref.uri, ref.path, series=number) for number in numbers]


def test_what_a_png_states_never_takes_the_place_of_a_fact(tmp_path):
    stated = PngInfo()
    for key in ("path", "modified", "status", "image_id", "mean"):
        stated.add_text(key, "x")
    Picture.fromarray(np.eye(8, dtype=np.uint8)).save(tmp_path / "a.png", pnginfo=stated)
    row = measured([ref_of(tmp_path / "a.png")])["images"].row(0, named=True)
    assert (row["path"], row["status"], row["mean"]) == ("a.png", "ok", 0.125)
    assert row["modified"] == datetime(2001, 9, 9, 1, 46, 40)
    assert json.loads(row["metadata"])["path"] == "x"


def test_metadata_of_a_wrong_type_is_null_and_stays_in_the_json(loading, odd):
    def read(ref, limit):
        yield image(
            ref, metadata={"exposure_s": "abc", "objective_na": np.float32(0.5), "stage": 3, "uri": 1}
        )

    loading(read, Column("stage", "Int64", "", "Where the stage was.", "same"))
    row = measured([ref_of(odd)])["images"].row(0, named=True)
    assert (row["exposure_s"], row["objective_na"], row["stage"], row["uri"]) == (None, 0.5, 3, str(odd))
    assert json.loads(row["metadata"]) == {"exposure_s": "abc", "uri": 1}


def test_a_series_given_twice_is_a_row_of_its_own_that_says_so(loading, odd):
    loading(lambda ref, limit: (image(own) for own in series(ref, 0, 4, 4)))
    images = measured([ref_of(odd)])["images"]
    assert images["series"].to_list() == [0, 4, 5]
    assert images["status"].to_list() == ["ok", "ok", "unreadable"]
    assert images["error"][2] == "loader odd: it gave two images series 4; give each a number of its own"


def test_an_image_of_another_path_costs_its_file_no_row(loading, odd):
    loading(lambda ref, limit: (image(own) for own in [ImageRef(ref.uri, "other")]))
    images = measured([ref_of(odd)])["images"]
    assert images["path"].to_list() == ["b.odd"]
    assert "another path, 'other'" in images["error"][0]


def test_what_a_source_knows_of_a_file_outlives_its_loader(loading, odd):
    loading(lambda ref, limit: (image(own) for own in series(ref, 1)))
    row = measured([ref_of(odd, condition="treated")])["images"].row(0, named=True)
    assert (row["condition"], row["size_bytes"], row["reader"], row["series"]) == ("treated", 8, "odd", 1)


@pytest.mark.parametrize("returned", [[], None])
def test_a_loader_that_is_no_generator_is_told_so(loading, odd, returned):
    loading(lambda ref, limit: returned)
    error = measured([ref_of(odd)])["images"]["error"][0]
    assert (
        f"loader odd must be a generator of Image (use yield), it returned {type(returned).__name__}" in error
    )


def test_a_lone_surrogate_becomes_a_question_mark(loading, odd):
    def read(ref, limit):
        yield image(ref, metadata={"software": "a\ud800", "note": "b\ud800"}, channel_names=("c\ud800",))
        raise ValueError("d\ud800")

    loading(read)
    rows = measured([ref_of(odd)])["images"]
    assert rows["software"][0] == "a?"
    assert json.loads(rows["metadata"][0]) == {"note": "b?"}
    assert rows["channel_names"][0].to_list() == ["c?"]
    assert "d?" in rows["error"][1]


def test_a_file_that_fits_no_table_costs_its_own_row_only(loading, odd, tiff):
    loading(lambda ref, limit: iter_of(image(ref, pixel_size_um={"X": 1j})))
    tables = measured([ref_of(tiff), ref_of(odd)])
    assert tables["images"]["status"].to_list() == ["ok", "unreadable"]
    assert "fits no table: ValueError" in tables["images"]["error"][1]
    assert tables["planes"]["mean"].to_list() == [511.5]


def iter_of(*images):
    yield from images


@pytest.mark.parametrize("mtime", [1e12, float("inf"), float("nan"), -1e15])
def test_a_time_outside_the_calendar_is_unknown(mtime):
    assert modified_at(mtime) is None


def test_rows_of_a_killed_worker_say_why():
    chosen = choose_metrics(Settings(metrics=("intensity",)))
    row = failed_rows([ImageRef("/x/a.tif", "a.tif")], "crashed", "e\ud800", chosen)["images"].row(
        0, named=True
    )
    assert (row["path"], row["status"], row["error"]) == ("a.tif", "crashed", "e?")
    assert row["metric_set"] == chosen.version


def test_a_metrics_misfit_is_said_in_the_row(tiff):
    @metric(Column("text", "Float32", "", "Not a text."), name="talker")
    def talker(plane):
        return "abc"

    row = measured([ref_of(tiff)], ("intensity", "talker"), [talker])["images"].row(0, named=True)
    assert (row["status"], row["text"], row["mean"]) == ("ok", None, 511.5)
    assert row["error"] == "metric talker: column text is Float32, got str 'abc'"


def test_a_long_stack_gives_every_plane_once(tmp_path):
    n = FRAME_ROWS + 5
    stack = np.broadcast_to(np.arange(n, dtype=np.uint16)[:, None, None], (n, 4, 4)).copy()
    tifffile.imwrite(tmp_path / "long.ome.tif", stack, photometric="minisblack", metadata={"axes": "TYX"})
    tifffile.imwrite(tmp_path / "short.tif", stack[0])
    tables = measured([ref_of(tmp_path / name) for name in ("short.tif", "long.ome.tif")])
    long = tables["planes"].filter(pl.col("image_id") == tables["images"]["image_id"][1]).sort("t")
    assert (long["t"] == long["mean"].cast(pl.Int32)).all()
    assert tables["images"]["n_planes_ok"].to_list() == [1, n]
    assert tables["histograms"]["counts"].list.sum().to_list() == [16] * (n + 1)
