import pytest
from typer.testing import CliRunner

from smalti.cli.main import app


@pytest.fixture(scope="module")
def names(project):
    """Names of the images that some options leave, in order; or what is said instead."""

    def run(*options):
        done = CliRunner().invoke(app, ["table", str(project), *options, "--columns", "path"])
        return done.exception if done.exit_code else done.stdout.split()[1:]

    return run


@pytest.mark.parametrize(
    ("options", "paths"),
    [
        ("--filter-col mean --filter-op > --filter 5", ["a/1.tif", "b/1.tif"]),
        ("--filter-col mean --filter-op between --filter 4,6", ["a/0.tif", "b/0.tif"]),
        ("--filter-col name --filter-op in --filter 0.tif,cut.tif", ["a/0.tif", "b/0.tif", "b/cut.tif"]),
        ("--filter-col mean --filter-op is_null", ["b/cut.tif"]),
        ("--filter-col is_flat --filter-op == --filter true", ["a/0.tif", "a/1.tif", "b/0.tif", "b/1.tif"]),
        ("--filter-col mean --filter-op is_top --filter 1", ["a/1.tif", "b/1.tif"]),
        ("--filter-col path --filter-op regex --filter ^a/", ["a/0.tif", "a/1.tif"]),
        (
            "--filter-col mean --filter-op is_null --filter-col path[0] --filter-op == --filter b",
            ["b/cut.tif"],
        ),
        ("--where mean>5 --where condition=='a'", ["a/1.tif"]),
        ("--select-where mean>5 --select-where mean.is_null()", ["a/1.tif", "b/1.tif", "b/cut.tif"]),
        ("--where mean>1 --sort-by mean --descending", ["a/1.tif", "b/1.tif", "a/0.tif", "b/0.tif"]),
        ("--columns-from {number:int}.tif --where number==1", ["a/1.tif", "b/1.tif"]),
        ("--columns-from {number:int}.tif --group-by path[0] --where mean.is_outlier(1,'number')", []),
    ],
)
def test_options_choose_rows(names, options, paths):
    assert names(*options.split()) == paths


def test_ids_come_from_a_list_or_a_file(smalti, project, names, tmp_path):
    printed = smalti("table", project, "--columns", "image_id").stdout.split()[1:]
    assert names("--select-ids", f"{printed[3]},{printed[0]}") == ["a/0.tif", "b/1.tif"]
    file = tmp_path / "ids.csv"
    file.write_text(f'image_id,why\n"{printed[1]}",dark\n\n', encoding="utf-8")
    assert names("--select-ids", str(file)) == ["a/1.tif"]


def test_a_joined_file_gives_columns(names, tmp_path):
    file = tmp_path / "dose.csv"
    file.write_text("path,dose\na/0.tif,3\n", encoding="utf-8")
    assert names("--join", str(file), "--on", "path", "--where", "dose > 1") == ["a/0.tif"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--filter-col mean --filter-op betwen --filter 4,6", "did you mean 'between'"),
        ("--filter-col maen --filter-op > --filter 4", "did you mean 'mean'"),
        ("--filter-col mean --filter-op > --filter x", "'x' is no number"),
        ("--filter-col is_flat --filter-op == --filter 3", "give true or false"),
        ("--filter-col mean --filter-op >", "needs a value"),
        ("--filter-col mean", "each filter needs both"),
        ("--filter 3", "belongs to no --filter-col"),
        ("--join x.csv", "each file needs its column"),
        ("--select-ids nothing", "no image named 'nothing'"),
        ("--group-by conditon", "did you mean 'condition'"),
        ("--sort-by maen", "did you mean 'mean'"),
        ("--view nope", "no saved view named 'nope'"),
    ],
)
def test_what_cannot_be_chosen_is_said_in_one_sentence(names, options, said):
    assert said in str(names(*options.split()))


def test_conditions_are_asked_of_the_whole_table_each(names):
    assert names("--where", "mean < 10", "--where", "mean >= mean.median()") == []
