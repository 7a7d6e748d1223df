"""A kill at any moment costs at most the boxes under way; the same command ends as undisturbed."""

import importlib.util
import random
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from far_made import pixels_of, write

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).with_name("sample_killed_at.py")
SPEC = importlib.util.spec_from_file_location("sample_killed_at", SCRIPT)
killed_at = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(killed_at)


def run_script(volumes, out, number=0, when="before"):
    command = [sys.executable, str(SCRIPT), str(volumes), str(out), str(number), when]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)


def files(folder):
    found = {path.name: path.read_bytes() for path in folder.rglob("*.nrrd")}
    others = {path.name for path in folder.rglob("*") if path.is_file()} - {*found, "sample.lock"}
    return found, others, pl.read_parquet(folder / "sample.parquet").rows()


@pytest.fixture
def volumes(tmp_path):
    """Two volumes, of which one is half padding."""
    pixels = pixels_of((16, 48, 64), "uint16")
    write(tmp_path / "v" / "a", "ome05", pixels)
    pixels[:, :, 32:] = 0
    write(tmp_path / "v" / "b", "precomputed", pixels)
    rows = [f"{name},{tmp_path / 'v' / name},{name == 'b'}" for name in ("a", "b")]
    (tmp_path / "v" / "list.csv").write_text("name,url,invert\n" + "\n".join(rows))
    return tmp_path / "v"


def test_after_a_kill_at_any_moment_the_same_command_ends_as_undisturbed(volumes, tmp_path, repeats):
    done = run_script(volumes, tmp_path / "whole")
    assert done.returncode == 0, done.stderr
    whole, n_steps = files(tmp_path / "whole"), int(done.stdout)
    assert len(whole[0]) == 5
    for number in random.sample(range(1, n_steps + 1), min(repeats, n_steps)):
        when = random.choice(["before", "after"])
        out = tmp_path / f"{number} {when}"
        assert run_script(volumes, out, number, when).returncode == -signal.SIGKILL
        again = random.randint(1, n_steps)  # and once more on the way
        assert run_script(volumes, out, again).returncode in (0, -signal.SIGKILL)
        outcome = killed_at.work(volumes, out)
        assert files(out) == whole, (number, when, again)
        assert killed_at.work(volumes, out).items == outcome.items
