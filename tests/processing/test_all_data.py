"""The whole pile of real files at once: every format, good and bad, as a user would give it."""

import csv
import json
import os
import subprocess
import sys
import time
from pathlib import PurePosixPath

import polars as pl
import psutil
import pytest

import smalti

LIMIT_SECONDS = 600
LIMIT_MB = 1000

NOT_READ = {
    "vendor/xyz__multiple_images.czi": "pip install bioio-czi",  # under the GPL: users install it themselves
    "bad/metadata/no_meta.dcm": "cut short, damaged",  # neither pydicom nor SimpleITK reads it
    "fits/compressed_float_bzero.fits": "HDU 1 is a row of 3 numbers",
    "fits/random_groups.fits": "HDU 0 is random groups (visibilities)",
    "fits/zerowidth.fits": "HDU 0 is without pixels",
}
"""Valid or odd files of which no image can be had, each with what its row says."""


def memory_mb(process):
    """Of a process and all below it; pages that several share count once."""
    total = 0
    for each in (process, *process.children(recursive=True)):
        try:
            total += each.memory_full_info().pss
        except psutil.Error:  # it ended just now
            continue
    return total / 1e6


@pytest.fixture(scope="module")
def run(data, tmp_path_factory):
    """Exit code, peak of memory in MB, and the project of one run over all of the data."""
    output = tmp_path_factory.mktemp("all") / "all.smalti"
    command = [sys.executable, "-m", "smalti.cli", "process", str(data), "-o", str(output), "--workers", "2"]
    process = psutil.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak, end = 0.0, time.monotonic() + LIMIT_SECONDS
    while process.poll() is None and time.monotonic() < end:
        peak = max(peak, memory_mb(process))
        time.sleep(0.2)
    if process.poll() is None:
        process.terminate()
    return process.wait(), peak, smalti.open(output)


@pytest.fixture(scope="module")
def rows(run):
    return run[2].images.select("path", "status", "error").collect()


@pytest.fixture(scope="module")
def kinds(data):
    """What the list of files says of each."""
    with (data / "MANIFEST.csv").open(encoding="utf-8", newline="") as file:
        return {row["path"]: row["kind"] for row in csv.DictReader(file)}


@pytest.mark.slow
def test_two_workers_end_well_with_all_of_it_in_ten_minutes_and_a_gigabyte(run):
    code, peak, _ = run
    assert code == 0
    assert peak < LIMIT_MB


@pytest.mark.slow
def test_every_file_belongs_to_a_row_or_to_clutter(run, rows, data):
    paths = set(rows["path"])
    outside = 0
    for folder, folders, files in os.walk(data):
        here = PurePosixPath(os.path.relpath(folder, data)).as_posix()
        if here in paths:  # a store owns its members
            folders.clear()
            continue
        outside += sum(f"{here}/{name}".removeprefix("./") not in paths for name in files)
    assert outside == sum(run[2].record.clutter.values()), json.dumps(dict(run[2].record.clutter))


@pytest.mark.slow
def test_no_message_blames_a_good_file(rows, kinds):
    good = {path for path, kind in kinds.items() if kind.startswith(("good-", "odd", "dup-"))}
    blamed = rows.filter(pl.col("path").is_in(good), pl.col("status") != "ok")
    said = dict(blamed.select("path", "error").iter_rows())
    assert {path for path in said if path not in NOT_READ} == set(), said
    assert all(words in said[path] for path, words in NOT_READ.items())


@pytest.mark.slow
def test_every_row_that_is_not_ok_says_why_in_words_for_people(rows):
    errors = rows.filter(pl.col("status") != "ok")["error"]
    assert errors.null_count() == 0
    assert not any("Traceback" in error or "object at 0x" in error for error in errors)
