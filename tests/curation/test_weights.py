"""Weights by the name that a user gives: fetched whole, and always the same content."""

import hashlib
import json
import re
from contextlib import suppress
from http.server import BaseHTTPRequestHandler

import pytest

from smalti.core.errors import SmaltiError, UsageError
from smalti.core.progress import Silent
from smalti.curation.network import downloads
from smalti.curation.network import weights as by_name
from smalti.curation.network.weights import fetched

CONTENT = bytes(range(256)) * 20_000  # 5 MB
NAME = "/weights.pth"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "smalti" / "weights"


def sha(content):
    return hashlib.sha256(content).hexdigest()


def get(name, sha256=""):
    return fetched(str(name), sha256, progress=Silent())


class Web(BaseHTTPRequestHandler):
    """Serves `content` in pieces that break off after `most` bytes, and knows ranges."""

    content, mark, most, knows_ranges, states_size = CONTENT, '"1"', 10**9, True, True
    asked: list[str]

    def __init__(self, *arguments, directory, **options):
        super().__init__(*arguments, **options)

    def log_message(self, *words):
        pass

    def do_HEAD(self):
        self.answer(0)

    def do_GET(self):
        self.asked.append(self.headers.get("Range", ""))
        start = int(re.findall(r"\d+", self.asked[-1] or "0")[0]) if self.knows_ranges else 0
        with suppress(ConnectionError):  # who asked may have enough
            self.wfile.write(self.answer(start)[: self.most])
        self.close_connection = True

    def answer(self, start):
        rest = self.content[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(self.content) - 1}/{len(self.content)}")
        if self.states_size:
            self.send_header("Content-Length", str(len(rest)))
        if self.mark:
            self.send_header("ETag", self.mark)
        self.end_headers()
        return rest


@pytest.fixture
def web(serve):
    def start(**facts):
        handler = type("Handler", (Web,), {"asked": [], **facts})
        return handler, serve(handler=handler) + NAME

    return start


def test_a_file_of_a_url_is_fetched_once_and_its_hash_recorded(web, cache):
    handler, url = web()
    first, second = get(url), get(url)
    assert first == second
    assert first.read_bytes() == CONTENT
    assert len(handler.asked) == 1
    assert json.loads((cache / "trusted.json").read_text())[url]["sha256"] == sha(CONTENT)
    assert not list(cache.glob(".*.new")) + list(cache.glob(".*.partial")) + list(cache.glob(".*.begun"))


def test_a_connection_that_breaks_is_gone_on_from_where_it_broke(web):
    handler, url = web(most=2_000_000)
    assert get(url).read_bytes() == CONTENT
    starts = [int(asked[6:-1] or 0) for asked in handler.asked if asked]
    assert starts == sorted(starts)
    assert len(handler.asked) >= 3
    assert starts[0] > 0


def test_what_arrived_before_a_run_was_given_up_is_not_fetched_again(web, monkeypatch):
    handler, url = web(most=2_000_000)
    monkeypatch.setattr(downloads, "BREAKS", 1)
    with pytest.raises(SmaltiError, match="breaks off"):
        get(url)
    handler.most = 10**9
    handler.asked.clear()
    assert get(url).read_bytes() == CONTENT
    assert int(handler.asked[0][6:-1]) > 0


@pytest.mark.parametrize("mark", ['"2"', ""])
def test_what_arrived_of_another_content_is_not_gone_on_from(web, monkeypatch, mark):
    handler, url = web(most=2_000_000)
    monkeypatch.setattr(downloads, "BREAKS", 1)
    with pytest.raises(SmaltiError):
        get(url)
    handler.most, handler.mark, handler.content = 10**9, mark, CONTENT[::-1]
    assert get(url).read_bytes() == CONTENT[::-1]


def test_a_server_without_ranges_or_sizes_serves_too(web):
    _, url = web(knows_ranges=False)
    assert get(url).read_bytes() == CONTENT
    _, url = web(states_size=False, mark="")
    assert get(url).read_bytes() == CONTENT


class Cutting(Web):
    """States no size, and hangs up the first two times before it has told all; says so, as HTTP 1.1 can."""

    protocol_version, cuts = "HTTP/1.1", 2

    def answer(self, start):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        cut = len(self.asked) <= self.cuts
        content = self.content[: 2_000_000 if cut else None]
        return b"%x\r\n%b\r\n" % (len(content), content) + (b"" if cut else b"0\r\n\r\n")


def test_what_a_server_without_sizes_did_not_end_is_not_taken_for_whole(serve):
    handler = type("Handler", (Cutting,), {"asked": []})
    assert get(serve(handler=handler) + NAME).read_bytes() == CONTENT
    assert len(handler.asked) > Cutting.cuts


def test_a_server_that_always_breaks_off_is_given_up_with_three_ways(web):
    _, url = web(most=1000, knows_ranges=False)
    with pytest.raises(SmaltiError, match=r"(?s)Three ways.*PATH.*train-filter"):
        get(url)


def test_a_file_in_a_bucket_is_fetched(bucket, tmp_path):
    (tmp_path / "up").mkdir()
    (tmp_path / "up" / "w.pth").write_bytes(CONTENT)
    assert get(f"{bucket(tmp_path / 'up')}/w.pth").read_bytes() == CONTENT


def test_a_hash_that_was_asked_for_must_be_met(web, cache):
    _, url = web()
    with pytest.raises(UsageError, match=f"{sha(CONTENT)}, {'0' * 64} --sha256 asks for"):
        get(url, "0" * 64)
    assert not [path for path in cache.iterdir() if path.stat().st_size > 1000]
    assert get(url, "sha256:" + sha(CONTENT).upper()).read_bytes() == CONTENT


@pytest.mark.parametrize("text", ["abc", "g" * 64, "0" * 63])
def test_a_hash_that_is_none_is_refused(tmp_path, text):
    with pytest.raises(UsageError, match="64 hex digits"):
        get(tmp_path / "w.pth", text)


def test_a_url_whose_content_changed_is_refused_until_its_hash_is_given(web, cache):
    handler, url = web()
    get(url).unlink()
    handler.content = CONTENT[::-1]
    with pytest.raises(UsageError, match=f"{sha(CONTENT[::-1])}, {sha(CONTENT)} was recorded"):
        get(url)
    assert get(url, sha(CONTENT[::-1])).read_bytes() == CONTENT[::-1]
    assert get(url).read_bytes() == CONTENT[::-1]


def test_a_copy_that_was_damaged_in_the_cache_is_fetched_anew(web):
    handler, url = web()
    get(url).write_bytes(b"damaged")
    assert get(url).read_bytes() == CONTENT
    assert len(handler.asked) == 2


def test_a_path_whose_content_changed_is_refused_until_its_hash_is_given(tmp_path):
    path = tmp_path / "w.pth"
    path.write_bytes(b"one")
    assert get(path) == path
    path.write_bytes(b"two")
    with pytest.raises(UsageError, match=f"{sha(b'two')}, {sha(b'one')} was recorded"):
        get(path)
    assert get(path, sha(b"two")) == get(path) == path


def test_a_path_that_is_not_there_and_a_url_that_is_not_are_said(tmp_path, serve):
    with pytest.raises(UsageError, match="there is no file"):
        get(tmp_path / "none.pth")
    url = serve(tmp_path).replace("://", "://me:secret@") + NAME
    with pytest.raises(SmaltiError, match="not there \\(404\\)") as said:
        get(url)
    assert "secret" not in str(said.value)


def test_without_a_network_the_published_weights_say_three_ways(monkeypatch):
    monkeypatch.setattr(by_name, "CEM", "http://127.0.0.1:9/patch_quality_classifier_nn.pth")
    with pytest.raises(SmaltiError, match=r"(?s)no connection.*Three ways.*patch_quality_classifier_nn"):
        get("cem")


def test_a_file_that_is_too_large_is_not_fetched(web, monkeypatch, cache):
    monkeypatch.setattr(by_name, "MOST_BYTES", 1_000_000)
    for facts in ({}, {"states_size": False}):
        _, url = web(**facts)
        with pytest.raises(UsageError, match="no more than 1,000,000"):
            get(url)
    assert not [path for path in cache.glob("*weights*") if path.stat().st_size]


def test_a_record_that_cannot_be_written_asks_for_the_hash(tmp_path, monkeypatch):
    path = tmp_path / "w.pth"
    path.write_bytes(b"one")
    (tmp_path / "blocked").write_bytes(b"")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "blocked"))
    with pytest.raises(UsageError, match=f"--sha256 {sha(b'one')}"):
        get(path)
    assert get(path, sha(b"one")) == path
