"""What all tests share: the real data set, and how often a repeated test repeats."""

import csv
import logging
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real images; tests that need it say plainly when it is absent."""
    default = HERE.parents[1] / "shared" / "data"
    folder = Path(os.environ.get("SMALTI_TEST_DATA", default))
    if not (folder / "MANIFEST.csv").is_file():
        pytest.skip(f"no test data at {folder}; set SMALTI_TEST_DATA to the folder that holds MANIFEST.csv")
    return folder


@pytest.fixture(scope="session")
def repeats() -> int:
    """How often tests of chance (kills, sessions) repeat."""
    return int(os.environ.get("SMALTI_REPEATS", "3"))


@pytest.fixture(scope="session")
def expected(data: Path) -> list[dict[str, str]]:
    """Rows of EXPECTED.csv."""
    with (data / "EXPECTED.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *words):
        pass


class _Web(ThreadingHTTPServer):
    request_queue_size = 64


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """``serve(folder)`` or ``serve(handler=Handler)``: a web server of this machine, and its URL."""
    running = []

    def start(folder: Path | None = None, handler: type = _Quiet) -> str:
        server = _Web(("127.0.0.1", 0), partial(handler, directory=str(folder)))
        running.append(server)
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def bucket() -> Iterator[Callable[[Path], str]]:
    """``bucket(folder)``: a copy of the folder on an S3 server of this machine, and its URL."""
    import boto3
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    told = {"ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "b", "DEFAULT_REGION": "us-east-1"}
    told["ENDPOINT_URL"] = f"http://{host}:{port}"
    with pytest.MonkeyPatch.context() as environment:
        for name, value in told.items():
            environment.setenv(f"AWS_{name}", value)
        client = boto3.client("s3")
        client.create_bucket(Bucket="images")
        numbers = count()

        def put(folder: Path) -> str:
            prefix = f"set {next(numbers)}"
            for path in filter(Path.is_file, folder.rglob("*")):
                key = f"{prefix}/{path.relative_to(folder).as_posix()}"
                client.put_object(Bucket="images", Key=key, Body=path.read_bytes())
            return f"s3://images/{prefix}"

        yield put
    server.stop()


@pytest.fixture
def small_disk():
    """Runs a shell script with a disk of half a megabyte of its own mounted on its first argument."""
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-Urm", "true"], check=False).returncode:
        pytest.skip("this system lets nobody mount a small disk for a test (unshare -Urm)")

    def run(script, folder, *arguments):
        mount = f'mount -t tmpfs -o size=512k none "$1" && {script}'
        command = ["unshare", "-Urm", "sh", "-c", mount, "sh", folder, *arguments]
        return subprocess.run([*map(str, command)], capture_output=True, encoding="utf-8", check=False)

    return run


PATIENCE = 30_000
"""Milliseconds; a machine that runs other tests beside needs ten times what an idle one does."""

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
]


@dataclass
class Visit:
    """An open page, and what it did that it should not."""

    page: Page
    left_localhost: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def is_clean(self) -> bool:
        assert self.left_localhost == []
        assert self.complaints == []
        return True


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium of the system; while it runs, so does an event loop in this thread."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.fail(f"no Chromium found under {', '.join(names)}; run: sh tests/get_chromium.sh")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def visit(browser: Browser) -> Callable[..., Visit]:
    """Open a URL in a window that can reach this machine only, and keeps what the page complains of."""

    def open_page(url: str, width: int = 1280, height: int = 800, dark: bool = False) -> Visit:
        scheme = "dark" if dark else "light"
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        context.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        opened = Visit(context.new_page())

        def only_here(route: Route) -> None:
            if re.match(r"(https?|wss?)://localhost[:/]|data:|blob:", route.request.url):
                route.continue_()
            else:
                opened.left_localhost.append(route.request.url)
                route.abort()

        context.route("**/*", only_here)
        page = opened.page
        page.on("console", lambda said: opened.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: opened.complaints.append(error.stack or str(error)))
        page.goto(url)
        return opened

    return open_page


@pytest.fixture(scope="session")
def wait_for() -> Callable[[str, Any], None]:
    """Wait until a server answers."""

    def answers(url: str, server: Any) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and server.poll() is None:
            try:
                with urlopen(url):
                    return
            except URLError:
                time.sleep(0.1)
        raise AssertionError(f"nothing answers at {url}")

    return answers
