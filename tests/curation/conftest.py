import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile

sys.path.insert(0, str(Path(__file__).parent))  # for made.py beside it


@pytest.fixture
def write_tiff(tmp_path):
    """Writes an array as TIFF at a path below ``tmp_path / "images"``, which it gives."""

    def write(name, pixels, **options):
        path = tmp_path / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        tifffile.imwrite(path, np.asarray(pixels), **({"photometric": "minisblack"} | options))
        return path

    return write


@pytest.fixture
def smalti_cli():
    """Runs the command line in a process of its own."""

    def run(*arguments):
        command = [sys.executable, "-m", "smalti.cli", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)

    return run


@pytest.fixture
def one_core():
    """Tests run side by side; threads of torch that wait for a core would spin."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
