"""A kill at any moment loses a batch at most, and the same command comes to the same end."""

import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from made import made

from smalti.curation.api import open_patches
from smalti.testing.labelled import labelled_patches, write_labelled

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).with_name("adding_killed_at.py")


def run(folder, number=0, when="before"):
    command = [sys.executable, str(SCRIPT), str(folder), str(number), when]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)


@pytest.fixture
def fresh_set(tmp_path):
    write_labelled(labelled_patches(2, 6, side=32), tmp_path / "images")
    return made("patch2d", tmp_path / "images", tmp_path / "p", crop_size=32)[1].folder


def test_a_killed_run_goes_on_to_the_same_features_by_the_same_command(fresh_set, tmp_path, repeats):
    shutil.copytree(fresh_set, tmp_path / "whole")
    whole = run(tmp_path / "whole")
    assert whole.returncode == 0, whole.stderr
    wanted, n = (tmp_path / "whole" / "patches.parquet").read_bytes(), int(whole.stdout)
    assert n == 7
    moments = [(number, when) for number in range(1, n + 1) for when in ("before", "after")]
    for number, when in random.Random(repeats).sample(moments, min(repeats, len(moments))):
        folder = shutil.copytree(fresh_set, tmp_path / "killed")
        assert run(folder, number, when).returncode == -9
        assert len(list(folder.glob(".features/*.parquet"))) >= number - 1 - (number == n and when == "after")
        assert run(folder, 2, when).returncode in (0, -9)
        done = run(folder)
        assert done.returncode == 0, done.stderr
        assert (folder / "patches.parquet").read_bytes() == wanted
        assert open_patches(folder).frame["feature_entropy"].null_count() == 0
        assert not (folder / ".features").exists()
        shutil.rmtree(folder)
