"""A kill at any moment, while a store is made or added to, leaves it whole, and the same call goes on."""

import importlib.util
import json
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import psutil
import pytest
import tifffile
import zarr

import smalti

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).with_name("killed_at.py")
SPEC = importlib.util.spec_from_file_location("killed_at", SCRIPT)
killed_at = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(killed_at)


def run_script(store, stage, number=0, when="before"):
    command = [sys.executable, str(SCRIPT), str(store), stage, str(number), when]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)


@pytest.fixture(scope="module")
def stages(tmp_path_factory):
    """For each stage the store before it, the store after it, and how many files it puts in place."""
    folder = tmp_path_factory.mktemp("stages")
    made = {}
    for stage in ("begin", "append"):
        before = folder / f"before-{stage}"
        before.mkdir()
        if stage == "append":
            shutil.copytree(made["begin"][1], before / "x.zarr")
        after = folder / f"after-{stage}" / "x.zarr"
        shutil.copytree(before, after.parent)
        done = run_script(after, stage)
        assert done.returncode == 0, done.stderr
        made[stage] = before, after, int(done.stdout)
    return made


def assert_whole(store, expected, least):
    """What can be read is a beginning of what was to be written, and all of it is right."""
    if not (store / "zarr.json").exists():
        assert least == 0
        return
    attributes = json.loads((store / "zarr.json").read_text())["attributes"]
    n = attributes["total_images"]
    assert n >= least
    parts = [pl.read_parquet(store / part) for part in attributes["parts"]]
    assert sum(part["row"].is_not_null().sum() for part in parts) == n
    if n:
        images = zarr.open_group(store, mode="r")["images"]
        assert images.shape[0] == n
        assert np.array_equal(images[:], expected[:n])
        own = zarr.open_array(store / "images", mode="r")
        assert np.array_equal(own[:], expected[: own.shape[0]])
    assert smalti.verify(store)["n_faults"] == 0


def assert_equal(store, other):
    """Two stores have the same pixels, rows and attributes, and no rest of an unfinished file."""
    roots = [json.loads((path / "zarr.json").read_text()) for path in (store, other)]
    assert roots[0] == roots[1]
    for path in roots[0]["consolidated_metadata"]["metadata"]:
        pixels = [zarr.open_array(root / path, mode="r")[:] for root in (store, other)]
        assert np.array_equal(*pixels)
    tables = [pl.read_parquet(path.with_name(f"{path.stem}_metadata.parquet")) for path in (store, other)]
    assert tables[0].equals(tables[1])


@pytest.mark.parametrize("stage", ["begin", "append"])
def test_a_kill_at_each_file_put_in_place_loses_nothing_that_was_committed(stage, stages, tmp_path, repeats):
    before, after, n_files = stages[stage]
    places = [(number, when) for number in range(1, n_files + 1) for when in ("before", "after")]
    least = 11 if stage == "append" else 0
    for number, when in random.Random(repeats).sample(places, min(len(places), 2 * repeats)):
        store = tmp_path / f"{number}-{when}" / "x.zarr"
        shutil.copytree(before, store.parent)
        assert run_script(store, stage, number, when).returncode == -signal.SIGKILL
        assert_whole(store, killed_at.IMAGES, least)
        if number < n_files or when == "before":
            assert run_script(store, stage).returncode == 0
        assert_equal(store, after)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files") / "images"
    folder.mkdir()
    for number in range(120):
        image = np.random.default_rng(number).integers(0, 4000, (64, 80)).astype(np.uint16)
        tifffile.imwrite(folder / f"{number:03}.tif", image)
    (folder / "050.tif").write_bytes(b"II*\0 no image")
    return folder


def convert_files(files, store, *options):
    often = (
        "import smalti.export.collection as c; c.COMMIT_BYTES = 0; from smalti.cli.main import main; main()"
    )
    command = [sys.executable, "-c", often, "convert", str(files), "--out", str(store)]
    return subprocess.Popen([*command, "--shard-images", "8", *options], stderr=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def calm(files):
    """An undisturbed conversion and appending, and how long each took."""
    took = {}
    for stage, options in (("begin", ()), ("append", ("--append",))):
        started = time.monotonic()
        store = files.parent / stage / "x.zarr"
        if options:
            shutil.copytree(files.parent / "begin", store.parent)
        assert convert_files(files, store, *options).wait() == 1  # one file is no image
        took[stage] = store, time.monotonic() - started
    return took


@pytest.mark.parametrize("stage", ["begin", "append"])
def test_a_kill_at_any_time_is_made_good_by_the_same_command(stage, files, calm, tmp_path, repeats):
    undisturbed, seconds = calm[stage]
    for number in range(repeats):
        store = tmp_path / str(number) / "x.zarr"
        if stage == "append":
            shutil.copytree(calm["begin"][0].parent, store.parent)
        options = ["--append"] if stage == "append" else []
        driver = convert_files(files, store, *options)
        time.sleep(random.uniform(0.3, 1.0) * seconds)
        workers = psutil.Process(driver.pid).children() if driver.poll() is None else []
        driver.kill()
        killed = driver.wait() == -signal.SIGKILL
        assert not psutil.wait_procs(workers, timeout=10)[1]
        if store.exists() and (store / "zarr.json").exists():
            assert smalti.verify(store)["n_faults"] == 0
        if killed and not is_done(store, undisturbed):
            assert convert_files(files, store, *options).wait() in (0, 1)
        assert_equal(store, undisturbed)


def is_done(store, undisturbed):
    """Whether the kill came after all was said, so that the same command would find a store in its way."""
    roots = [(path / "zarr.json") for path in (store, undisturbed)]
    return roots[0].exists() and roots[0].read_bytes() == roots[1].read_bytes()
