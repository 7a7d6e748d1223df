"""What a filter keeps: lists, tables, copies, links, and files that other programs open."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import smalti
from smalti.core.errors import UsageError
from smalti.core.image import ImageRef, Stack
from smalti.core.plugin import find, plugins
from smalti.core.progress import Silent
from smalti.export.lists.trees import Leaf, leaves, put_copy, put_tree

KINDS = ("paths", "rejected", "csv", "parquet", "copy", "symlinks", "coco", "imagefolder", "provenance")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Four images of which two are bright, and a file that is none."""
    folder = tmp_path_factory.mktemp("lists")
    for name, value in (("a/dark.tif", 5), ("a/bright.tif", 200), ("b/dark.tif", 6), ("b/bright.tif", 201)):
        (folder / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        tifffile.imwrite(folder / "in" / name, np.full((20, 30), value, np.uint8))
    (folder / "in" / "b" / "cut.tif").write_bytes(b"II*\0 no image")
    options = {"metrics": ["mean", "content_hash"], "progress": Silent()}
    made = smalti.process(folder / "in", output=folder / "x.smalti", **options)
    made.view.add_filter("mean", ">", 100)
    return made


def write(project, kind, out, **options):
    return project.export_images(kind, out, progress=Silent(), **options)


BRIGHT = ["a/bright.tif", "b/bright.tif"]


def test_every_kind_is_an_exporter_that_the_page_offers():
    known = plugins("exporter")
    for kind in (*KINDS, "embedding-atlas", "fiftyone"):
        assert known[kind].options["command"] == f"list --as {kind}"
        assert known[kind].meaning.endswith((".", "``."))


def test_kept_and_rejected_paths_are_all_files_together(project, tmp_path):
    for kind in ("paths", "rejected"):
        write(project, kind, tmp_path / kind)
    assert (tmp_path / "paths").read_text().splitlines() == BRIGHT
    assert (tmp_path / "rejected").read_text().splitlines() == ["a/dark.tif", "b/cut.tif", "b/dark.tif"]
    write(project, "paths", tmp_path / "full", absolute=True)
    assert all(Path(path).is_file() for path in (tmp_path / "full").read_text().splitlines())


def test_tables_have_the_rows_that_are_kept_and_parquet_tells_meanings(project, tmp_path):
    for kind in ("csv", "parquet"):
        write(project, kind, tmp_path / kind)
    assert pl.read_csv(tmp_path / "csv")["path"].to_list() == BRIGHT
    assert pl.read_parquet(tmp_path / "parquet")["mean"].to_list() == [200, 201]
    field = pyarrow.parquet.read_schema(tmp_path / "parquet").field("mean")
    assert b"description" in field.metadata


@pytest.mark.parametrize("kind", ["copy", "symlinks"])
def test_a_tree_has_the_files_that_are_kept_under_their_paths(project, tmp_path, kind):
    report = write(project, kind, tmp_path / "out")
    found = sorted(
        path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.tif")
    )
    assert (report.written, found) == (2, BRIGHT)
    assert all((tmp_path / "out" / path).is_symlink() == (kind == "symlinks") for path in found)
    assert tifffile.imread(tmp_path / "out" / found[1])[0, 0] == 201


@pytest.mark.parametrize("kind", ["copy", "symlinks", "imagefolder"])
def test_a_tree_never_overwrites(project, tmp_path, kind):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "bright.tif").write_text("mine")
    with pytest.raises(UsageError, match=r"1 of 2 files are in .* already, such as a/bright\.tif"):
        write(project, kind, tmp_path)
    assert (tmp_path / "a" / "bright.tif").read_text() == "mine"
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("kind", ["copy", "symlinks"])
def test_a_link_in_the_folder_is_not_followed_out_of_it(project, tmp_path, kind):
    (tmp_path / "out").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out" / "a").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="leads out of"):
        write(project, kind, tmp_path / "out")
    assert not [*(tmp_path / "elsewhere").iterdir()]


@pytest.mark.parametrize(
    "path", ["../evil.tif", "/etc/evil.tif", "a/../../evil.tif", "..", "C:\\evil.tif", "..\\evil.tif"]
)
def test_a_path_that_leads_out_of_the_folder_is_refused(path):
    with pytest.raises(UsageError, match="leads out of the folder"):
        leaves({path: ImageRef("/data/evil.tif", path)})


@given(st.lists(st.text("ab./\\ ", min_size=1, max_size=8), max_size=3))
def test_no_path_ever_leads_out(paths):
    try:
        found = leaves({path: ImageRef(f"/data/{number}", path) for number, path in enumerate(paths)})
    except UsageError:
        return
    for leaf in found:
        assert os.path.normpath(f"/out/{leaf.path}").startswith("/out/")


def test_two_files_of_one_path_are_an_error_in_words():
    stack = Stack(("/x/1.tif", "/y/1.tif"), (2, 0, 0))
    with pytest.raises(UsageError, match=r"two files would be 1\.tif: /x/1\.tif and /y/1\.tif"):
        leaves({"t": ImageRef("/x/1.tif", "t", stack=stack)})


def test_a_file_that_is_gone_costs_only_itself(tmp_path):
    (tmp_path / "there.tif").write_bytes(b"1")
    found = [Leaf("gone.tif", str(tmp_path / "gone.tif")), Leaf("there.tif", str(tmp_path / "there.tif"))]
    report = put_tree(found, str(tmp_path / "out"), put_copy, Silent())
    assert (report.written, report.failed, report.errors[0][0]) == (1, 1, "gone.tif")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["there.tif"]


@pytest.mark.parametrize("kind", ["paths", "csv", "coco", "provenance"])
def test_a_file_is_replaced_only_when_asked(project, tmp_path, kind):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(UsageError, match="--overwrite replaces it"):
        write(project, kind, tmp_path / "out")
    assert (tmp_path / "out").read_text() == "mine"
    write(project, kind, tmp_path / "out", overwrite=True)
    assert (tmp_path / "out").read_text() != "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_dry_run_counts_and_writes_nothing(project, tmp_path, kind):
    report = write(project, kind, tmp_path / "out", dry_run=True)
    assert report.plan
    assert not [*tmp_path.iterdir()]


def test_coco_names_every_file_once_with_its_size(project, tmp_path):
    write(project, "coco", tmp_path / "c.json")
    told = json.loads((tmp_path / "c.json").read_text())
    assert told.keys() == {"info", "licenses", "images", "annotations", "categories"}
    images = [(one["id"], one["file_name"], one["width"], one["height"]) for one in told["images"]]
    assert images == [(1, "a/bright.tif", 30, 20), (2, "b/bright.tif", 30, 20)]


@pytest.mark.parametrize("table", ["csv", "jsonl"])
def test_an_imagefolder_has_a_row_for_each_of_its_files(project, tmp_path, table):
    write(project, "imagefolder", tmp_path / "f", metadata=table, link=table == "jsonl")
    read = pl.read_csv if table == "csv" else pl.read_ndjson
    rows = read(tmp_path / "f" / f"metadata.{table}")
    assert rows["file_name"].to_list() == BRIGHT
    assert all((tmp_path / "f" / name).is_file() for name in rows["file_name"])
    assert str(project.record.base) not in (tmp_path / "f" / f"metadata.{table}").read_text()


OPEN = """
import sys, datasets
rows = datasets.load_dataset("imagefolder", data_dir=sys.argv[1], split="train", streaming=True)
print(*sorted(row["image"].getpixel((0, 0)) for row in rows), end="")
"""


def test_datasets_of_hugging_face_opens_an_imagefolder(project, tmp_path):
    write(project, "imagefolder", tmp_path / "f")
    command = [sys.executable, "-c", OPEN, str(tmp_path / "f")]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.stdout == "200 201", done.stderr


def test_provenance_names_sources_hashes_filter_and_version(project, tmp_path):
    write(project, "provenance", tmp_path / "p.json")
    told = json.loads((tmp_path / "p.json").read_text())
    graph = {one["@id"]: one for one in told["@graph"]}
    assert graph["#choosing"]["description"] == "mean > 100"
    assert graph["#smalti"]["softwareVersion"] == smalti.__version__
    assert [part["@id"] for part in graph["./"]["hasPart"]] == BRIGHT
    hashes = project.view.filtered.sort("path")["content_hash"].to_list()
    assert [graph[path]["pixelHash"] for path in BRIGHT] == hashes
    source = Path(project.record.base) / "a" / "bright.tif"
    assert graph["a/bright.tif"]["contentSize"] == source.stat().st_size


def test_provenance_names_files_by_uris(tmp_path):
    (tmp_path / "in").mkdir()
    tifffile.imwrite(tmp_path / "in" / "a #1 µ.tif", np.zeros((4, 5), np.uint8))
    made = smalti.process(tmp_path / "in", output=tmp_path / "x.smalti", metrics="mean", progress=Silent())
    for absolute, uri in (
        (False, "a%20%231%20%C2%B5.tif"),
        (True, (tmp_path / "in" / "a #1 µ.tif").as_uri()),
    ):
        write(made, "provenance", tmp_path / "p.json", absolute=absolute, overwrite=True)
        assert json.loads((tmp_path / "p.json").read_text(encoding="utf-8"))["@graph"][-1]["@id"] == uri


def test_embedding_atlas_gets_a_picture_in_each_row(project, tmp_path):
    write(project, "embedding-atlas", tmp_path / "e.parquet")
    pictures = pl.read_parquet(tmp_path / "e.parquet")["image"]
    assert [Image.open(io.BytesIO(one["bytes"])).format for one in pictures] == ["JPEG", "JPEG"]


def test_fiftyone_gets_full_paths_that_are_there(project, tmp_path):
    write(project, "fiftyone", tmp_path / "f.csv")
    rows = pl.read_csv(tmp_path / "f.csv")
    assert rows.columns[0] == "filepath"
    assert all(Path(path).is_file() for path in rows["filepath"])


def test_lists_of_folders_say_what_to_do(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((4, 5), np.uint8))
    from smalti.export.api import chosen

    plugin = find("exporter", "csv")
    with pytest.raises(UsageError, match="make one with: smalti process"):
        plugin.function(chosen(tmp_path), str(tmp_path / "x.csv"), plugin.options["options"](), Silent())
