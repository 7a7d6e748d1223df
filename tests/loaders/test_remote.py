"""Files elsewhere, and servers that do wrong."""

import tempfile
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Thread
from typing import ClassVar

import numpy as np
import pytest
import tifffile

from smalti.core.errors import UnreadableError
from smalti.core.image import ImageRef
from smalti.loaders import _remote
from smalti.loaders.choose import open_images, read_later

LIMIT = 500_000_000


class Hostile(BaseHTTPRequestHandler):
    """Answers each name with what it says; everything else with a small TIFF."""

    asked: ClassVar[list[str]] = []
    body = b""

    def __init__(self, *arguments, directory):
        super().__init__(*arguments)

    def do_GET(self):
        name = self.path.rpartition("/")[2]
        self.asked.append(name)
        if name[:3] in ("404", "403", "500"):
            self.send_error(int(name[:3]))
            return
        self.send_response(302 if name.startswith("loop") else 200)
        if name.startswith("loop"):
            self.send_header("Location", self.path)
        length = {"cut.tif": len(self.body) * 2, "loop.tif": 0}.get(name, len(self.body))
        if name not in ("unsaid.tif", "endless.tif"):
            self.send_header("Content-Length", str(length))
        self.end_headers()
        if name == "slow.tif":
            self.rfile.read(1)
        if name != "loop.tif":
            self.wfile.write(self.body * (1000 if name == "endless.tif" else 1))

    def log_message(self, *words):
        pass


@pytest.fixture
def url(serve, tmp_path, monkeypatch):
    tifffile.imwrite(tmp_path / "a.tif", np.arange(48, dtype=np.uint16).reshape(6, 8))
    Hostile.body, Hostile.asked = (tmp_path / "a.tif").read_bytes(), []
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    return serve(handler=Hostile)


def left_behind() -> list[Path]:
    return [path for path in Path(tempfile.gettempdir()).rglob("*") if path.is_file()]


def ref_to(url: str, name: str, size: int | None = None) -> ImageRef:
    return ImageRef(f"{url}/{name}", f"set/{name}", len(Hostile.body) if size is None else size)


def test_a_remote_file_is_read_from_a_copy_that_goes_again(url):
    with open_images(ref_to(url, "a.tif"), LIMIT) as images:
        image = next(images)
        assert len(left_behind()) == 1
        assert image.read().sum() == np.arange(48).sum()
        assert (image.ref.uri, image.ref.loader) == (f"{url}/a.tif", "tiff")
    assert left_behind() == []


def test_a_file_of_unknown_size_is_taken_as_it_comes(url):
    with open_images(ref_to(url, "unsaid.tif", 0), LIMIT) as images:
        assert next(images).shape == (6, 8)


@pytest.mark.parametrize(
    ("name", "size", "said"),
    [
        ("404.tif", None, "it is not there"),
        ("403.tif", None, "access is refused"),
        ("500.tif", None, "the server answers 500"),
        ("cut.tif", None, "breaks off before its end"),
        ("unsaid.tif", 10**6, "bytes arrived of 1,000,000 that were listed; it was cut"),
        ("endless.tif", None, "more than the .* bytes arrive that were listed"),
        ("loop.tif", None, "without end"),
        ("slow.tif", None, "no answer in time"),
        ("brain.nhdr", None, "its pixels are in another file"),
    ],
)
def test_what_goes_wrong_on_the_way_is_the_reason(url, monkeypatch, name, size, said):
    monkeypatch.setattr("smalti.core.remote.PATIENCE", 0.7)
    with (
        open_images(ref_to(url, name, size), LIMIT) as images,
        pytest.raises(UnreadableError, match=said) as told,
    ):
        next(images)
    assert tempfile.gettempdir() not in str(told.value)
    assert left_behind() == []


def test_a_broken_file_is_named_by_its_path_not_by_its_copy(url):
    Hostile.body = Hostile.body[:60]
    with open_images(ref_to(url, "a.tif"), LIMIT) as images, pytest.raises(UnreadableError) as told:
        next(images).read()
    assert tempfile.gettempdir() not in str(told.value)
    assert left_behind() == []


def test_a_host_that_is_gone_is_said_without_the_password():
    ref = ImageRef("http://me:secret@127.0.0.1:1/a.tif", "a.tif")
    with open_images(ref, LIMIT) as images, pytest.raises(UnreadableError, match="no connection") as told:
        next(images)
    assert "secret" not in str(told.value)


def test_reading_one_image_again_fetches_it_once(url):
    image = read_later(ref_to(url, "a.tif"), LIMIT)
    assert all(image.read(y=row)[0] == 8 * row for row in range(6))
    assert Hostile.asked == ["a.tif"]


def test_what_is_kept_has_a_limit_and_spares_what_is_in_use(url, monkeypatch):
    monkeypatch.setattr(_remote, "KEPT_BYTES", len(Hostile.body))
    names = ["b.tif", "c.tif", "b.tif"]
    for name in names:
        read_later(ref_to(url, name), LIMIT).read()
    assert Hostile.asked == names
    with _remote.fetched(ref_to(url, "d.tif"), keep=True) as held:
        read_later(ref_to(url, "e.tif"), LIMIT).read()
        assert Path(held.uri).exists()


def test_several_threads_fetch_one_file_once(url):
    read = [Thread(target=read_later, args=(ref_to(url, "t.tif"), LIMIT)) for _ in range(6)]
    for thread in read:
        thread.start()
    for thread in read:
        thread.join()
    assert Hostile.asked == ["t.tif"]


@pytest.mark.parametrize("server", ["s3", "web"])
@pytest.mark.parametrize("store", ["em_zyx_v05.ome.zarr", "em_sharded_v05.ome.zarr"])
def test_a_remote_store_is_read_where_it_is(data, serve, bucket, server, store):
    folder = data / "omezarr" / store
    url = serve(folder) if server == "web" else bucket(folder)
    with (
        open_images(ImageRef(f"{url}/", store), LIMIT) as there,
        open_images(ImageRef(str(folder), store), LIMIT) as here,
    ):
        image, same = next(there), next(here)
        assert image.channel_names == same.channel_names
        np.testing.assert_array_equal(image.read(z=3), same.read(z=3))
