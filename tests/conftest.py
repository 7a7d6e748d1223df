"""What all tests share: the real data set, and how often a repeated test repeats."""

import csv
import os
from pathlib import Path

import pytest

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
