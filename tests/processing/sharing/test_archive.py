"""ZIPs: equal for equal projects, and refused in one sentence where anything in them is not a project's."""

import shutil
import stat
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import smalti
from smalti.core.errors import SmaltiError, UsageError
from smalti.processing.sharing.archive import pack, unpack
from smalti.processing.sharing.members import MOST_TEXT

TABLES = ("images", "planes", "histograms", "thumbnails")


@pytest.fixture(scope="module")
def made(write_tiffs, tmp_path_factory):
    """A project of six images, and its ZIP."""
    from smalti.core.progress import Silent

    base = tmp_path_factory.mktemp("zip")
    write_tiffs(base / "images", 6)
    project = smalti.process(base / "images", output=base / "x.smalti", progress=Silent())
    project.view.add_filter("mean", ">", 10)
    project.view.save("bright")
    return project, project.export(base / "x.zip")


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """The user's cache, empty."""
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *_: tmp_path / "cache")
    monkeypatch.setattr("smalti.processing.sharing.shelf._of_this_process", {})
    return tmp_path / "cache"


def rewritten(source: Path, target: Path, *extra: tuple[zipfile.ZipInfo | str, bytes], without=()) -> Path:
    """A copy of a ZIP with more members, or fewer."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for info in old.infolist():
            if info.filename not in without:
                new.writestr(info, old.read(info))
        for name, content in extra:
            new.writestr(name, content)
    return target


def is_refused(path: Path, words: str) -> None:
    before = files_around(path)
    with pytest.raises(UsageError, match=words) as error:
        smalti.open(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)
    assert files_around(path) <= before


def files_around(path: Path) -> set[Path]:
    """Files below the folder of a ZIP, and beside that folder; folders of other tests hold very many."""
    return set(filter(Path.is_file, (*path.parent.rglob("*"), *path.parent.parent.glob("*"))))


def test_a_project_comes_out_of_its_zip_as_it_went_in(made, shelf):
    project, path = made
    opened = smalti.open(path)
    for table in TABLES:
        assert_frame_equal(getattr(opened, table).collect(), getattr(project, table).collect())
    assert opened.summary() == project.summary() | {"read_only": True}
    assert (opened.path / "views" / "bright.json").is_file()
    assert opened.path.is_relative_to(shelf)


def test_equal_projects_make_equal_zips_with_stored_members_only(made, tmp_path):
    project, path = made
    again = project.export(tmp_path / "again.zip")
    assert again.read_bytes() == path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
        names = archive.namelist()
    assert names == ["project.json", *(f"{table}.parquet" for table in TABLES), "views/bright.json"]


def test_a_zip_is_unpacked_once_and_found_again(made, shelf):
    _, path = made
    first = smalti.open(path).path
    before = (first / "images.parquet").stat().st_mtime_ns
    assert smalti.open(path).path == first
    assert (first / "images.parquet").stat().st_mtime_ns == before
    assert len(list((shelf / "opened").iterdir())) == 1


def test_what_somebody_removed_from_the_cache_is_unpacked_again(made, shelf):
    _, path = made
    (smalti.open(path).path / "images.parquet").unlink()
    assert smalti.open(path).images.collect().height == 6


def test_what_was_not_opened_for_a_month_is_given_up(made, shelf):
    import os

    _, path = made
    old = shelf / "opened" / "old.smalti"
    old.mkdir(parents=True)
    (old / ".read-only").write_text("old.zip")
    os.utime(old / ".read-only", (0, 0))
    smalti.open(path)
    assert not old.exists()


def test_two_processes_open_one_zip_at_once(made, tmp_path):
    code = f"import smalti; print(smalti.open({str(made[1])!r}).images.collect().height)"
    env = {"XDG_CACHE_HOME": str(tmp_path), "PYTHONPATH": str(Path(smalti.__file__).parents[1])}
    runs = [
        subprocess.Popen([sys.executable, "-c", code], env=env, stdout=subprocess.PIPE, encoding="utf-8")
        for _ in range(3)
    ]
    assert [run.communicate(timeout=60)[0].strip() for run in runs] == ["6"] * 3
    assert len(list((tmp_path / "smalti" / "opened").iterdir())) == 1


def test_a_cache_that_cannot_be_written_is_done_without(made, shelf):
    shelf.write_text("a file where the folder should be")
    opened = smalti.open(made[1])
    assert opened.images.collect().height == 6
    assert opened.read_only
    assert smalti.open(made[1]).path == opened.path


def test_a_folder_around_the_project_is_taken_off(made, tmp_path, shelf):
    with zipfile.ZipFile(made[1]) as old, zipfile.ZipFile(tmp_path / "x.zip", "w") as new:
        new.writestr("x.smalti/", b"")
        for name in old.namelist():
            new.writestr(f"x.smalti/{name}", old.read(name), zipfile.ZIP_DEFLATED)
        new.writestr("x.smalti/.lock", b"")
        new.writestr("__MACOSX/._x", b"y")
    assert smalti.open(tmp_path / "x.zip").images.collect().height == 6


@pytest.mark.parametrize(
    "name",
    ["../evil.txt", "a/../../evil.txt", "/etc/evil", "C:/evil", "c:evil", "views\\..\\evil", "", "a\nb"],
)
def test_a_name_that_leads_out_is_refused(made, tmp_path, shelf, name):
    is_refused(rewritten(made[1], tmp_path / "x.zip", (zipfile.ZipInfo(name), b"x")), "leads out|damaged")


@settings(max_examples=25, deadline=None)
@given(name=st.text(st.characters(codec="utf-8"), min_size=1, max_size=40))
def test_whatever_a_member_is_called_nothing_is_written_for_it(made, tmp_path_factory, name):
    place = tmp_path_factory.mktemp("names")
    rewritten(made[1], place / "x.zip", (zipfile.ZipInfo(name), b"x"))
    (place / "out").mkdir()
    try:
        unpack(place / "x.zip", place / "out")
    except UsageError:
        assert list((place / "out").iterdir()) == []
    assert {path.name for path in place.iterdir()} == {"x.zip", "out"}
    assert {path.name for path in (place / "out").iterdir()} <= {
        *("project.json", "views", "flags.jsonl"),
        *(f"{table}.parquet" for table in TABLES),
    }


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_are_refused(made, tmp_path, shelf, kind):
    link = zipfile.ZipInfo("flags.jsonl")
    link.create_system, link.external_attr = 3, (kind | 0o777) << 16
    is_refused(rewritten(made[1], tmp_path / "x.zip", (link, b"/etc/passwd")), "link or a device")


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["project.json", "PROJECT.json"])
def test_a_name_that_is_there_twice_is_refused(made, tmp_path, shelf, name):
    is_refused(rewritten(made[1], tmp_path / "x.zip", (name, b"{}")), "in it twice")


def test_a_bomb_is_refused_by_its_ratio(made, tmp_path, shelf):
    bomb = zipfile.ZipInfo("flags.jsonl")
    bomb.compress_type = zipfile.ZIP_DEFLATED
    is_refused(rewritten(made[1], tmp_path / "x.zip", (bomb, bytes(20 << 20))), "would grow")


def patched(path: Path, offset: int, value: bytes, name: bytes = b"project.json") -> Path:
    """A ZIP with some bytes of the list of its members, and of the member's own head, replaced."""
    content = bytearray(path.read_bytes())
    entry = content.rfind(name) - 46
    assert content[entry : entry + 4] == b"PK\x01\x02"
    content[entry + offset : entry + offset + len(value)] = value
    path.write_bytes(content)
    return path


def test_an_encrypted_member_is_refused(made, tmp_path, shelf):
    copy = Path(shutil.copy(made[1], tmp_path / "x.zip"))
    is_refused(patched(copy, 8, struct.pack("<H", 1)), "encrypted")


def test_an_unknown_way_of_packing_is_refused(made, tmp_path, shelf):
    copy = Path(shutil.copy(made[1], tmp_path / "x.zip"))
    is_refused(patched(copy, 10, struct.pack("<H", 99)), "packed by method 99")


@pytest.mark.parametrize("size", [2**31, MOST_TEXT + 1, 2**32 - 2])
def test_a_huge_declared_size_is_refused(made, tmp_path, shelf, size):
    copy = Path(shutil.copy(made[1], tmp_path / "x.zip"))
    is_refused(patched(copy, 24, struct.pack("<I", size)), "would grow|damaged")


def test_members_that_lie_on_top_of_each_other_are_refused(made, tmp_path, shelf):
    copy = Path(shutil.copy(made[1], tmp_path / "x.zip"))
    size = struct.pack("<I", 2**31)
    is_refused(patched(patched(copy, 20, size), 24, size), "larger than the file|at most|damaged")


def test_bytes_that_are_not_those_packed_are_refused(made, tmp_path, shelf):
    copy = Path(shutil.copy(made[1], tmp_path / "x.zip"))
    content = bytearray(copy.read_bytes())
    content[60] ^= 0xFF  # inside project.json
    copy.write_bytes(content)
    is_refused(copy, "damaged")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_zip_that_is_cut_off_is_refused(made, tmp_path, shelf, share):
    whole = made[1].read_bytes()
    (tmp_path / "x.zip").write_bytes(whole[: int(len(whole) * share)])
    is_refused(tmp_path / "x.zip", "cannot be read as a ZIP")


@pytest.mark.parametrize("missing", ["project.json", "images.parquet"])
def test_a_zip_of_something_else_is_refused(made, tmp_path, shelf, missing):
    is_refused(rewritten(made[1], tmp_path / "x.zip", without=[missing]), f"no project.*{missing} not in it")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("project.json", b"[]"),
        ("project.json", b'{"name": 3}'),
        ("project.json", b"[" * 100_000),
        ("images.parquet", b"PAR1 and no more"),
    ],
)
def test_parts_of_a_project_that_are_none_are_refused(made, tmp_path, shelf, name, content):
    is_refused(rewritten(made[1], tmp_path / "x.zip", (name, content), without=[name]), "cannot be opened")


def test_anything_but_a_smalti_zip_is_left_alone(made, tmp_path):
    (tmp_path / "thesis.zip").write_bytes(b"years of work")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as other:
        other.writestr("a.txt", b"more years")
    before = (tmp_path / "other.zip").read_bytes()
    for name in ("thesis.zip", "other.zip"):
        with pytest.raises(UsageError, match="no ZIP that smalti wrote"):
            made[0].export(tmp_path / name)
    assert (tmp_path / "thesis.zip").read_bytes() == b"years of work"
    assert (tmp_path / "other.zip").read_bytes() == before


def test_an_export_that_fails_leaves_the_old_zip_and_nothing_else(made, tmp_path, monkeypatch):
    target = made[0].export(tmp_path / "x.zip")
    before = target.read_bytes()
    monkeypatch.setattr("shutil.copyfileobj", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left")))
    with pytest.raises(OSError, match="No space"):
        pack(made[0].path, target)
    assert target.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["x.zip"]


def test_nothing_is_written_into_what_was_opened_from_a_zip(made, shelf):
    opened = smalti.open(made[1])
    for change in (opened.process, lambda: opened.view.save("mine")):
        with pytest.raises(UsageError, match=r"read-only.*smalti export .*x\.zip -o .*x\.smalti"):
            change()
    assert smalti.open(opened.path).read_only


def test_a_zip_becomes_a_folder_that_can_be_worked_in(made, tmp_path, shelf, told):
    folder = smalti.open(made[1]).export(tmp_path / "mine.smalti")
    again = smalti.open(folder)
    again.process(progress=told)
    assert told.total == 0
    assert not again.read_only
    assert again.view.save("mine").is_file()
    with pytest.raises(UsageError, match="there already"):
        made[0].export(folder)


def test_code_and_commands_name_the_zip_that_was_opened(made, shelf):
    view = smalti.open(made[1]).view
    assert f'smalti.open("{made[1]}")' in view.to_code()
    assert view.to_cli() == f"smalti table {made[1]}"
    assert type(view).load(view.table, "bright").view.filters


def test_a_run_that_was_stopped_is_not_packed(made, tmp_path):
    from dataclasses import replace

    shutil.copytree(made[0].path, tmp_path / "x.smalti")
    replace(made[0].record, finished=False).write(tmp_path / "x.smalti")
    with pytest.raises(UsageError, match="not finished; finish it with: smalti process"):
        smalti.open(tmp_path / "x.smalti").export(tmp_path / "x.zip")


def test_modules_named_in_a_zip_are_not_imported(made, tmp_path, shelf):
    import json

    record = json.loads((made[0].path / "project.json").read_text())
    record["settings"]["modules"] = ["antigravity"]
    record["of_a_later_version"] = 1
    changed = ("project.json", json.dumps(record).encode())
    missing = ["project.json", "planes.parquet"]
    opened = smalti.open(rewritten(made[1], tmp_path / "x.zip", changed, without=missing))
    assert opened.settings.modules == ()
    with pytest.raises(SmaltiError):
        opened.rollup(by="nothing of this name")
    assert "antigravity" not in sys.modules


def test_a_thumbnail_that_decodes_to_gigabytes_is_refused(made, tmp_path, shelf):
    thumbnails = made[0].thumbnails.collect()
    bomb = bytearray(thumbnails["jpeg"][0])
    frame = bomb.index(b"\xff\xc0")
    bomb[frame + 5 : frame + 9] = struct.pack(">HH", 65_500, 65_500)
    for jpeg, words in ((bytes(bomb), "65,500 × 65,500 px large"), (b"GIF89a", "no JPEG")):
        jpegs = pl.Series("jpeg", [jpeg] * thumbnails.height)
        thumbnails.with_columns(jpegs).write_parquet(tmp_path / "t.parquet")
        changed = ("thumbnails.parquet", (tmp_path / "t.parquet").read_bytes())
        path = rewritten(made[1], tmp_path / "x.zip", changed, without=["thumbnails.parquet"])
        is_refused(path, words)
