import json
import tarfile

import numpy as np
import polars as pl
import pytest
import tifffile
import yaml


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shards") / "in"
    folder.mkdir()
    for number in range(2):
        frames = np.random.default_rng(number).integers(0, 999, (4, 20, 30)).astype(np.uint16)
        tifffile.imwrite(
            folder / f"m{number}_{number + 3}.ome.tif", frames, ome=True, metadata={"axes": "TYX"}
        )
    return folder


def names(path):
    with tarfile.open(path) as tar:
        return tar.getnames()


def test_a_folder_of_recordings_becomes_shards_named_after_theirs(smalti, recordings, tmp_path):
    done = smalti("shards", recordings, "--out", tmp_path / "train")
    assert done.returncode == 0, done.stderr
    assert "8 samples written" in done.stdout
    assert names(tmp_path / "train" / "train-000000.tar")[:3] == [
        "sample-000000-000.npy",
        "sample-000000-000.json",
        "sample-000000-001.npy",
    ]
    assert smalti("shards", recordings, "--out", tmp_path / "train").returncode == 2


def test_export_frames_is_the_same_command(smalti, tmp_path):
    for name in ("shards", "export-frames"):
        done = smalti(name, "--synthetic", "--out", tmp_path / name / "x", "--compressed", "--stem", "s")
        assert done.returncode == 0, done.stderr
    files = [(tmp_path / name / "x" / "s-000000.tar.gz").read_bytes() for name in ("shards", "export-frames")]
    assert files[0] == files[1]


def test_a_yaml_file_says_it_all_and_what_is_typed_comes_first(smalti, recordings, tmp_path):
    spec = {"template": "{mouse}_{slice}", "transforms": {"slice": "int"}}
    told = {
        "inputs": [f"{recordings}/**/*.tif"],
        "output_stem": "sets/a",
        "compressed": True,
        "filename_spec": spec,
    }
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(told))
    done = smalti("shards", "--config", "c.yaml", "--no-compressed", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["written"] == 8
    with tarfile.open(tmp_path / "sets" / "a-000000.tar") as tar:
        frame = json.load(tar.extractfile("sample-000001-002.json"))
    assert (frame["mouse"], frame["slice"], frame["frame"]) == ("m1", 4, 2)


def test_a_failed_file_is_told_and_ends_with_1(smalti, recordings, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "bad.tif").write_bytes(b"II*\0 no image")
    done = smalti("shards", recordings, tmp_path / "in", "--out", tmp_path / "t")
    assert done.returncode == 1
    assert "1 failed, each with its reason in dataset.yaml" in done.stdout
    assert "bad.tif" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--out", "t"], "give recordings to write"),
        (["{recordings}", "--synthetic", "--out", "t"], "or --synthetic"),
        (["{recordings}", "--out", "t", "--template", "{{mouse}}_x"], "does not fit"),
        (["{recordings}", "--out", "t", "--where", "mean > 1"], "choose rows of a project"),
    ],
)
def test_what_cannot_be_written_is_one_sentence(smalti, recordings, tmp_path, arguments, said):
    done = smalti("shards", *(text.format(recordings=recordings) for text in arguments), cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not [*tmp_path.iterdir()]


def test_lists_of_what_a_filter_keeps_and_of_the_rest(smalti, project, tmp_path):
    for kind in ("paths", "rejected"):
        done = smalti("list", project, "-o", tmp_path / kind, "--as", kind, "--where", "mean > 10")
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "paths").read_text() == "a/1.tif\nb/1.tif\n"
    assert (tmp_path / "rejected").read_text() == "a/0.tif\nb/0.tif\nb/cut.tif\n"


def test_files_that_cannot_be_read_can_be_listed(smalti, project, tmp_path):
    done = smalti("list", project, "-o", tmp_path / "x.csv", "--as", "csv", "--where", "status != 'ok'")
    assert done.returncode == 0, done.stderr
    assert pl.read_csv(tmp_path / "x.csv")["path"].to_list() == ["b/cut.tif"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--as", "cvs"], "did you mean 'csv'"),
        (["--as", "csv", "--link"], "--link says nothing to --as csv"),
        (["--where", "maen > 1"], "did you mean 'mean'"),
        (["--where", "mean > 1000"], "no image is chosen"),
    ],
)
def test_a_wrong_list_is_one_sentence(smalti, project, tmp_path, arguments, said):
    done = smalti("list", project, "-o", tmp_path / "x", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "x").exists()
