import subprocess
import sys

import numpy as np
import pytest
import tifffile


@pytest.fixture(scope="session")
def smalti():
    """Runs the command as a process of its own."""

    def run(*arguments, text=True, **options):
        command = [sys.executable, "-m", "smalti.cli", *map(str, arguments)]
        decoding = {"text": True, "encoding": "utf-8"} if text else {}
        return subprocess.run(command, check=False, **{"capture_output": True, **decoding, **options})

    return run


@pytest.fixture(scope="session")
def images(tmp_path_factory):
    """Two groups of two images, one truncated file, one piece of clutter."""
    base = tmp_path_factory.mktemp("cli") / "images"
    for group in ("a", "b"):
        (base / group).mkdir(parents=True)
        for number in range(2):
            tifffile.imwrite(base / group / f"{number}.tif", np.full((20, 30), 10 * number + 5, np.uint8))
    (base / "b" / "cut.tif").write_bytes((base / "b" / "0.tif").read_bytes()[:100])
    (base / ".DS_Store").write_bytes(b"x")
    return base


@pytest.fixture(scope="session")
def project(smalti, images):
    output = images.parent / "x.smalti"
    done = smalti("process", images, "-o", output, "-p", "a", "-p", "b")
    assert done.returncode == 0, done.stderr
    return output
