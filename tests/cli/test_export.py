import os
import signal
import subprocess
import sys
import time
import zipfile

import numpy as np
import polars as pl
import pytest
import tifffile

import smalti as library


@pytest.fixture(scope="module")
def zipped(smalti, project, tmp_path_factory):
    """The project of the other tests as a ZIP, and a cache of its own."""
    folder = tmp_path_factory.mktemp("zipped")
    done = smalti("export", project, "-o", folder / "x.zip")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(folder / "x.zip")
    return folder / "x.zip", {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}


def test_the_table_of_a_zip_is_that_of_its_folder(smalti, project, zipped):
    path, env = zipped
    command = ["table", "--columns", "path,mean", "--where", "mean > 5"]
    of_folder, of_zip = (smalti(command[0], x, *command[1:], env=env) for x in (project, path))
    assert of_zip.returncode == 0, of_zip.stderr
    assert of_zip.stdout == of_folder.stdout


def test_a_table_of_pixelpatrol_is_summed_up(smalti, data, zipped):
    other = smalti("summary", data / "interop" / "pixelpatrol_0.8.0_plankton.parquet", env=zipped[1])
    assert "plankton_whoi: 40 images in 40 files, 40 planes" in other.stdout


def test_a_hostile_zip_is_one_sentence_and_writes_nothing(smalti, zipped, tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo("../../evil"), b"x")
    done = smalti("summary", tmp_path / "x.zip", env={**zipped[1], "XDG_CACHE_HOME": str(tmp_path / "cache")})
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "leads out of the folder" in done.stderr
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / "x.zip"]


@pytest.mark.slow
def test_images_are_measured_into_a_zip_and_again_only_what_is_new(smalti, tmp_path):
    base = tmp_path / "images"
    base.mkdir()
    for number in range(3):
        tifffile.imwrite(base / f"{number}.tif", np.full((8, 9), number, np.uint8))
    first = smalti("export", base, "-o", tmp_path / "x.zip", "--flavor", "confocal", "--omit-base-dir")
    assert first.returncode == 0, first.stderr
    assert "x.smalti is in it and removed" in first.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["images", "x.zip"]
    tifffile.imwrite(base / "3.tif", np.full((8, 9), 3, np.uint8))
    again = smalti("export", base, "-o", tmp_path / "x.zip")
    assert "images [confocal]: 4 images" in again.stdout, again.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["images", "x.zip"]


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_an_export_that_was_killed_goes_on_where_it_was(smalti, tmp_path):
    base = tmp_path / "images"
    base.mkdir()
    for number in range(60):
        pixels = np.random.default_rng(number).integers(0, 255, (700, 700), np.uint8)
        tifffile.imwrite(base / f"{number:02}.tif", pixels)
    command = [sys.executable, "-m", "smalti.cli", "export", base, "-o", tmp_path / "x.zip", "--workers", "1"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        deadline = time.monotonic() + 60
        while not (tmp_path / "x.smalti" / "project.json").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        run.send_signal(signal.SIGKILL)
    assert (tmp_path / "x.smalti").is_dir()
    assert not (tmp_path / "x.zip").exists()
    done = smalti("export", base, "-o", tmp_path / "x.zip")
    assert done.returncode == 0, done.stderr
    assert "60 images" in done.stdout
    assert not (tmp_path / "x.smalti").exists()


@pytest.mark.slow
def test_a_project_that_was_there_before_the_zip_stays(smalti, images, tmp_path):
    smalti("process", images, "-o", tmp_path / "x.smalti")
    done = smalti("export", images, "-o", tmp_path / "x.zip", "--strict")
    assert done.returncode == 1  # one image is cut off; the ZIP is there all the same
    assert "removed" not in done.stdout
    assert (tmp_path / "x.zip").is_file()
    assert library.open(tmp_path / "x.smalti").images.collect().height == 5


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere", "-o", "x.zip"], "no folder or file"),
        (["{images}", "-o", "x.smalti"], "use: smalti process"),
        (["{project}", "-o", "x.tar"], "ends neither in .zip"),
        (["{project}", "-o", "x.zip", "--flavor", "new"], "--flavor: a project is exported as it is"),
        (["{images}", "-o", "x.zip", "--cmap", "virids"], "did you mean 'viridis'"),
        (["{images}", "-o", "thesis.zip"], "no ZIP that smalti wrote"),
    ],
)
def test_what_cannot_be_exported_is_one_sentence(smalti, images, project, tmp_path, arguments, said):
    (tmp_path / "thesis.zip").write_text("years of work")
    filled = [text.format(images=images, project=project) for text in arguments]
    done = smalti("export", *filled, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.zip"]


def test_every_option_of_process_that_measures_is_one_of_export(smalti):
    said = [smalti(name, "--help").stdout.split() for name in ("process", "export")]
    flags = [{word for word in words if word.startswith("--")} for words in said]
    assert flags[0] <= flags[1]


def test_files_are_listed_without_a_measurement(smalti, images, tmp_path):
    done = smalti("process", images, "-o", tmp_path / "x.smalti", "-l", "none")
    assert done.returncode == 0, done.stderr
    table = pl.read_parquet(tmp_path / "x.smalti" / "images.parquet")
    assert table.height == 5
    assert table["size_bytes"].null_count() == 0
    assert table["mean"].null_count() == 5
