import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smalti.processing.place import Place


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("places") / "place"


@given(st.integers(0, 2**31 - 1), st.integers(0, 2**32 - 1))
def test_what_the_worker_writes_the_driver_sees(path, batch, number):
    worker, driver = Place(path), Place(path)
    _, before = driver.look()
    worker.begin(batch, number)
    at, beats = driver.look()
    assert at == (batch, number)
    assert beats != before
    worker.end()
    assert driver.look()[0] is None


def test_it_can_be_read_after_the_worker_was_killed(tmp_path):
    place = Place(tmp_path / "place")
    work = (
        "import os, sys; from pathlib import Path; from smalti.processing.place import Place\n"
        "Place(Path(sys.argv[1])).begin(3, 4); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", work, tmp_path / "place"], check=False, timeout=60)
    assert place.look()[0] == (3, 4)
