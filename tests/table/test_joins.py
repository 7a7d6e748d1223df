import polars as pl
import pytest

from smalti.core.errors import UnknownNameError, UsageError
from smalti.table.view import ViewState


@pytest.fixture
def dose(tmp_path):
    path = tmp_path / "do'se.csv"
    path.write_text("name,dose,note\nim00_0.tif,1.5,x\nim03_0.tif,,y\nnowhere.tif,9,z\n", encoding="utf-8")
    return path


def test_columns_of_a_file_are_filtered_like_others_and_undone(table, dose):
    state = ViewState(table)
    assert state.join(dose, on="name") == ["dose", "note"]
    state.add_filter("note", "in", ["x", "y", "z"])
    assert state.filtered["name"].to_list() == ["im00_0.tif", "im03_0.tif"]
    assert state.filtered["dose"].to_list() == [1.5, None]
    state.undo()
    state.undo()
    assert "dose" not in state.table.images.columns


def test_a_joined_file_travels_with_the_view_but_not_in_a_link(project_table, dose):
    state = ViewState(project_table)
    state.join(dose, on="name")
    state.add_filter("dose", ">", 1)
    assert ViewState.from_yaml(project_table, state.to_yaml()).view == state.view
    names = {}
    exec(state.to_code(), names)
    assert names["images"].equals(state.filtered)
    assert "--join" in state.to_cli()
    with pytest.raises(UsageError, match="a link cannot carry"):
        state.to_url()


def test_a_frame_in_memory_joins_but_cannot_be_written_down(project_table):
    state = ViewState(project_table)
    state.join(pl.DataFrame({"n": [3, 5], "dose": [float("nan"), 2.0]}), on="n")
    state.add_expression("n > 1")
    assert "dose" not in state.to_code()
    state.add_filter("dose", "is_null", invert=True)
    assert state.filtered["n"].to_list() == [5, 5, 5]
    for write in (state.to_code, state.to_cli):
        with pytest.raises(UsageError, match="'dose' was joined from a frame in memory"):
            write()
    assert ViewState.from_dict(state.table, state.to_dict()).n == state.n


def test_sessions_share_a_table_with_the_same_columns(table, dose):
    first, second = ViewState(table), ViewState(table)
    for state in (first, second):
        state.join(dose, on="name")
    assert first.table is second.table
    assert first.table.fingerprint == table.fingerprint


@pytest.mark.parametrize("ending", ["tsv", "parquet"])
def test_other_kinds_of_files_are_read_and_keys_take_the_images_type(project_table, tmp_path, ending):
    path = tmp_path / f"m.{ending}"
    metadata = pl.DataFrame({"n": ["3", "5", "word"], "dose": [1.0, 2.0, 3.0]})
    metadata.write_csv(path, separator="\t") if ending == "tsv" else metadata.write_parquet(path)
    state = ViewState(project_table)
    state.join(path, on="n")
    assert state.table.images["dose"].to_list() == [1, None, 2, 2, *[None] * 3, 2, None, None, 1, None]
    names = {}
    exec(state.to_code(), names)
    assert names["images"]["dose"].to_list() == state.filtered["dose"].to_list()


@pytest.mark.parametrize(
    ("text", "on", "error", "said"),
    [
        ("name,dose\na,1\na,2\n", "name", UsageError, "more than once"),
        ("name,mean\na,1\n", "name", UsageError, "'mean' is in the images table already"),
        ("file,dose\na,1\n", "name", UnknownNameError, "no metadata column named 'name'"),
        ("name,dose\na,1\n", "nam", UnknownNameError, "no image column named 'nam'"),
        ("", "name", UsageError, "cannot be read"),
    ],
)
def test_what_cannot_be_joined_is_refused_in_words(table, tmp_path, text, on, error, said):
    path = tmp_path / "m.csv"
    path.write_text(text, encoding="utf-8")
    state = ViewState(table)
    with pytest.raises(error, match=said):
        state.join(path, on=on)
    assert state.revision == 0


@pytest.mark.parametrize(("file", "said"), [("x.csv", "cannot be read"), ("x.xlsx", "ending in .csv")])
def test_a_file_that_is_no_table_is_refused(table, file, said):
    with pytest.raises(UsageError, match=said):
        ViewState(table).join(file, on="name")
