"""A kill at any moment leaves a set that the same command brings to the same end."""

import random
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import zarr
from made import tissue

from smalti.curation.api import open_patches

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).with_name("killed_at.py")


def run(step, source, out, number=0, when="before"):
    command = [sys.executable, str(SCRIPT), step, str(source), str(out), str(number), when]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)


@pytest.fixture(params=["patch3d", "patch2d"])
def undisturbed(request, write_tiff, tmp_path):
    """A step, its sources, the set that it makes when nothing happens, and how many files it puts there."""
    for seed, name in enumerate(("a", "b", "c")):
        if request.param == "patch3d":
            write_tiff(f"{name}.tif", tissue((18, 20, 33), seed), imagej=True, metadata={"axes": "ZYX"})
        else:
            write_tiff(f"{name}/{name}.tif", tissue((120, 100), seed))
            write_tiff(f"{name}/z.tif", tissue((40, 60), seed))
    done = run(request.param, tmp_path / "images", tmp_path / "whole")
    assert done.returncode == 0, done.stderr
    return request.param, tmp_path / "images", open_patches(tmp_path / "whole"), int(done.stdout)


def assert_same(found, wanted):
    assert found.frame.equals(wanted.frame)
    for path in (wanted.folder / "patches.zarr").glob("*/zarr.json"):
        arrays = [
            zarr.open_array(one.folder / "patches.zarr" / path.parent.name, mode="r")[:]
            for one in (found, wanted)
        ]
        assert np.array_equal(*arrays)
    assert sorted(p.name for p in found.folder.iterdir()) == sorted(p.name for p in wanted.folder.iterdir())


def test_a_killed_run_goes_on_to_the_same_set_by_the_same_command(undisturbed, tmp_path, repeats):
    step, source, wanted, n = undisturbed
    assert n > 12
    moments = [(number, when) for number in range(1, n + 1) for when in ("before", "after")]
    for number, when in random.Random(repeats).sample(moments, min(repeats, len(moments))):
        out = tmp_path / "killed"
        assert run(step, source, out, number, when).returncode == -9
        assert run(step, source, out, max(1, n // 3), when).returncode in (0, -9)
        done = run(step, source, out)
        assert done.returncode == 0, done.stderr
        assert_same(open_patches(out), wanted)
        shutil.rmtree(out)
