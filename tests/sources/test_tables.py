import os
from pathlib import Path

import polars as pl
import pytest

from smalti.core.errors import NothingFoundError, UsageError
from smalti.sources.folder import discover


@pytest.fixture
def folder(tmp_path):
    for name in ("img/a.tif", "img/b.dat", "c.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"12345")
    return tmp_path


def table(folder: Path, text: str, name: str = "list.csv") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def paths(found) -> list[str]:
    return [ref.path for ref in found.refs]


def test_a_table_names_its_images_and_brings_its_other_columns(folder):
    found = discover(table(folder, "well,Path,dose\nA1,img/a.tif,0.5\nA2,c.png,2\n"))
    assert [(ref.path, ref.size_bytes, ref.condition) for ref in found.refs] == [
        ("c.png", 5, "list"),
        ("img/a.tif", 5, "list"),
    ]
    assert found.facts.sort("path").rows() == [("c.png", "A2", 2.0), ("img/a.tif", "A1", 0.5)]
    assert [(column.name, column.dtype) for column in found.columns] == [
        ("well", "String"),
        ("dose", "Float64"),
    ]


@pytest.mark.parametrize("suffix", ["parquet", "tsv"])
def test_a_table_may_be_parquet_or_tsv(folder, suffix):
    frame = pl.DataFrame({"file": ["c.png"], "day": ["2024-05-31"]}).with_columns(pl.col("day").str.to_date())
    target = folder / f"x.{suffix}"
    frame.write_parquet(target) if suffix == "parquet" else frame.write_csv(target, separator="\t")
    found = discover(target)
    assert paths(found) == ["c.png"]
    assert found.columns[0].dtype == "Datetime"


def test_a_list_is_a_path_a_line(folder):
    text = f"\ufeff# chosen\nimg/b.dat\n\n{folder / 'c.png'}\r\n./img/a.tif\n"
    assert paths(discover(table(folder, text, "mine.txt"))) == ["c.png", "img/a.tif", "img/b.dat"]


def test_a_file_that_is_not_there_keeps_its_row(folder):
    found = discover(table(folder, "path\nimg/gone.tif\nc.png\n"))
    assert [(ref.path, ref.size_bytes) for ref in found.refs] == [("c.png", 5), ("img/gone.tif", 0)]


def test_a_condition_column_gives_the_conditions(folder):
    found = discover(table(folder, "path,condition\nc.png,treated\nimg/a.tif,\n"))
    assert {ref.path: ref.condition for ref in found.refs} == {"c.png": "treated", "img/a.tif": "list"}


def test_rows_without_a_path_and_paths_named_twice_are_said(folder):
    found = discover(table(folder, "path,n\nc.png,1\n,2\nimg/../c.png,3\n"))
    assert paths(found) == ["c.png"]
    assert found.clutter == {"row of a file named before": 1, "row without a path": 1}
    assert found.facts["n"].to_list() == [1]


def test_a_column_of_another_name_is_known_by_files_that_are_there(folder):
    assert paths(discover(table(folder, "well,picture\nA1,c.png\n"))) == ["c.png"]


def test_a_table_of_data_is_no_list_of_paths(folder):
    with pytest.raises(UsageError, match=r"no column of paths \(its columns: 'well', 'dose'\).*--metadata"):
        discover(table(folder, "well,dose\nA1,3\n"))
    with pytest.raises(NothingFoundError):
        discover(table(folder, "path\n"))


@pytest.mark.parametrize("text", ["", "path,a\nc.png\nx,y,z,\n", "\0\0\xff"])
def test_a_broken_table_is_a_sentence(folder, text):
    with pytest.raises(UsageError):
        discover(table(folder, text))


def test_a_pattern_is_relative_to_the_folder_before_it(folder):
    (folder / "img/deep").mkdir()
    (folder / "img/deep/a_w1.tif").write_bytes(b"1")
    assert paths(discover(f"{folder}/img/**/*.tif")) == ["a.tif", "deep/a_w1.tif"]
    assert paths(discover(f"{folder}/i*/?.[tx]*", known=("tif",))) == ["img/a.tif"]
    assert paths(discover(f"{folder}/img/*.dat", known=("tif",))) == ["b.dat"]


def test_a_pattern_that_fits_nothing_says_what_is_there(folder):
    with pytest.raises(NothingFoundError, match=r"1 \*\.dat"):
        discover(f"{folder}/img/x*.tif")
    with pytest.raises(UsageError, match="between slashes"):
        discover(f"{folder}/img/**.tif")
    with pytest.raises(UsageError, match="-p img"):
        discover(f"{folder}/*.tif", ["img"])


def test_a_name_with_wildcards_that_is_there_is_no_pattern(folder):
    (folder / "set [1]").mkdir()
    (folder / "set [1]/a.tif").write_bytes(b"1")
    assert paths(discover(folder / "set [1]")) == ["a.tif"]


@pytest.mark.skipif(os.name != "posix", reason="POSIX file systems only")
def test_a_line_that_is_not_utf8_finds_its_file(folder):
    raw = os.fsencode(folder) + b"/caf\xe9.tif"
    Path(os.fsdecode(raw)).write_bytes(b"x")
    (folder / "l.txt").write_bytes(b"caf\xe9.tif\n")
    (ref,) = discover(folder / "l.txt").refs
    assert (ref.path, ref.size_bytes) == ("caf%E9.tif", 1)
