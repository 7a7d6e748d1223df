"""The server listens where it is told, admits nobody else, and ends cleanly."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from smalti.app.serve import origins, page_maker, serve
from smalti.core.errors import UsageError
from smalti.processing.project import Project

SERVED = Callable[[Path], AbstractContextManager[str]]


def test_a_taken_port_is_said_with_a_free_one_proposed(demo: Project) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=rf"port {port} is taken.*--port \d+"):
            serve(demo, port=port, address="127.0.0.1", browser=False)


def test_an_address_of_another_machine_is_refused_in_words(demo: Project) -> None:
    with pytest.raises(UsageError, match="give an address of this machine"):
        serve(demo, port=0, address="192.0.2.1", browser=False)


def test_only_the_names_of_this_server_may_open_the_websocket() -> None:
    assert origins("localhost", 5006) == ["127.0.0.1:5006", "localhost:5006"]
    assert f"{socket.gethostname()}:80" in origins("0.0.0.0", 80)


def test_a_page_that_cannot_be_made_tells_visitors_no_paths(demo: Project, tmp_path: Path) -> None:
    make = page_maker(demo)
    project = demo.path / "project.json"
    aside = project.rename(tmp_path / "project.json")
    try:
        said = make()
    finally:
        aside.rename(project)
    assert str(demo.path) not in said


@pytest.mark.skipif(os.name != "posix", reason="SIGTERM ends any process elsewhere")
def test_it_ends_when_told_to_although_nobody_reads_its_output(demo: Project) -> None:
    command = [sys.executable, "-m", "smalti.cli", "explore", str(demo.path), "--no-browser", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        server.stdout.readline()
        server.stdout.close()
        server.terminate()
        assert server.wait(20) == 0


def test_it_serves_its_page_and_no_files_and_ends_with_ctrl_c(demo: Project, served: SERVED) -> None:
    with served(demo.path) as url:
        assert url.startswith("http://localhost:")
        assert demo.name in urlopen(url).read().decode()  # our own server
        for path in ("project.json", "static/../../project.json", "images.parquet", "%2e%2e/project.json"):
            with pytest.raises(HTTPError, match=r"40[034]"):
                urlopen(url + path)
        foreign = Request(f"{url}ws", headers={"Origin": "http://example.org", "Upgrade": "websocket"})
        with pytest.raises(HTTPError, match=r"40[03]"):
            urlopen(foreign)
