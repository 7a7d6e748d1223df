"""What tests of writers share."""

import hashlib
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def prints():
    """``prints(folder)``: the name and content of every file below."""

    def look(folder):
        files = filter(Path.is_file, Path(folder).rglob("*"))
        return {
            path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in files
        }

    return look
