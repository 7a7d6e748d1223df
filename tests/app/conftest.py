"""Projects to show: the demo's images measured for real, and variations of its table."""

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryFile

import polars as pl
import pytest

import smalti
from smalti.core.progress import Silent
from smalti.processing.project import Project
from smalti.processing.record import Record
from smalti.table import store
from smalti.testing.dataset import write_dataset

sys.path.insert(0, str(Path(__file__).parent))  # for pointing.py beside it


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A hundred synthetic images with known defects, processed."""
    folder = tmp_path_factory.mktemp("demo")
    write_dataset(folder / "images", n=100)
    conditions = ["control", "treated", "em", "histology", "sky"]
    return smalti.process(
        folder / "images", output=folder / "demo.smalti", conditions=conditions, progress=Silent()
    )


@pytest.fixture
def project_of(tmp_path: Path) -> Callable[[pl.DataFrame], Project]:
    """Make a project without thumbnails out of an images table."""

    def make(images: pl.DataFrame) -> Project:
        folder = tmp_path / "made.smalti"
        folder.mkdir()
        store.write_part(folder, 1, {"images": images})
        Record(name="made", base=str(tmp_path), files=images.height, finished=True).write(folder)
        return smalti.open(folder)

    return make


@contextmanager
def serve_by_cli(project: Path) -> Iterator[str]:
    """The URL of a project served by the command line, until the block ends; it warns of nothing."""
    command = [sys.executable, "-m", "smalti.cli", "explore", str(project), "--no-browser", "--port", "0"]
    with (
        TemporaryFile("w+") as said,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, encoding="utf-8") as server,
    ):
        try:
            assert server.stdout is not None
            yield server.stdout.readline().strip()  # ends with the process, so it never waits for good
        finally:
            server.send_signal(signal.SIGINT)
        assert server.wait(20) == 0
        said.seek(0)
        assert re.findall("(?i).*warning.*|.*traceback.*", said.read()) == []


@pytest.fixture(scope="session")
def served() -> Callable[[Path], AbstractContextManager[str]]:
    """Serve a project folder through the real command."""
    return serve_by_cli
