"""Files in a folder here or at a URL: each there as a whole or not at all, written by one process only."""

import subprocess
import sys
from pathlib import Path

import pytest

from smalti.core.errors import SmaltiError, UsageError
from smalti.writers.target import alone, target_at


@pytest.fixture(params=["here", "s3"])
def place(request, tmp_path):
    """A store named x.zarr in a folder of this machine, or on an S3 server."""
    if request.param == "here":
        return f"{tmp_path}/new/x.zarr"
    (tmp_path / "empty").mkdir()
    return f"{request.getfixturevalue('bucket')(tmp_path / 'empty')}/x.zarr"


@pytest.fixture
def target(place):
    target, name = target_at(place)
    assert name == "x.zarr"
    with alone(target, "x.zarr"):
        target.scratch.mkdir(parents=True, exist_ok=True)
        yield target


def names(target, folder="x.zarr"):
    return {name: n for name, n in target.files(folder).items() if not name.endswith(".lock")}


def test_what_is_written_can_be_read_whole_and_in_parts(target):
    data = bytes(range(256)) * 40
    target.write("x.zarr/a/b ä#%.bin", data)
    assert target.read("x.zarr/a/b ä#%.bin") == data
    assert target.read_part("x.zarr/a/b ä#%.bin", 10, 300) == data[10:310]
    assert target.read_part("x.zarr/a/b ä#%.bin", -300, 300) == data[-300:]
    assert target.read_part("x.zarr/a/b ä#%.bin", -300, 20) == data[-300:-280]
    assert target.here("x.zarr/a/b ä#%.bin").read_bytes() == data


def test_more_than_there_is_gives_what_there_is(target):
    target.write("x.zarr/short", b"abc")
    assert target.read_part("x.zarr/short", -20, 20) == b"abc"
    assert target.read_part("x.zarr/short", 1, 20) == b"bc"


def test_what_is_not_there_is_none(target):
    assert target.read("x.zarr/none") is None
    target.write("x.zarr/file", b"x")
    assert target.read("x.zarr/file/below") is None
    with pytest.raises(FileNotFoundError):
        target.read_part("x.zarr/none", 0, 1)


def test_writing_replaces_what_was_there(target):
    target.write("x.zarr/a", b"old and long")
    target.write("x.zarr/a", b"new")
    assert target.read("x.zarr/a") == b"new"


def test_a_finished_file_is_put_in_place_and_gone_from_scratch(target):
    (target.scratch / "f").write_bytes(b"12345")
    target.put("x.zarr/deep/er/f", target.scratch / "f")
    assert target.read("x.zarr/deep/er/f") == b"12345"
    assert list(target.scratch.iterdir()) == []
    assert names(target) == {"x.zarr/deep/er/f": 5}


def test_files_are_those_below_a_folder_alone(target):
    for name in ("x.zarr/a", "x.zarr/b/c", "x.zarr2/d", "y"):
        target.write(name, b"12")
    assert names(target) == {"x.zarr/a": 2, "x.zarr/b/c": 2}
    assert names(target, "x.zarr/b") == {"x.zarr/b/c": 2}
    assert names(target, "x.zarr/none") == {}


def test_files_and_folders_can_be_taken_away(target):
    for name in ("x.zarr/a", "x.zarr/b/c", "x.zarr/b2"):
        target.write(name, b"12")
    for name in ("x.zarr/a", "x.zarr/b", "x.zarr/none"):
        target.remove(name)
    assert names(target) == {"x.zarr/b2": 2}


def test_a_link_is_taken_away_and_not_what_it_leads_to(tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "a").write_bytes(b"1")
    (tmp_path / "link").symlink_to(tmp_path / "kept", target_is_directory=True)
    target_at(f"{tmp_path}/x.zarr")[0].remove("link")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "kept"]


def test_a_file_that_was_not_finished_is_not_there(tmp_path):
    target, _ = target_at(f"{tmp_path}/x.zarr")
    with alone(target, "x.zarr"):
        target.write("x.zarr/a", b"old")
        (target.scratch / "x.zarr~a").write_bytes(b"ne")  # as far as a killed run came
        assert target.read("x.zarr/a") == b"old"
    assert sorted(path.name for path in (tmp_path / "x.zarr").iterdir()) == [".lock", "a"]


def test_a_file_url_is_a_path(tmp_path):
    for url in (f"file://{tmp_path}/a%20b/x.zarr", f"file://localhost{tmp_path}/a%20b/x.zarr"):
        target, name = target_at(url)
        assert (target.folder, name) == (tmp_path / "a b", "x.zarr")
    assert target_at(f"file://{tmp_path}/odd?#/x.zarr")[0].folder == tmp_path / "odd?#"


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("https://x.org/a.zarr", "https://x.org/a.zarr: a web server takes no files; give a path, or s3://"),
        ("http://u:pw@x.org/a.zarr", "http://x.org/a.zarr: a web server"),
        ("s3://bucket", "s3://bucket is a bucket; give a name in it, such as s3://bucket/images.zarr"),
        ("nfs3://h/a.zarr", "nfs3:// is not read; known:"),
        ("zip::s3://b/a.zarr", "chain of URLs"),
        ("file://x.zarr", "names no path of this machine; write it as file:///PATH"),
    ],
)
def test_where_nothing_can_be_written_is_refused(where, said):
    with pytest.raises(UsageError) as refused:
        target_at(where)
    assert said in str(refused.value)
    assert "pw" not in str(refused.value)


def test_a_path_may_lead_through_home_and_links(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    assert target_at("~/a/x.zarr")[0].folder == tmp_path / "a"
    assert target_at("link/../x.zarr")[0].folder == Path(tmp_path)


HOLD = """
import sys
from smalti.writers.target import alone, target_at
with alone(target_at(sys.argv[1])[0], "x.zarr"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_of_two_processes_the_second_is_refused_until_the_first_ends(tmp_path):
    place = f"{tmp_path}/x.zarr"
    command = [sys.executable, "-c", HOLD, place]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8") as other:
        assert other.stdout.readline() == "held\n"
        target, _ = target_at(place)
        with (
            pytest.raises(UsageError, match=r"another process is writing to .*x\.zarr; wait for it"),
            alone(target, "x.zarr"),
        ):
            pytest.fail("both hold it")
        with alone(target_at(f"{tmp_path}/y.zarr")[0], "y.zarr"):
            other.stdin.close()
    with alone(target, "x.zarr"):
        target.write("x.zarr/a", b"1")
    assert target.read("x.zarr/a") == b"1"


def test_a_lock_goes_with_a_process_that_is_killed(tmp_path):
    place = f"{tmp_path}/x.zarr"
    command = [sys.executable, "-c", HOLD, place]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8") as other:
        assert other.stdout.readline() == "held\n"
        other.kill()
    with alone(target_at(place)[0], "x.zarr") as nothing:
        assert nothing is None


def test_what_a_cloud_refuses_is_said_without_its_library(bucket, tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    bucket(tmp_path / "empty")
    target, _ = target_at("s3://no-such-bucket/x.zarr")
    with pytest.raises((SmaltiError, FileNotFoundError), match="bucket"):
        target.write("x.zarr/a", b"1")
    target.close()
    assert not target.scratch.exists()
