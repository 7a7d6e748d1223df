"""Where images are, and what their names say: one table wherever they lie, columns that come and go."""

import shutil

import numpy as np
import polars as pl
import pytest
import tifffile
from polars.testing import assert_frame_equal

import smalti
from smalti.cli.main import app
from smalti.core.errors import UsageError

ELSEWHERE = ("uri", "modified", "condition")
SOME = (
    "format_zoo/hopper.jpg",
    "format_zoo/hopper_orientation_6.jpg",
    "format_zoo/pil123p.png",
    "em/celegans_tiff_series/c_elegans_em_z0000.tif",
    "omezarr/em_sharded_v05.ome.zarr",
)


@pytest.fixture(scope="module")
def some(data, tmp_path_factory):
    """A few real images: pictures, a TIFF, a store, and a file that is broken."""
    folder = tmp_path_factory.mktemp("some")
    for name in SOME:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (data / name).is_dir() else shutil.copy
        copy(data / name, folder / name)
    (folder / "cut.tif").write_bytes((folder / SOME[3]).read_bytes()[:3000])
    return folder


@pytest.fixture(scope="module")
def local(some):
    from smalti.core.progress import Silent

    return smalti.process(some, output=some.parent / "local.smalti", workers=1, progress=Silent())


@pytest.mark.parametrize("server", ["s3", "web"])
def test_a_folder_elsewhere_gives_the_table_it_gives_here(some, local, server, serve, bucket, tmp_path, told):
    url = bucket(some) if server == "s3" else serve(some)
    project = smalti.process(url, output=tmp_path / "x.smalti", workers=1, progress=told)
    for name in ("planes", "histograms", "thumbnails"):
        assert_frame_equal(getattr(project, name).collect(), getattr(local, name).collect())
    images = project.images.collect()
    assert_frame_equal(images.drop(ELSEWHERE), local.images.drop(ELSEWHERE).collect())
    assert images["uri"].str.starts_with(url).all()
    row = images.row(by_predicate=pl.col("path") == SOME[-1], named=True)
    assert project.image(row["image_id"]).read(z=2).shape == (256, 256)


def test_what_is_unchanged_elsewhere_is_not_fetched_again(serve, tiffs, tmp_path, told):
    url = serve(tiffs)
    smalti.process(url, output=tmp_path / "x.smalti", workers=1, progress=told)
    told.states.clear()
    tifffile.imwrite(tiffs / "0003.ome.tif", np.zeros((9, 9), np.uint8))
    smalti.process(url, output=tmp_path / "x.smalti", workers=1, progress=told)
    assert told.total == 1


@pytest.fixture
def run(tiffs, tmp_path, told):
    """Processes ten TIFFs named by number again; gives the images and how many files were measured."""

    def run(**options):
        told.states.clear()
        project = smalti.process(tiffs, output=tmp_path / "x.smalti", workers=1, progress=told, **options)
        return project.images.collect(), told.total, project

    return run


def test_another_template_changes_columns_without_measuring(run):
    images, measured, project = run(group_template="{site:int}.ome.tif")
    assert (images["site"].to_list(), measured) == (list(range(10)), 10)
    assert project.rollup(by="site").collect().height == 10
    images, measured, _ = run(group_template="{row:identity}{col:int}.ome.tif")
    assert (images["row"].unique().to_list(), measured) == (["0"], 0)
    assert "site" not in images.columns
    images, measured, _ = run()
    assert measured == 0
    assert not {"row", "col", "site"} & set(images.columns)


def test_a_well_of_a_name_and_one_of_a_plate_share_a_column(data, tmp_path, told):
    folder = tmp_path / "set"
    shutil.copytree(data / "omezarr/plate_v04.ome.zarr", folder / "plate.ome.zarr")
    tifffile.imwrite(folder / "P1_A02.tif", np.zeros((8, 8), np.uint8))

    def wells(**options):
        project = smalti.process(folder, output=tmp_path / "x.smalti", workers=1, progress=told, **options)
        rows = project.images.select("path", "plate", "well").collect()
        return rows.filter(pl.col("path") == "P1_A02.tif").row(0)[1:], rows["well"].n_unique()

    named, n_wells = wells(group_template="{plate}_{well}.tif")
    assert named == ("P1", "A02")
    assert n_wells > 1
    assert wells() == ((None, None), n_wells)


def test_joined_metadata_are_described_in_the_table_and_the_record(run, tmp_path):
    rows = "\n".join(f"{number:04}.ome.tif,{number / 4},2024-05-{number + 1:02}" for number in range(9))
    (tmp_path / "meta.csv").write_text(f"filename,dose,day\n{rows}\n")
    images, _, project = run(metadata=tmp_path / "meta.csv", on="filename")
    assert images["dose"].sum() == 9.0
    assert "1 of 10 files have no row in meta.csv" in str(project)
    assert smalti.open(project.path).record.metadata == str(tmp_path / "meta.csv")
    (tmp_path / "meta.csv").write_text("filename,dose\n0003.ome.tif,7\n")
    images, measured, _ = run(metadata=tmp_path / "meta.csv", on="filename")
    assert (images["dose"].to_list(), measured) == ([None] * 3 + [7] + [None] * 6, 0)
    assert "day" not in images.columns


def test_a_stack_is_one_image_that_can_be_opened_again(tmp_path, told):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 4000, (2, 3, 16, 16), np.uint16)
    for c, channel in enumerate(("DAPI", "GFP")):
        for z in range(3):
            if (c, z) != (1, 1):
                tifffile.imwrite(tmp_path / f"A1_{channel}_z{z}.tif", pixels[c, z])
    project = smalti.process(
        tmp_path,
        output=tmp_path / "x.smalti",
        progress=told,
        group_template="{well}_{c}_z{z:int}.tif",
        stack_by="z,c",
    )
    row = project.images.collect().row(0, named=True)
    assert (row["path"], row["well"], row["channel_names"]) == ("A1_{c}_z{z}.tif", "A1", ["DAPI", "GFP"])
    assert (row["status"], row["n_planes"], row["n_planes_ok"]) == ("partial", 6, 5)
    assert "plane c=1 z=1: stack: there is no file for this plane" in row["error"]
    image = smalti.open(project.path).image(row["image_id"])
    np.testing.assert_array_equal(image.read(c=1, z=2), pixels[1, 2])
    assert smalti.process(tmp_path, output=tmp_path / "x.smalti", progress=told).images.collect().height == 5


def test_a_row_of_a_list_that_names_nothing_says_so(tiffs, tmp_path, told):
    (tiffs / "mine.txt").write_text("0001.ome.tif\ngone.tif\n")
    project = smalti.process(tiffs / "mine.txt", output=tmp_path / "x.smalti", progress=told)
    images = project.images.collect()
    assert project.name == "mine"
    assert images["status"].to_list() == ["ok", "unreadable"]
    assert "No such file" in images["error"][1]


def test_credentials_of_a_url_stay_out_of_the_project(serve, tiffs, tmp_path, told):
    url = serve(tiffs).replace("//", "//me:secret@")
    project = smalti.process(f"{url}/0000.ome.tif", output=tmp_path / "x.smalti", progress=told)
    assert project.images.collect()["status"].to_list() == ["ok"]
    assert all(b"secret" not in path.read_bytes() for path in project.path.rglob("*") if path.is_file())


def test_a_host_that_is_not_there_ends_the_command_with_code_2(tmp_path):
    from typer.testing import CliRunner

    result = CliRunner().invoke(app, ["process", "http://127.0.0.1:1/x/", "-o", str(tmp_path / "x.smalti")])
    assert isinstance(result.exception, UsageError)
    assert not (tmp_path / "x.smalti").exists()


def test_a_template_that_cannot_be_read_writes_nothing(tiffs, tmp_path):
    with pytest.raises(UsageError, match="names no column"):
        smalti.process(tiffs, output=tmp_path / "x.smalti", group_template="plain.tif")
    assert not (tmp_path / "x.smalti").exists()
