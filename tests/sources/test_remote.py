import socket
import time
from http.server import BaseHTTPRequestHandler

import pytest

from smalti.core.errors import NothingFoundError, UsageError
from smalti.core.remote import shown, without_secrets
from smalti.sources.folder import discover

KNOWN = ("tif", "png", "zarr")
NAMES = (
    "a.tif",
    "plate 1/ä#%41?.tif",
    "plate 1/deep/b.png",
    "plate 1/notes.csv",
    "s.zarr/.zgroup",
    "s.zarr/0/.zarray",
    "s.zarr/0/0.0",
    "plain/zarr.json",
    ".git/x.tif",
    "old.smalti/y.tif",
    ".DS_Store",
)


@pytest.fixture
def folder(tmp_path):
    for number, name in enumerate(NAMES):
        (tmp_path / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "set" / name).write_bytes(b"x" * (number + 1))
    return tmp_path / "set"


@pytest.fixture(params=["s3", "web"])
def url(request, folder):
    """The folder on a server of this machine."""
    if request.param == "s3":
        return request.getfixturevalue("bucket")(folder)
    return request.getfixturevalue("serve")(folder)


def facts(found):
    return [(ref.path, ref.size_bytes) for ref in found.refs]


def test_a_folder_elsewhere_holds_what_it_holds_here(folder, url):
    here, there = discover(folder, known=KNOWN), discover(url, known=KNOWN)
    assert facts(there) == facts(here)
    assert there.clutter == here.clutter
    assert all(ref.uri.startswith(url) and ref.mtime > 1e9 for ref in there.refs)


def test_paths_below_a_url_are_conditions(url):
    found = discover(url, ["plate 1", "s.zarr", "a.tif"], known=KNOWN)
    assert {ref.path: ref.condition for ref in found.refs} == {
        "a.tif": "a.tif",
        "plate 1/deep/b.png": "plate 1",
        "plate 1/ä#%41?.tif": "plate 1",
        "s.zarr": "s.zarr",
    }
    with pytest.raises(UsageError, match="is not there"):
        discover(url, ["plate 2"])
    with pytest.raises(UsageError, match="below"):
        discover(url, ["../x"])


def test_one_file_and_one_store_elsewhere_are_one_image(url):
    (ref,) = discover(f"{url}/a.tif", known=KNOWN).refs
    assert (ref.path, ref.size_bytes, ref.uri) == ("a.tif", 1, f"{url}/a.tif")
    (ref,) = discover(f"{url}/s.zarr", known=KNOWN).refs
    assert (ref.path, ref.uri) == ("s.zarr", f"{url}/s.zarr/")


def test_patterns_and_extensions_hold_elsewhere_too(url):
    assert [ref.path for ref in discover(f"{url}/plate*/**/*.png").refs] == ["plate 1/deep/b.png"]
    with pytest.raises(NothingFoundError, match=r"\*\.tif"):
        discover(url, extensions=["jpg"], known=KNOWN)


def test_tables_are_read_elsewhere_and_name_files_elsewhere(folder, url, tmp_path):
    (folder / "list.csv").write_text("path,n\na.tif,1\ngone.tif,2\n")
    (tmp_path / "here.csv").write_text(f"uri,n\n{url}/a.tif,1\n{url}/s.zarr,2\n{url}/gone.tif,3\n")
    found = discover(tmp_path / "here.csv")
    assert [(ref.uri.removeprefix(url), ref.size_bytes) for ref in found.refs] == [
        ("/a.tif", 1),
        ("/gone.tif", 0),
        ("/s.zarr/", 18),
    ]
    if url.startswith("http"):
        assert facts(discover(f"{url}/list.csv")) == [("a.tif", 1), ("gone.tif", 0)]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:1/x/", "no connection"),
        ("http://me:secret@127.0.0.1:1/x/", "^http://127.0.0.1:1/x/"),
        ("s3://nosuchbucket/x", "is not there"),
        ("s3://images/nosuchfolder", "is not there"),
        ("file:///etc", "without file://"),
        ("simplecache::http://a/b", "chain"),
        ("http://a/b::file:///etc/passwd", "chain"),
        ("memory://a/b", "not read; known: http"),
        ("abfs://a/b", "adlfs"),
        ("https:///x", "no host"),
    ],
)
def test_what_cannot_be_reached_is_one_sentence_within_seconds(url, said, bucket):
    start = time.monotonic()
    with pytest.raises(UsageError, match=said):
        discover(url)
    assert time.monotonic() - start < 5


def test_wrong_credentials_are_said(serve):
    class Closed(BaseHTTPRequestHandler):
        def __init__(self, *arguments, directory):
            super().__init__(*arguments)

        def do_GET(self):
            self.send_error(403)

        def log_message(self, *words):
            pass

    with pytest.raises(UsageError, match="access is refused"):
        discover(f"{serve(handler=Closed)}/set/")


def test_a_server_that_is_silent_is_given_up(monkeypatch):
    monkeypatch.setattr("smalti.core.remote.PATIENCE", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(UsageError, match="no answer"):
        discover(f"http://127.0.0.1:{silent.getsockname()[1]}/set/")


def test_pages_that_lead_elsewhere_or_on_for_ever_end(serve):
    class Endless(BaseHTTPRequestHandler):
        def __init__(self, *arguments, directory):
            super().__init__(*arguments)

        def do_GET(self):
            if self.path.startswith("/loop"):
                self.send_response(302)
                self.send_header("Location", "/loop")
                self.end_headers()
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            links = (
                "deeper/",
                "../",
                "/etc/passwd.tif",
                "http://elsewhere.invalid/x.tif",
                "?C=N",
                "a.tif",
                "%2e%2e/",
            )
            self.wfile.write("".join(f"<a href='{link}'>x</a>" for link in links).encode())

        def log_message(self, *words):
            pass

    url = serve(handler=Endless)
    found = discover(f"{url}/set/", extensions=["tif"])
    assert {ref.path.replace("deeper/", "") for ref in found.refs} == {"a.tif"}
    assert "32 levels" in found.problems[0]
    with pytest.raises(UsageError, match="without end"):
        discover(f"{url}/loop")


def test_a_store_on_a_server_without_pages_is_one_image(folder, serve):
    from http.server import SimpleHTTPRequestHandler

    class NoPages(SimpleHTTPRequestHandler):
        def list_directory(self, path):
            return self.send_error(404)

        def log_message(self, *words):
            pass

    (folder / "s.zarr/.zgroup").write_text('{"zarr_format": 2}')
    found = discover(f"{serve(folder, NoPages)}/s.zarr")
    assert facts(found) == [("s.zarr", 0)]
    assert "size is not known" in found.problems[0]


def test_credentials_are_never_shown():
    assert shown("https://me:pass@host/a?x=1") == "https://host/a?x=1"
    assert shown("https://host/a.tif?X-Amz-Signature=12&X-Amz-Date=1") == "https://host/a.tif"
    assert shown("https://host/a.tif?sv=1&sig=2") == "https://host/a.tif"
    assert shown("/a?sig=1") == "/a?sig=1"
    assert without_secrets("GET 'https://me:pass@host/a' failed") == "GET 'https://host/a' failed"
