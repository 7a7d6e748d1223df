"""With --omit-base-dir nothing that is written says where the images lay."""

import json
from pathlib import Path

import polars as pl
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

import smalti
from smalti.core.errors import UnknownNameError, UsageError
from smalti.processing.sharing.private import plain_record, without_base


@pytest.fixture
def secret(write_tiffs, tmp_path):
    """Images below a folder whose name must not be told, one of them broken."""
    base = write_tiffs(tmp_path / "secret_place" / "my images", 3)
    (base / "broken.tif").write_bytes((base / "0000.ome.tif").read_bytes()[:200])
    (tmp_path / "link").symlink_to(tmp_path / "secret_place")
    return base


def texts(folder: Path) -> str:
    """All that is written, as text: files byte by byte, and tables uncompressed."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    said = [path.read_bytes().decode("latin-1") for path in files]
    tables = [pl.read_parquet(path) for path in files if path.suffix == ".parquet"]
    return "\n".join([*said, *(json.dumps(table.to_dicts(), default=repr) for table in tables)])


def test_nothing_written_names_the_base_folder_and_images_are_found_by_a_base(secret, tmp_path, told):
    output = tmp_path / "x.smalti"
    facts = {"flavor": "IFCB", "description": "Two lines\nof text", "cmap": "Fire"}
    project = smalti.process(
        tmp_path / "link" / "my images", output=output, omit_base_dir=True, **facts, progress=told
    )
    assert project.summary()["failed"] == 1
    project.export(output / "x.zip")
    found = texts(output)
    assert "0000.ome.tif" in found
    for said in ("secret_place", str(tmp_path), str(tmp_path).replace("/", "\\/")):
        assert said not in found
    first, uri, path = project.images.select("image_id", "uri", "path").collect().row(0)
    assert uri == path
    assert project.image(first).read().size  # this session still knows
    opened = smalti.open(output)
    with pytest.raises(UsageError, match=r"nothing says where 0000.*; give their base folder"):
        opened.image(first)
    with pytest.raises(UsageError, match="does not say where its images lie"):
        opened.process(progress=told)
    assert smalti.open(output, base=secret).image(first).read().size
    assert "images [IFCB]: 4 images" in repr(opened)
    assert "\n  Two lines\n  of text\n" in repr(opened)
    assert opened.view.palette == opened.view.to_dict()["palette"] == "Fire"


def test_what_was_written_before_is_cleaned_too(secret, tmp_path, told):
    output = tmp_path / "x.smalti"
    smalti.process(secret, output=output, description="three", progress=told)
    assert "secret_place" in texts(output)
    smalti.process(secret, output=output, omit_base_dir=True, progress=told)
    assert "secret_place" not in texts(output)
    again = smalti.open(output, base=secret).process(progress=told)  # once private, it stays so
    assert "secret_place" not in texts(output)
    assert again.record.description == "three"


def test_an_export_can_leave_out_what_the_project_knows(secret, tmp_path, told):
    project = smalti.process(secret, output=tmp_path / "x.smalti", progress=told)
    (tmp_path / "secret_place" / "dose.csv").write_text("name,dose\n0000.ome.tif,1\n")
    project.view.join(tmp_path / "secret_place" / "dose.csv", on="name")
    project.view.save("joined")
    (tmp_path / "out").mkdir()
    folder = project.export(tmp_path / "out" / "y.smalti", omit_base_dir=True)
    project.export(tmp_path / "out" / "y.zip", omit_base_dir=True)
    assert "secret_place" not in texts(tmp_path / "out")
    assert json.loads((folder / "views" / "joined.json").read_text())["joins"][0]["file"] == "dose.csv"


def test_an_image_outside_the_base_is_refused_before_anything_is_written(secret, tmp_path, told):
    (tmp_path / "other").mkdir()
    tifffile.imwrite(tmp_path / "other" / "a.tif", [[1, 2], [3, 4]])
    with pytest.raises(UsageError, match="lies outside the base folder"):
        smalti.process(
            secret,
            output=tmp_path / "x.smalti",
            conditions=[".", tmp_path / "other"],
            omit_base_dir=True,
            progress=told,
        )
    assert not (tmp_path / "x.smalti" / "images.parquet").exists()
    assert not (tmp_path / "x.smalti" / "project.json").exists()


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\\\0*?["), min_size=1, max_size=12)


@settings(max_examples=30, deadline=None)
@given(
    folder=NAMES.filter(lambda name: name.strip(". ")), before=st.sampled_from(["", "at ", "'", "file://"])
)
def test_a_folder_of_any_name_is_found_in_any_sentence(folder, before):
    base = f"/home/{folder}"
    row = {"path": "a.tif", "uri": f"{base}/a.tif", "error": f"{before}{base}/a.tif: cut off in {base}"}
    plain = without_base(pl.DataFrame(row), [base]).row(0, named=True)
    assert plain["uri"] == "a.tif"
    assert plain["error"] == f"{before}a.tif: cut off in {folder}"
    assert plain_record({"problems": [row["error"]]}, base)["problems"] == [plain["error"]]


def test_paths_that_only_end_alike_are_left_alone():
    row = {"path": "data/a.tif", "uri": "/data/data/a.tif", "error": "b/data/a.tif, ../data/a.tif"}
    plain = without_base(pl.DataFrame(row), ["/data"]).row(0, named=True)
    assert plain == {"path": "data/a.tif", "uri": "data/a.tif", "error": "b/data/a.tif, ../data/a.tif"}


def test_a_palette_that_does_not_exist_is_said_before_the_run(secret, tmp_path, told):
    with pytest.raises(UnknownNameError, match="did you mean 'plasma'"):
        smalti.process(secret, output=tmp_path / "x.smalti", cmap="plasmo", progress=told)
    assert not (tmp_path / "x.smalti").exists()
    with pytest.raises(UsageError, match="flavor is 3; give text"):
        smalti.process(secret, output=tmp_path / "x.smalti", flavor=3, progress=told)
