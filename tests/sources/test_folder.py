import os
import socket
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.core.errors import NothingFoundError, UsageError
from smalti.sources.folder import discover

KNOWN = ("tif", "tiff", "ome.tif", "png", "nii.gz", "zarr")


def make(folder: Path, *names: str, content: bytes = b"12345") -> Path:
    """Write files (a name that ends in / is a folder) and return the folder."""
    for name in names:
        path = folder / name
        (path if name.endswith("/") else path.parent).mkdir(parents=True, exist_ok=True)
        if not name.endswith("/"):
            path.write_bytes(content)
    return folder


def paths(found) -> list[str]:
    return [ref.path for ref in found.refs]


def test_a_reference_says_where_how_large_and_how_old(tmp_path):
    make(tmp_path, "plate/a.tif")
    os.utime(tmp_path / "plate/a.tif", (1e9, 1.5e9))
    (ref,) = discover(tmp_path, known=KNOWN).refs
    assert (ref.path, ref.size_bytes, ref.mtime) == ("plate/a.tif", 5, 1.5e9)
    assert (ref.uri, ref.condition, ref.series) == (str(tmp_path / "plate/a.tif"), tmp_path.name, 0)


def test_images_come_sorted_by_path_whatever_the_disk_says(tmp_path):
    make(tmp_path, "b/2.tif", "b.tif", "a/1.png", "b/10.tif")
    assert paths(discover(tmp_path, known=KNOWN)) == ["a/1.png", "b.tif", "b/10.tif", "b/2.tif"]


def test_other_files_are_counted_by_name(tmp_path):
    names = (
        ".DS_Store",
        "x/.DS_Store",
        "THUMBS.DB",
        "desktop.ini",
        "._a.tif",
        ".hidden.tif",
        "a.csv",
        "B.CSV",
    )
    found = discover(make(tmp_path, "a.tif", *names), known=KNOWN)
    assert paths(found) == ["a.tif"]
    assert found.clutter == {
        ".DS_Store": 2,
        "Thumbs.db": 1,
        "desktop.ini": 1,
        "._*": 1,
        ".*": 1,
        "*.csv": 2,
    }


@pytest.mark.parametrize(
    "name",
    [
        "a.TIF",
        "a.b.ome.tif",
        "brain.nii.gz",
        "no_extension",
        "1.2.840.10008.55",
        "Dr. No scan",
        "ends.",
        "a..tif",
    ],
)
def test_a_known_extension_or_none_may_be_an_image(tmp_path, name):
    assert paths(discover(make(tmp_path, name), known=KNOWN)) == [name]


@pytest.mark.parametrize(
    ("name", "counted_as"),
    [
        ("a.gz", "*.gz"),
        ("a.tif.csv", "*.csv"),
        ("a.tif~", "*.tif~"),
        ("a.TXT", "*.txt"),
        ("naïve.dät", "*.dät"),
    ],
)
def test_another_extension_is_clutter(tmp_path, name, counted_as):
    found = discover(make(tmp_path, "a.tif", name), known=KNOWN)
    assert found.clutter == {counted_as: 1}


def test_without_known_extensions_every_file_may_be_an_image(tmp_path):
    assert paths(discover(make(tmp_path, "a.csv", "b", ".DS_Store"))) == ["a.csv", "b"]


@pytest.mark.parametrize("asked", ["tif", ".tif", "*.TIF"])
def test_extensions_restrict_whatever_is_known(tmp_path, asked):
    make(tmp_path, "a.tif", "a.ome.tif", "a.png", "b", "c.zarr/.zgroup")
    found = discover(tmp_path, extensions=[asked], known=KNOWN)
    assert paths(found) == ["a.ome.tif", "a.tif"]
    assert found.clutter == {"*.png": 1, "no extension": 1, "*.zarr": 1}
    assert paths(discover(tmp_path, extensions=["ome.tif"])) == ["a.ome.tif"]


def test_an_extension_no_loader_knows_may_be_asked_for(tmp_path):
    make(tmp_path, "a.dat", "b.tif")
    assert paths(discover(tmp_path, extensions=["dat"], known=KNOWN)) == ["a.dat"]


def test_a_zarr_store_is_one_item_with_the_size_of_its_members(tmp_path):
    make(tmp_path, "img.ome.zarr/.zattrs", "img.ome.zarr/0/.zarray", "img.ome.zarr/0/0.0", "plain/zarr.json")
    os.utime(tmp_path / "img.ome.zarr/0/0.0", (4e9, 4e9))
    found = discover(tmp_path, known=KNOWN)
    assert [(ref.path, ref.size_bytes) for ref in found.refs] == [("img.ome.zarr", 15), ("plain", 5)]
    assert found.refs[0].mtime == 4e9
    assert paths(discover(tmp_path, extensions=["zarr"])) == ["img.ome.zarr", "plain"]


def test_a_base_that_is_a_file_or_store_is_one_image(tmp_path):
    make(tmp_path, "set/a.tif", "set/b.zarr/.zgroup")
    for name in ("a.tif", "b.zarr"):
        (ref,) = discover(tmp_path / "set" / name, known=KNOWN).refs
        assert (ref.path, ref.uri) == (name, str(tmp_path / "set" / name))
    with pytest.raises(UsageError, match="is a file"):
        discover(tmp_path / "set/a.tif", ["b"])


def test_hidden_folders_and_our_own_projects_are_counted_not_entered(tmp_path):
    make(
        tmp_path,
        "a.tif",
        ".git/x.tif",
        ".ipynb_checkpoints/y.tif",
        "X.smalti/z.tif",
        "folder_named.tif/b.tif",
    )
    found = discover(tmp_path, known=KNOWN)
    assert paths(found) == ["a.tif", "folder_named.tif/b.tif"]
    assert found.clutter == {"*.smalti": 1, ".git": 1, ".ipynb_checkpoints": 1}


def test_each_path_is_a_condition_named_as_given(tmp_path):
    make(tmp_path, "base/control/1.tif", "base/treated/day 1/2.tif", "base/other/3.tif", "outside/4.tif")
    outside = tmp_path / "outside"
    found = discover(tmp_path / "base", ["treated/day 1/", "control", str(outside)], known=KNOWN)
    assert found.conditions == ("treated/day 1", "control", outside.as_posix())
    assert {ref.path: ref.condition for ref in found.refs} == {
        "control/1.tif": "control",
        "treated/day 1/2.tif": "treated/day 1",
        f"{outside.as_posix()}/4.tif": outside.as_posix(),
    }


def test_an_absolute_path_inside_the_base_is_relative_to_it(tmp_path):
    make(tmp_path, "base/a/1.tif")
    (tmp_path / "link").symlink_to(tmp_path / "base")
    for base in (tmp_path / "base", tmp_path / "link"):
        assert paths(discover(base, [str(tmp_path / "base/a")], known=KNOWN)) == ["a/1.tif"]


def test_an_image_belongs_to_the_first_condition_that_holds_it(tmp_path):
    make(tmp_path, "a/1.tif", "a/b/2.tif", "a/b/3.tif")
    found = discover(tmp_path, ["a/b/3.tif", "a/b", "a", "./a/b"], known=KNOWN)
    assert [(ref.path, ref.condition) for ref in found.refs] == [
        ("a/1.tif", "a"),
        ("a/b/2.tif", "a/b"),
        ("a/b/3.tif", "a/b/3.tif"),
    ]


def test_a_condition_without_an_image_is_said(tmp_path):
    make(tmp_path, "a/1.tif", "b/notes.txt")
    found = discover(tmp_path, ["a", "b"], known=KNOWN)
    assert found.conditions == ("a", "b")
    assert found.problems == ("condition b: no image of its own",)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ((), "is empty"),
        (("sub/deep/",), "is empty"),
        (("a.csv", "b.csv", "c/d.txt"), "holds no image, but 3 other items: 2 *.csv, 1 *.txt"),
        ((".DS_Store",), "1 other item: 1 .DS_Store"),
    ],
)
def test_a_base_without_images_is_told_in_one_sentence(tmp_path, names, said):
    with pytest.raises(NothingFoundError) as caught:
        discover(make(tmp_path, *names), known=KNOWN)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_base_is_answered_with_the_nearest_folder(tmp_path):
    make(tmp_path, "control/", "treated/")
    with pytest.raises(NothingFoundError, match="did you mean 'control'"):
        discover(tmp_path / "contrl")
    with pytest.raises(NothingFoundError, match="there is no folder"):
        discover(tmp_path / "x" / "y" / "z")


def test_a_missing_path_is_answered_with_the_folders_there_are(tmp_path):
    make(tmp_path, "control/a.tif", "treated/b.tif")
    with pytest.raises(UsageError, match=r"-p controll: .* did you mean 'control'"):
        discover(tmp_path, ["controll"])
    with pytest.raises(UsageError, match=r"sub-folders of .*: control, treated"):
        discover(tmp_path, ["xyz"])


def test_the_real_data_is_found_as_its_tables_list_it(data, expected):
    found = discover(data)
    known = {ref.path for ref in found.refs}
    missing = [
        row["path"]
        for row in expected
        if not any(row["path"] == path or row["path"].startswith(f"{path}/") for path in known)
    ]
    assert missing == []
    assert "bad/folder_named.tif" not in known


names = st.text(min_size=1, max_size=12).map(lambda name: name.translate({0: "_", 47: "_"}).strip("."))


@given(st.sets(names.filter(lambda name: name and name.isprintable()), min_size=1, max_size=6))
@settings(max_examples=25, deadline=None)
def test_a_file_of_any_name_is_found_or_counted(tmp_path_factory, names):
    folder = make(tmp_path_factory.mktemp("odd"), "a.tif", *names)
    found = discover(folder, known=KNOWN)
    assert len(found.refs) + sum(found.clutter.values()) == len(list(folder.iterdir()))
    assert all(Path(ref.uri).is_file() for ref in found.refs)


posix = pytest.mark.skipif(os.name != "posix", reason="POSIX file systems only")


@posix
def test_a_name_that_is_not_utf8_can_be_opened_and_written_to_a_table(tmp_path):
    make(tmp_path, "a.tif")
    raw = os.fsencode(tmp_path) + b"/caf\xe9.tif"
    Path(os.fsdecode(raw)).write_bytes(b"x")
    ref = discover(tmp_path, known=KNOWN).refs[1]
    assert ref.path == "caf%E9.tif"
    assert ref.path.encode("utf-8")
    assert Path(ref.uri).read_bytes() == b"x"


@posix
def test_links_are_followed_once_and_loops_are_named(tmp_path):
    make(tmp_path, "base/b/1.tif", "elsewhere/2.tif", "elsewhere/deep/3.tif")
    base = tmp_path / "base"
    for name, target in {
        "a_again": base / "b",
        "b/loop": base,
        "b/self": base / "b/self",
        "out": tmp_path / "elsewhere",
        "out_again": tmp_path / "elsewhere",
        "file.tif": tmp_path / "elsewhere/2.tif",
        "file_again.tif": base / "b/1.tif",
        "gone.tif": base / "gone",
        "other.csv": tmp_path / "elsewhere/2.tif",
    }.items():
        (base / name).symlink_to(target)
    found = discover(base, known=KNOWN)
    assert paths(found) == ["b/1.tif", "file.tif", "out/deep/3.tif"]
    assert found.clutter == {"broken symlink": 2, "repeated symlink": 4, "symlink loop": 1}
    assert found.problems == ("b/loop: links to a folder above itself; not followed again",)


@posix
def test_what_is_no_file_is_counted_and_never_opened(tmp_path):
    make(tmp_path, "a.tif")
    os.mkfifo(tmp_path / "pipe.tif")
    (tmp_path / "link.tif").symlink_to(tmp_path / "pipe.tif")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(tmp_path / "s.tif"))
        found = discover(tmp_path, known=KNOWN)
    assert paths(found) == ["a.tif"]
    assert found.clutter == {"FIFO": 2, "socket": 1}


@pytest.fixture
def nobody():
    """A folder outside pytest's own, which are closed to others, looked at by a user who is not root."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name), lambda: os.seteuid(65534) if os.geteuid() == 0 else None
        os.seteuid(os.getuid())


@posix
def test_a_folder_that_cannot_be_entered_is_named(nobody):
    folder, become_nobody = nobody
    make(folder, "open/a.tif", "closed/b.tif", "s.zarr/.zgroup", "s.zarr/0/0")
    for name in ("closed", "s.zarr/0"):
        (folder / name).chmod(0)
    become_nobody()
    found = discover(folder, known=KNOWN)
    assert paths(found) == ["open/a.tif"]
    assert found.clutter == {"folder that cannot be entered": 2}
    assert "closed: folder that cannot be entered (Permission denied)" in found.problems
