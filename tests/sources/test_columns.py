from datetime import datetime

import pytest

from smalti.core.errors import UnknownNameError, UsageError
from smalti.core.image import ImageRef
from smalti.sources.columns import Asked, with_columns
from smalti.sources.folder import discover
from smalti.sources.found import Found


@pytest.fixture
def join(tmp_path):
    """Joins columns to four files; ``table`` is the text of the metadata."""
    paths = ["p1/A1_1.tif", "p1/A2_2.tif", "p2/A1_1.tif", "p2/note.tif"]
    found = Found(tuple(ImageRef(f"/d/{path}", path) for path in paths), {}, (), ())

    def join(template="", table="", taken=("name", "mean"), **asked):
        if table:
            (tmp_path / "meta.csv").write_text(table)
            asked["metadata"] = str(tmp_path / "meta.csv")
        return with_columns(found, Asked(template=template, **asked), taken)

    return join


def test_a_template_gives_columns_and_says_what_it_does_not_fit(join):
    found = join("{plate}/{well}_{site:int}.tif")
    assert found.facts.rows()[0] == ("p1/A1_1.tif", "p1", "A1", 1)
    assert found.facts.rows()[3] == ("p2/note.tif", None, None, None)
    assert found.problems == (
        "template '{plate}/{well}_{site:int}.tif' fits 3 of 4 files, not 'p2/note.tif'",
    )
    assert [column.dtype for column in found.columns] == ["String", "String", "Int64"]


@pytest.mark.parametrize(("template", "said"), [("{mean}.tif", "already"), ("{z}.tif", "--stack-by z")])
def test_a_name_that_is_taken_is_refused(join, template, said):
    with pytest.raises(UsageError, match=said):
        join(template)


def test_a_table_is_joined_by_the_name_of_the_file(join):
    found = join(table="filename,dose,day,mean\nA2_2.tif,0.5,2024-05-31,7\nx.tif,1,,\n", on="filename")
    assert found.facts.rows()[1] == ("p1/A2_2.tif", 0.5, datetime(2024, 5, 31), 7)
    assert found.columns[2].name == "metadata_mean"
    said = " | ".join(found.problems)
    assert "3 of 4 files have no row in meta.csv (by filename), such as p1/A1_1.tif" in said
    assert "1 of 2 rows of meta.csv match no file, such as x.tif" in said
    assert "mean is metadata_mean" in said


def test_a_table_is_joined_by_columns_of_the_template(join):
    found = join("{plate}/{well}_{n:int}.tif", table="Site,kind\n01,a\n2,b\n", on="n=Site")
    assert found.facts["kind"].to_list() == ["a", "b", "a", None]
    found = join("{plate}/{well:identity}_{}.tif", table="well,kind\nA1,a\n", on="well")
    assert found.facts["kind"].to_list() == ["a", None, "a", None]


@pytest.mark.parametrize(("on", "key"), [("path", "./p1/A1_1.tif"), ("stem", "A1_1"), ("", "A1_1.tif")])
def test_path_stem_and_what_the_table_has_join_too(join, on, key):
    found = join(table=f"{on or 'filename'},n\n{key},1\n", on=on)
    assert found.facts["n"][0] == 1


def test_files_that_share_a_name_share_the_row_which_is_said(join):
    found = join(table="filename,n\nA1_1.tif,1\n")
    assert found.facts["n"].to_list() == [1, None, 1, None]
    assert any("2 files share their filename with others" in problem for problem in found.problems)


def test_two_rows_of_one_key_are_refused_unless_they_are_the_same(join):
    with pytest.raises(UsageError, match=r"rows that differ for 1 of its keys \(stem: note\)"):
        join(table="stem,n\nnote,1\nnote,2\n")
    assert join(table="stem,n\nnote,1\nnote,1\n").facts["n"].to_list() == [None, None, None, 1]


def test_a_stack_has_the_columns_of_its_first_file(tmp_path):
    (tmp_path / "list.csv").write_text("path,dose\nA_z1.tif,3\nA_z2.tif,4\nB.tif,5\n")
    found = with_columns(discover(tmp_path / "list.csv"), Asked("{well}_z{z:int}.tif", "z"), ())
    assert found.facts.rows() == [("A_z{z}.tif", 3, "A"), ("B.tif", 5, None)]


def test_what_cannot_be_joined_is_a_sentence(join, tmp_path):
    with pytest.raises(UsageError, match="none of the columns"):
        join(table="a,b\n1,2\n")
    with pytest.raises(UnknownNameError, match="did you mean 'filename'"):
        join(table="filename,b\n1,2\n", on="filenam")
    with pytest.raises(UnknownNameError, match=r"column in .*meta\.csv"):
        join(table="filename,b\n1,2\n", on="stem")
    with pytest.raises(UsageError, match="--metadata"):
        join(on="stem")
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        join(metadata=str(tmp_path / "gone.csv"))
