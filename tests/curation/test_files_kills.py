"""A kill at any moment costs no source; the same command goes on, and ends as if nothing had happened."""

import importlib.util
import random
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).with_name("files_killed_at.py")
SPEC = importlib.util.spec_from_file_location("files_killed_at", SCRIPT)
killed_at = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(killed_at)

STEPS = ["standardize", "in place", "mrc2byte", "crop", "reconstruct"]
OF_THE_RUN = ("source_uri", "file_stamp")


def run_script(folder, step, number=0, when="before"):
    command = [sys.executable, str(SCRIPT), str(folder), step, str(number), when]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)


def files(folder):
    """Contents of all files; of tables the rows that do not depend on where and when."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.suffix == ".parquet":
            found[name] = pl.read_parquet(path).drop(OF_THE_RUN).rows()
        elif path.is_file() and ".lock" not in name:
            found[name] = path.read_bytes()
    return found


@pytest.mark.parametrize("step", STEPS)
def test_after_a_kill_at_any_moment_the_same_command_ends_as_undisturbed(step, tmp_path, repeats):
    killed_at.make(tmp_path / "whole")
    done = run_script(tmp_path / "whole", step)
    assert done.returncode == 0, done.stderr
    whole, n_steps = files(tmp_path / "whole"), int(done.stdout)
    for number in random.sample(range(1, n_steps + 1), min(repeats, n_steps)):
        when = random.choice(["before", "after"])
        folder = tmp_path / f"{number} {when}"
        killed_at.make(folder)
        assert run_script(folder, step, number, when).returncode == -signal.SIGKILL
        again = random.randint(1, n_steps)  # and once more on the way
        assert run_script(folder, step, again).returncode in (0, -signal.SIGKILL)
        outcome = killed_at.work(folder, step)
        assert files(folder) == whole, (number, when, again)
        assert killed_at.work(folder, step).items == outcome.items
