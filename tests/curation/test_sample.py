"""Boxes of remote volumes: that they are those of the source, whatever its format, place and answers."""

import json
import os
import signal
import subprocess
import sys
from threading import Event

import far_made
import numpy as np
import polars as pl
import pytest
import SimpleITK
from far_made import FORMATS, NM, PLACE, SHAPE, pixels_of, server, write

from smalti.core.errors import UnknownNameError, UsageError
from smalti.core.image import ImageRef
from smalti.core.progress import Silent
from smalti.curation.api import curate
from smalti.curation.names import parse
from smalti.curation.sampling import boxes, fetching, reading
from smalti.loaders.choose import read_later

GB = 1e-9


def run(sources, out, **options):
    return curate("sample", sources, out, progress=Silent(), **({"crop": "8,16,16"} | options))


def cubes_in(folder):
    return {path: parse(path.name) for path in sorted(folder.rglob("*ROI*")) if not path.name.startswith(".")}


def read(path):
    return read_later(ImageRef(str(path), path.name), 1 << 30).read()


def part(pixels, cube, first=(0, 0, 0)):
    spans = zip((cube.z, cube.y, cube.x), first, strict=True)
    return pixels[tuple(slice(start - at, stop - at) for (start, stop), at in spans)]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(reading, "PAUSE", 0.02)


@pytest.fixture(scope="module")
def volumes(tmp_path_factory):
    """A folder with a volume of each format."""
    folder = tmp_path_factory.mktemp("volumes")
    for number, form in enumerate(FORMATS):
        write(folder / form, form, pixels_of(dtype="uint16" if number % 2 else "uint8"))
    return folder


@pytest.fixture(scope="module")
def on_s3(volumes, bucket):
    return bucket(volumes)


@pytest.fixture
def at(request, volumes):
    def place(kind):
        if kind == "s3":
            return request.getfixturevalue("on_s3")
        return str(volumes) if kind == "file" else request.getfixturevalue("serve")(volumes)

    return place


@pytest.mark.parametrize("place", ["file", "http", "s3"])
@pytest.mark.parametrize("form", FORMATS)
def test_voxels_names_and_spacing_are_those_of_the_source(form, place, at, tmp_path):
    outcome = run(f"{at(place)}/{form}", tmp_path, gigabytes=5 * 2048 * 2 * GB, crop="8,16,16")
    pixels = pixels_of(dtype="uint16" if FORMATS.index(form) % 2 else "uint8")
    first = (2, 2, 3) if form == "precomputed" else (0, 0, 0)
    origin = (0, 0, 0) if form == "n5" else PLACE
    cubes = cubes_in(tmp_path)
    assert len(cubes) == outcome.total == (5 if pixels.itemsize == 2 else 10)
    assert outcome.failed == 0
    for path, cube in cubes.items():
        np.testing.assert_array_equal(read(path), part(pixels, cube, first), strict=True)
        found = SimpleITK.ReadImage(str(path))
        assert found.GetSpacing() == pytest.approx([n / 1000 for n in NM[::-1]])
        starts = [span[0] - at for span, at in zip((cube.z, cube.y, cube.x), first, strict=True)]
        there = [(o + n * step) / 1000 for o, n, step in zip(origin, starts, NM, strict=True)]
        assert found.GetOrigin() == pytest.approx(there[::-1])


@pytest.mark.parametrize("form", FORMATS)
def test_a_coarser_level_has_its_own_voxels_and_spacing(form, volumes, tmp_path):
    run(volumes / form, tmp_path, level="1", crop="8")
    pixels = pixels_of(dtype="uint16" if FORMATS.index(form) % 2 else "uint8")[:, ::2, ::2]
    first = (2, 1, 2) if form == "precomputed" else (0, 0, 0)
    for path, cube in cubes_in(tmp_path).items():
        np.testing.assert_array_equal(read(path), part(pixels, cube, first))
        assert SimpleITK.ReadImage(str(path)).GetSpacing() == pytest.approx([0.01, 0.008, 0.03])


@pytest.mark.parametrize(("form", "ending"), [("tiff", ".ome.tif"), ("zarr", ".ome.zarr"), ("nrrd", ".nrrd")])
def test_boxes_are_written_as_asked(form, ending, volumes, tmp_path):
    run(volumes / "ome05", tmp_path, write=form, gigabytes=3 * 4096 * GB)
    assert cubes_in(tmp_path)
    for path, cube in cubes_in(tmp_path).items():
        assert path.name.endswith(ending)
        np.testing.assert_array_equal(read(path), part(pixels_of(dtype="uint16"), cube))


def test_the_same_command_again_asks_for_nothing_and_writes_nothing(volumes, serve, tmp_path):
    handler = server()
    url = serve(volumes, handler) + "/ome04"
    first = run(url, tmp_path, gigabytes=6 * 2048 * GB)
    asked, times = len(handler.asked), {p: p.stat().st_mtime_ns for p in cubes_in(tmp_path)}
    again = run(url, tmp_path, gigabytes=6 * 2048 * GB)
    assert len(handler.asked) == asked > 6
    assert again.items == first.items
    assert {p: p.stat().st_mtime_ns for p in cubes_in(tmp_path)} == times


@pytest.mark.parametrize("intensity", ["keep", "percentile"])
def test_more_gigabytes_take_further_boxes_of_the_same_order(intensity, volumes, tmp_path):
    asked = {"sources": volumes / "ome04", "intensity": intensity}
    for size in (3, 7):
        run(**asked, out=tmp_path / "grown", gigabytes=size * 2048 * GB)
    run(**asked, out=tmp_path / "at once", gigabytes=7 * 2048 * GB)
    run(**asked, out=tmp_path / "other", gigabytes=7 * 2048 * GB, seed=1)
    grown, whole, other = (
        {p.name: p.read_bytes() for p in cubes_in(tmp_path / name)} for name in ("grown", "at once", "other")
    )
    assert grown == whole
    assert len(whole) == 7
    assert set(other) != set(whole)


def test_boxes_do_not_overlap_and_begin_where_chunks_do(volumes, tmp_path):
    outcome = run(volumes / "ome04", tmp_path / "o")
    counts = np.zeros(SHAPE, int)
    for cube in cubes_in(tmp_path / "o").values():
        part(counts, cube)[...] += 1
        assert (cube.z[0] % 8, cube.y[0] % 16, cube.x[0] % 16) == (0, 0, 0)
    assert counts.max() == 1
    assert counts.sum() == outcome.total * 2048 == 2 * 2 * 4 * 2048
    assert "no more than 16 cubes" in outcome.items[0].why
    assert outcome.notes == ("these have fewer cubes than the budget: ome04",)
    assert run(volumes / "ome04", tmp_path / "all", gigabytes=16 * 2048 * GB).notes == ()


def test_the_budget_is_that_of_what_is_stored(volumes, tmp_path):
    run(volumes / "ome05", tmp_path / "words", gigabytes=7 * 4096 * GB + 1e-6 * GB)
    run(volumes / "ome05", tmp_path / "bytes", gigabytes=7 * 4096 * GB, intensity="data")
    assert len(cubes_in(tmp_path / "words")) == 7
    assert len(cubes_in(tmp_path / "bytes")) == 14
    item = run(volumes / "ome05", tmp_path / "none", gigabytes=4095 * GB).items[0]
    assert (item.status, "--gigabytes allows" in item.why) == ("skipped", True)


def test_a_total_is_shared_and_what_one_leaves_goes_to_others(volumes, tmp_path):
    small = write(tmp_path / "small", "ome04", pixels_of((8, 16, 32)), levels=1)
    out = tmp_path / "o"
    for _ in range(2):
        given = [str(volumes / "ome04"), str(small), str(volumes / "n5")]
        items = run(given, out, total=14.5 * 2048 * GB).items
        assert [item.made for item in items] == [6, 2, 6]


def padded(tmp_path, value):
    """A volume whose left half is padding, which averages would not show."""
    pixels = pixels_of((16, 64, 128))
    pixels[:, :, :64] = value
    return write(tmp_path / "padded", "ome05", pixels, chunk=(16, 16, 16)), pixels


@pytest.mark.parametrize("invert", [False, True])
@pytest.mark.parametrize("value", [0, 250])
def test_padding_is_told_by_what_is_stored_also_of_what_is_turned_round(value, invert, tmp_path):
    folder, pixels = padded(tmp_path, value)
    (tmp_path / "l.csv").write_text(f"url,padding_value,invert\n{folder},{value},{invert}\n")
    run(tmp_path / "l.csv", tmp_path / "o", crop="16", max_padding=0.3)
    cubes = cubes_in(tmp_path / "o")
    assert len(cubes) == 16
    for path, cube in cubes.items():
        assert cube.x[0] >= 64
        wanted = 255 - part(pixels, cube) if invert else part(pixels, cube)
        np.testing.assert_array_equal(read(path), wanted)


@pytest.mark.parametrize("more", [{"max_padding": 1}, {"max_padding": 0.3}])
def test_padding_counts_neither_as_black_nor_as_white(more, tmp_path):
    pixels = pixels_of((16, 64, 128), "uint16") + 1000
    pixels[:, :, :64] = 0
    folder = write(tmp_path / "v", "ome05", pixels.astype("uint16"))
    run(folder, tmp_path / "o", crop="16", intensity="data", **more)
    assert pl.read_parquet(tmp_path / "o" / "sample.parquet")["low"].unique().to_list() == [1001]


def test_a_volume_that_holds_nothing_beside_padding_has_no_black_and_white(tmp_path):
    write(tmp_path / "v", "ome05", np.zeros((16, 32, 32), np.uint16))
    item = run(tmp_path / "v", tmp_path / "o", max_padding=1, intensity="data").items[0]
    assert (item.status, "holds no number beside padding" in item.why) == ("failed", True)


def test_boxes_are_the_same_however_few_slices_are_in_memory(tmp_path, monkeypatch):
    folder, _ = padded(tmp_path, 0)
    asked = {"crop": "16,64,32", "intensity": "percentile"}
    run(folder, tmp_path / "whole", **asked)
    monkeypatch.setattr(boxes, "_LOOKED_BYTES", 1)
    monkeypatch.setattr(fetching, "BAND_BYTES", 1)
    run(folder, tmp_path / "bands", **asked)
    whole, bands = (
        {path.name: path.read_bytes() for path in cubes_in(tmp_path / name)} for name in ("whole", "bands")
    )
    assert whole == bands != {}


def test_how_much_padding_a_box_may_have_is_an_option(tmp_path):
    folder, _ = padded(tmp_path, 0)
    found = {}
    for most in (0.2, 0.5, 1):
        found[most] = run(folder, tmp_path / f"{most}", crop="16,16,48", max_padding=most).total
    assert found == {0.2: 4, 0.5: 4, 1: 8}


def test_a_volume_of_padding_is_skipped_and_says_so_again_without_a_request(tmp_path, serve):
    write(tmp_path / "v", "ome05", np.zeros((16, 32, 32), np.uint8))
    handler = server()
    url = serve(tmp_path, handler) + "/v"
    items = run(url, tmp_path / "o").items
    assert items[0].status == "skipped"
    assert "all 8 boxes are padding" in items[0].why
    asked = len(handler.asked)
    assert run(url, tmp_path / "o").items == items
    assert len(handler.asked) == asked


def test_padding_is_looked_for_on_a_coarse_level(tmp_path, serve):
    write(tmp_path / "v", "ome05", pixels_of((32, 128, 128)), chunk=(32, 32, 32))
    handler = server()
    run(serve(tmp_path, handler) + "/v", tmp_path / "o", crop="32,64,64", gigabytes=32 * 64 * 64 * GB)
    chunks = [path.split("/")[2] for path in handler.asked if "/c/" in path]
    assert chunks.count("0") == 4
    assert set(chunks) == {"0", "2"}


def test_one_black_and_white_for_all_boxes_of_a_volume(volumes, tmp_path):
    run(volumes / "ome05", tmp_path, intensity="data", write="nrrd")
    table = pl.read_parquet(tmp_path / "sample.parquet")
    assert table["low"].n_unique() == table["high"].n_unique() == 1
    low, high = table["low"][0], table["high"][0]
    for path, cube in cubes_in(tmp_path).items():
        wanted = (part(pixels_of(dtype="uint16"), cube) - np.float32(low)) * np.float32(255 / (high - low))
        np.testing.assert_array_equal(read(path), np.clip(np.rint(wanted), 0, 255).astype(np.uint8))


@pytest.mark.parametrize(("kind", "every"), [("drop", 3), ("busy", 3), ("trickle", 1)])
def test_what_breaks_off_is_asked_for_again_and_a_slow_line_waited_for(kind, every, volumes, serve, tmp_path):
    handler = server(kind, every)
    outcome = run(serve(volumes, handler) + "/ome05", tmp_path, retries=8)
    assert (outcome.failed, outcome.total) == (0, 16)
    for path, cube in cubes_in(tmp_path).items():
        np.testing.assert_array_equal(read(path), part(pixels_of(dtype="uint16"), cube))


BROKEN = [("busy", "answers 503"), ("drop", "breaks off"), ("refuse", "refused")]


@pytest.mark.parametrize(("kind", "words"), BROKEN)
def test_a_box_that_never_comes_costs_only_itself(kind, words, volumes, serve, tmp_path):
    handler = server()
    place = serve(volumes, handler)

    class Bad(handler):
        def do_GET(self):  # noqa: N802
            self.bad = (kind if "/0/c/1/1/1" in self.path else "", 1)
            super().do_GET()

    outcome = run(f"{place}/ome05", tmp_path / "right")
    bad = run(serve(volumes, Bad) + "/ome05", tmp_path / "o", retries=1)
    assert [item.status for item in bad.items] == ["ok", "failed"]
    assert words in bad.items[1].why
    assert bad.items[0].made == outcome.total - 1
    assert not list(tmp_path.rglob("*.partial"))
    table = pl.read_parquet(tmp_path / "o" / "sample.parquet")
    assert table.filter(status="failed").height == 1


def test_boxes_that_failed_are_all_that_the_next_run_fetches(volumes, serve, tmp_path):
    handler = server("busy", every=2)
    url = serve(volumes, handler) + "/ome05"
    assert run(url, tmp_path, retries=0).failed
    there = {path: path.stat().st_mtime_ns for path in cubes_in(tmp_path)}
    handler.bad = ("", 1)
    assert (run(url, tmp_path).failed, len(cubes_in(tmp_path))) == (0, 16)
    assert {path: path.stat().st_mtime_ns for path in there} == there


def test_an_answer_that_never_comes_is_given_up(volumes, tmp_path, serve):
    class Silent(server()):
        def do_GET(self):  # noqa: N802
            if "/c/" in self.path:
                self.connection.settimeout(20)
                self.rfile.read(1)  # until the other side gives up
                self.close_connection = True
            else:
                super().do_GET()

    code = (
        "import sys; from smalti.curation.sampling import reading; reading.PAUSE = 0.01\n"
        "from smalti.curation.api import curate; from smalti.core.progress import Silent\n"
        "asked = {'crop': '8', 'retries': 1, 'max_padding': 1, 'gigabytes': 2e-6, 'progress': Silent()}\n"
        "print(curate('sample', sys.argv[1], sys.argv[2], **asked).tell())"
    )
    patience = {"TENSORSTORE_CURL_LOW_SPEED_TIME_SECONDS": "1"}
    command = [sys.executable, "-c", code, serve(volumes, Silent) + "/ome05", str(tmp_path)]
    environment = os.environ | patience
    done = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert "no answer in time, also when tried again" in done.stdout, done.stderr


def test_ctrl_c_does_not_wait_for_a_server_that_stalls(volumes, serve, tmp_path):
    came = Event()

    class Stalled(server()):
        def do_GET(self):  # noqa: N802
            if "/0/c/" in self.path:
                self.asked.append(self.path)
                came.set()
                self.rfile.read(1)  # until the other side gives up
                self.close_connection = True
            else:
                super().do_GET()

    command = [sys.executable, "-m", "smalti.cli", "curate", "sample", serve(volumes, Stalled) + "/ome05"]
    patient = os.environ | {"TENSORSTORE_CURL_LOW_SPEED_TIME_SECONDS": "60"}
    command += ["-o", str(tmp_path), "--crop", "8"]
    process = subprocess.Popen(command, env=patient, stderr=subprocess.PIPE)
    came.wait()
    process.send_signal(signal.SIGINT)
    _, told = process.communicate()
    assert process.returncode == 130, told
    asked = [path for path in Stalled.asked if "/0/c/" in path]
    assert len(asked) == len(set(asked))  # nothing was asked for again


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("{web}/nothing", "there is no zarr.json, .zattrs, attributes.json or info"),
        ("precomputed://{web}/ome04", "there is no volume of precomputed"),
        ("http://127.0.0.1:9/v", "no connection"),
        ("ftp://host/v", "ftp:// is not read here"),
        ("{web}/ome04?token=SECRET", "level 9 is asked of a volume with 3"),
        ("http://user:SECRET@127.0.0.1:9/v", "no connection"),
        ("http://user:SECRET@[::1/v", "is no URL"),
        ("https://?token=SECRET", "names no host or bucket"),
        ("s3://KEY:SECRET@bucket/v", "are read from the environment"),
    ],
)
def test_what_cannot_be_opened_fails_alone_in_words_without_secrets(url, words, volumes, serve, tmp_path):
    text = f"url,level\n{url.format(web=serve(volumes))},9\n{volumes / 'n5'},\n"
    (tmp_path / "l.csv").write_text(text)
    outcome = run(tmp_path / "l.csv", tmp_path / "o", retries=0)
    assert [item.status for item in outcome.items] == ["failed", "ok"]
    assert words in outcome.items[0].why
    stored = b"".join(path.read_bytes() for path in (tmp_path / "o").rglob("*") if path.is_file())
    assert "SECRET" not in outcome.tell()
    assert b"SECRET" not in stored


def test_a_source_that_changed_is_refused_until_all_is_taken_anew(tmp_path):
    write(tmp_path / "v", "ome05", pixels_of((16, 32, 32)))
    run(tmp_path / "v", tmp_path / "o", gigabytes=2 * 2048 * GB)
    write(tmp_path / "w", "ome05", pixels_of((16, 32, 48)))
    (tmp_path / "v").rename(tmp_path / "old")
    (tmp_path / "w").rename(tmp_path / "v")
    item = run(tmp_path / "v", tmp_path / "o", gigabytes=3 * 2048 * GB).items[0]
    assert (item.status, "its shape was [16, 32, 32], now it is [16, 32, 48]" in item.why) == ("failed", True)
    assert run(tmp_path / "v", tmp_path / "o", gigabytes=3 * 2048 * GB, fresh=True).total == 3


def test_what_is_taken_anew_with_another_seed_leaves_nothing_of_before(volumes, tmp_path):
    one, two = {"gigabytes": 2 * 4096 * GB}, {"gigabytes": 9 * 4096 * GB, "seed": 1}
    run(volumes / "ome05", tmp_path, **one)
    before = set(cubes_in(tmp_path))
    run(volumes / "ome05", tmp_path, **one | {"seed": 1}, fresh=True)
    assert set(cubes_in(tmp_path)) != before
    assert len(cubes_in(tmp_path)) == 2
    assert (run(volumes / "ome05", tmp_path, **two).failed, len(cubes_in(tmp_path))) == (0, 9)


def test_what_is_there_is_counted_also_where_no_more_can_be_fetched(tmp_path):
    write(tmp_path / "v", "ome05", pixels_of())
    run(tmp_path / "v", tmp_path / "o", gigabytes=2 * 2048 * GB)
    (tmp_path / "v").rename(tmp_path / "gone")
    outcome = run(tmp_path / "v", tmp_path / "o", gigabytes=3 * 2048 * GB)
    assert (outcome.failed, outcome.total, len(cubes_in(tmp_path / "o"))) == (1, 2, 2)


def test_gigabytes_may_be_without_an_end(volumes, tmp_path):
    assert run(volumes / "ome04", tmp_path, gigabytes=float("inf")).total == 16


def test_other_options_in_the_same_folder_are_refused(volumes, tmp_path):
    run(volumes / "ome05", tmp_path, gigabytes=4096 * GB)
    with pytest.raises(UsageError, match="was filled with seed=0, now 1"):
        run(volumes / "ome05", tmp_path, seed=1)


def test_a_whole_volume_is_one_box_unless_it_is_too_large(volumes, tmp_path):
    (tmp_path / "l.csv").write_text(f"url,crop\n{volumes / 'ome05'},FALSE\n")
    run(tmp_path / "l.csv", tmp_path / "o")
    (path,) = cubes_in(tmp_path / "o")
    np.testing.assert_array_equal(read(path), pixels_of(dtype="uint16"))
    item = run(tmp_path / "l.csv", tmp_path / "p", gigabytes=1e-5).items[0]
    assert (item.made, "boxes of it are taken" in item.why) == (2, True)


def test_axes_are_taken_by_their_names(tmp_path):
    pixels = pixels_of((20, 2, 30, 9))  # x, c, y, z
    far_made.zarr3(tmp_path / "v" / "0", pixels, (8, 1, 8, 8))
    entry = far_made.multiscale([(5, 1, 4, 30)], "xcyz", (0, 0, 0, 0))
    node = {"zarr_format": 3, "node_type": "group", "attributes": {"ome": {"multiscales": [entry]}}}
    far_made.put(tmp_path / "v", "zarr.json", node)
    item = run(tmp_path / "v", tmp_path / "o", crop="9", channel=1).items[0]
    assert "channel 1 of 2 is taken" in item.why
    for path, cube in cubes_in(tmp_path / "o").items():
        np.testing.assert_array_equal(read(path), part(pixels[:, 1].transpose(2, 1, 0), cube))
        assert SimpleITK.ReadImage(str(path)).GetSpacing() == pytest.approx([0.005, 0.004, 0.03])


def named(folder, axes, **more):
    """An OME-Zarr with two levels, coarser along y and x, and these names of axes."""
    pixels = pixels_of((16, 32, 32))
    for n in range(2):
        far_made.zarr3(folder / str(n), pixels[:, :: 2**n, :: 2**n], (8, 8, 8))
    steps = [[{"z": 30, "y": 4 * 2**n, "x": 4 * 2**n}.get(axis, 1) for axis in axes] for n in range(2)]
    entry = {**far_made.multiscale(steps, axes), **more}
    node = {"zarr_format": 3, "node_type": "group", "attributes": {"ome": {"multiscales": [entry]}}}
    far_made.put(folder, "zarr.json", node)
    return pixels


@pytest.mark.parametrize(
    ("axes", "words"),
    [
        ("xyz", "the order of its axes is wrong: level 1 has 16 × 16 × 16 voxels of 32 × 32 × 16"),
        ("yx", "name 2 axes (y,x), its array has 3 (16 × 32 × 32)"),
        ("zyy", "its axes are z,y,y for 16 × 32 × 32"),
        ("tzyx", "name 4 axes"),
    ],
)
def test_axes_in_a_wrong_order_are_refused_and_a_column_puts_them_right(axes, words, tmp_path):
    pixels = named(tmp_path / "v", axes)
    item = run(tmp_path / "v", tmp_path / "o").items[0]
    assert (item.status, words in item.why) == ("failed", True), item.why
    (tmp_path / "l.csv").write_text(f"url,axes\n{tmp_path / 'v'},zyx\n")
    run(tmp_path / "l.csv", tmp_path / "p")
    assert cubes_in(tmp_path / "p")
    for path, cube in cubes_in(tmp_path / "p").items():
        np.testing.assert_array_equal(read(path), part(pixels, cube))


def test_axes_of_n5_that_may_be_meant_either_way_are_refused(tmp_path):
    pixels = pixels_of((9, 20, 30))
    far_made.n5(tmp_path / "v" / "s0", pixels, (8, 8, 8), axes=["z", "y", "x"])
    item = run(tmp_path / "v" / "s0", tmp_path / "o").items[0]
    assert (item.status, "mostly x,y,z" in item.why) == ("failed", True)
    (tmp_path / "l.csv").write_text(f"url;axes\n{tmp_path / 'v'};x,y,z\n")
    assert run(tmp_path / "l.csv", tmp_path / "p", crop="8").total == 6


def test_resolutions_of_n5_that_contradict_each_other_are_refused(tmp_path):
    transform = {"axes": ["z", "y", "x"], "scale": [30, 4, 4], "units": ["nm"] * 3}
    other = {"dimensions": [30, 4, 4], "unit": "nm"}
    far_made.n5(tmp_path / "v" / "s0", pixels_of(), (8, 8, 8), transform=transform, pixelResolution=other)
    item = run(tmp_path / "v", tmp_path / "o").items[0]
    assert (item.status, "lists axes in a wrong order" in item.why) == ("failed", True)
    (tmp_path / "l.csv").write_text(f"url,axes,voxel_x,voxel_y,voxel_z\n{tmp_path / 'v'},xyz,4,5,30\n")
    run(tmp_path / "l.csv", tmp_path / "p", gigabytes=2048 * GB)
    (path,) = cubes_in(tmp_path / "p")
    assert SimpleITK.ReadImage(str(path)).GetSpacing() == pytest.approx([0.004, 0.005, 0.03])


PUBLISHED = (
    "url,source,api,download_url,volume_name,mip,voxel_x,voxel_y,voxel_z,crop,crop_size,invert,padding_value"
)


def test_the_published_list_is_understood(tmp_path, serve):
    pixels = pixels_of((16, 64, 64))
    for n in range(3):
        far_made.n5(tmp_path / "a.n5" / "em" / f"s{n}", pixels[:, :: 2**n, :: 2**n], (8, 8, 8))
    web = serve(tmp_path)
    rows = [
        f"https://page,openorganelle,xarray,{web}/a.n5/em,one_openorganelle,1,4,4,30,TRUE,16,TRUE,0",
        f",openconnectome,CloudVolume,n5://{web}/a.n5/em,two,0,4,4,x,FALSE,256,FALSE,0",
    ]
    (tmp_path / "l.csv").write_text("\ufeff" + "\r\n".join([PUBLISHED, *rows]) + "\r\n", encoding="utf-8")
    outcome = run(tmp_path / "l.csv", tmp_path / "o")
    assert [(item.path, item.status, item.made) for item in outcome.items] == [
        ("one_openorganelle", "ok", 4),
        ("two", "ok", 1),
    ]
    for path, cube in cubes_in(tmp_path / "o" / "one_openorganelle").items():
        np.testing.assert_array_equal(read(path), 255 - part(pixels[:, ::2, ::2], cube))
        assert SimpleITK.ReadImage(str(path)).GetSpacing() == pytest.approx([0.008, 0.008, 0.03])
    (whole,) = cubes_in(tmp_path / "o" / "two")
    np.testing.assert_array_equal(read(whole), pixels)


def test_names_are_unique_and_lead_nowhere(volumes, tmp_path):
    given = ("../../x", "../../x", "a/b", "", "/etc/x")
    rows = [f"{name},{volumes / form}\n" for name, form in zip(given, FORMATS, strict=True)]
    text = "name,url\n" + "".join(rows)
    (tmp_path / "l.csv").write_text(text)
    outcome = run(tmp_path / "l.csv", tmp_path / "o" / "in", gigabytes=4096 * GB)
    names = [item.path for item in outcome.items]
    assert [names[0], *names[2:]] == ["x", "a_b", "cosem", "etc_x"]
    assert names[1].startswith("x_")
    assert outcome.failed == 0
    assert {path.parent.parent for path in cubes_in(tmp_path)} == {tmp_path / "o" / "in"}


@pytest.mark.parametrize("name", ["sample.parquet", "漢" * 120, "ü" * 120, ".curation"])
def test_any_name_makes_files_that_disks_take(name, volumes, tmp_path):
    (tmp_path / "l.csv").write_text(f"name,url\n{name},{volumes / 'ome04'}\n", encoding="utf-8")
    outcome = run(tmp_path / "l.csv", tmp_path / "o", gigabytes=2048 * GB)
    assert (outcome.failed, outcome.total) == (0, 1)


LIST = "url;name\n{};ä ö\n"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("\n\n" + LIST, "utf-8"),
        (LIST, "utf-8-sig"),
        (LIST, "utf-16"),
        (LIST, "cp1252"),
        (LIST.replace(";", "\t"), "utf-16"),
        (LIST.replace("\n", "\r"), "utf-8"),
        (
            LIST.replace("\n", "\r\n").replace(";", '";"').replace("url", '"url').replace("name", 'name"'),
            "utf-8",
        ),
    ],
)
def test_lists_are_read_as_programs_save_them(text, encoding, volumes, tmp_path):
    if '"' in text:
        text = text.replace("{}", '"{}').replace("ö", 'ö"')
    (tmp_path / "l.csv").write_bytes(text.format(volumes / "ome04").encode(encoding))
    (item,) = run(tmp_path / "l.csv", tmp_path / "o", gigabytes=2048 * GB).items
    assert (item.path, item.status) == ("ä ö", "ok")


@pytest.mark.parametrize("text", ['url,name\nv,"a\nw,b\n', "url,name\n" + "a" * 200_000])
def test_a_list_that_is_no_csv_is_refused_for_a_quote_may_hide_rows(text, tmp_path):
    (tmp_path / "l.csv").write_text(text)
    with pytest.raises(UsageError, match="is no CSV as of line"):
        run(tmp_path / "l.csv", tmp_path / "o")


def test_rows_that_say_nothing_sensible_fail_and_the_others_go_on(volumes, tmp_path):
    good = volumes / "ome04"
    rows = [
        f"{good},,,",
        ",,16,",
        f"{good},-1,,",
        f"{good},,big,",
        f"{good},,,zz",
        f"{good},,,,,,",
    ]
    (tmp_path / "l.csv").write_text("url,level,crop_size,axes\n" + "\n".join(rows) + "\n")
    outcome = run(tmp_path / "l.csv", tmp_path / "o", gigabytes=4096 * GB)
    assert [item.status for item in outcome.items] == ["ok"] + ["failed"] * 5
    words = ["row 3 has no URL", "row 4: its level is '-1'", "crop_size is 'big'", "axes are 'zz'", "7 cells"]
    assert all(word in item.why for word, item in zip(words, outcome.items[1:], strict=True))


def test_a_column_with_a_slip_is_named_with_the_nearest(tmp_path):
    (tmp_path / "l.csv").write_text("url,padding_valeu\na,0\n")
    with pytest.raises(UnknownNameError, match="did you mean 'padding_value'"):
        run(tmp_path / "l.csv", tmp_path / "o")
    (tmp_path / "l.csv").write_text("name\na\n")
    with pytest.raises(UsageError, match="has no column url"):
        run(tmp_path / "l.csv", tmp_path / "o")


def test_real_volumes_over_a_web_server(data, serve, tmp_path):
    web = serve(data / "omezarr", server())
    names = ["em_zyx_v05", "em_sharded_v05", "tczyx_v04"]
    outcome = run([f"{web}/{name}.ome.zarr" for name in names], tmp_path, crop="16", gigabytes=30_000 * GB)
    assert (outcome.failed, len(outcome.items)) == (0, 3)
    for name in names:
        whole = read(data / "omezarr" / f"{name}.ome.zarr")
        whole = whole[0, 0] if whole.ndim == 5 else whole
        for path, cube in cubes_in(tmp_path / name).items():
            np.testing.assert_array_equal(read(path), part(whole, cube))


def test_the_command_line_ends_with_1_where_something_failed(volumes, tmp_path, smalti_cli):
    given = volumes / "n5", tmp_path / "no", "-o", tmp_path / "o"
    done = smalti_cli("curate", "sample", *given, "--crop", "16", "--json")
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    assert [item["status"] for item in told["items"]] == ["ok", "failed"]


@pytest.mark.parametrize(
    ("given", "options", "words"),
    [
        (["no.csv"], {}, "there is no file"),
        (["a.csv", "b.csv"], {}, "give one CSV alone"),
        ([], {}, "give a CSV with the column url"),
        (["n5"], {"crop": "0"}, "--crop is '0'"),
        (["n5"], {"level": "finest"}, "--level is 'finest'"),
    ],
)
def test_a_wrong_call_says_what_is_right(given, options, words, tmp_path):
    with pytest.raises(UsageError, match=words):
        run([str(tmp_path / one) for one in given], tmp_path / "o", **options)


def test_a_list_may_lie_on_a_server_itself(volumes, serve, tmp_path):
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "my list.csv").write_text(f"url;notes\n{volumes / 'n5'};mine\n")
    outcome = run(f"{serve(tmp_path / 'web')}/my%20list.csv", tmp_path / "o", gigabytes=4096 * GB)
    assert (outcome.total, outcome.notes) == (2, ("my%20list.csv: not used: notes",))


def test_a_broken_chunk_costs_one_box(tmp_path):
    write(tmp_path / "v", "ome05", pixels_of((16, 64, 128)))
    chunk = tmp_path / "v" / "0" / "c" / "1" / "2" / "3"
    chunk.write_bytes(chunk.read_bytes()[:100])
    items = run(tmp_path / "v", tmp_path / "o").items
    assert [item.status for item in items] == ["ok", "failed"]
    assert items[0].why == "1 of 64 cubes could not be fetched"


def test_very_many_boxes_are_drawn_without_all_being_listed(monkeypatch):
    monkeypatch.setattr(boxes, "_LISTED", 100)
    drawn, again = (list(boxes.draw(1000, np.random.default_rng(0))) for _ in range(2))
    assert len(drawn) == len(set(drawn)) == 500
    assert drawn == again
