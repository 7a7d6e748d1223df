"""A kill at any moment leaves no image, or the one before, or the new one; the same call makes it good."""

import importlib.util
import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import zarr

import smalti
from smalti.core.errors import UsageError

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).with_name("pyramid_killed_at.py")
SPEC = importlib.util.spec_from_file_location("pyramid_killed_at", SCRIPT)
killed_at = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(killed_at)


def run_script(store, ngff, number=0, when="before"):
    command = [sys.executable, str(SCRIPT), str(store), ngff, str(number), when]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)


def files(store):
    return {path.relative_to(store): path.read_bytes() for path in store.rglob("*") if path.is_file()}


@pytest.mark.parametrize("ngff", ["0.5", "0.4"])
@pytest.mark.parametrize("before", ["nothing", "another"])
def test_a_kill_at_each_file_leaves_a_whole_image_or_none(ngff, before, tmp_path, repeats):
    done = run_script(tmp_path / "whole" / "x.zarr", ngff)
    assert done.returncode == 0, done.stderr
    whole = files(tmp_path / "whole" / "x.zarr")
    n_steps = int(done.stdout) + (before == "another")
    others = random.sample(range(1, n_steps - 1), min(repeats // 2, n_steps - 2))
    for number in (n_steps - 1, n_steps, *others):
        store = tmp_path / str(number) / "x.zarr"
        old = {}
        if before == "another":
            old = files(smalti.write_pyramid(killed_at.IMAGE[:9, :9], store, ngff))
        when = random.choice(["before", "after"])
        assert run_script(store, ngff, number, when).returncode == -signal.SIGKILL
        between = before == "another" and number == n_steps - 1 + (when == "before")
        assert (files(store) if store.exists() else {}) in ([{}] if between else [old, whole])
        killed_at.write(str(store), ngff)
        assert files(store) == whole
        assert [path.name for path in store.parent.iterdir()] == ["x.zarr"]


def test_a_store_aside_when_a_run_was_killed_is_put_back(tmp_path):
    store = smalti.write_pyramid(np.ones((8, 8), np.uint8), tmp_path / "x.zarr")
    (tmp_path / ".x.zarr.partial").mkdir()
    store.rename(tmp_path / ".x.zarr.partial" / "old")  # between the two renames of a run that replaces
    with pytest.raises(UsageError, match="give another --out, or --overwrite"):
        smalti.write_pyramid(np.zeros((8, 8), np.uint8), store)
    assert zarr.open_group(store, mode="r")["scale0/image"][:].all()
