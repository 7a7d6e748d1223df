"""A kill at any moment of training or filtering leaves what the same command brings to the same end."""

import random
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from labelled_sets import done, facts, labelled_set

from smalti.curation.learning.models import open_model

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).with_name("filter_killed_at.py")
STEPS = ["train", "filter", "filter to"]


def run(folder, steps, number=0, when="before"):
    command = [sys.executable, str(SCRIPT), str(folder), ",".join(steps), str(number), when]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)


@pytest.fixture
def begin(tmp_path):
    """Sets with labels but without features, a model of one, and an older model where the new one goes."""
    labelled_set(tmp_path / "made", each=12, side=32)
    for name in "abc":
        shutil.copytree(tmp_path / "made" / "set", tmp_path / "begin" / name)
    for name, kind in (("new", "boosting"), ("model", "logistic")):
        done("train-filter", tmp_path / "made" / "set", tmp_path / "begin" / name, model=kind)
    return tmp_path / "begin"


def state(folder):
    """All that matters in a folder: tables, models, and which files there are."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))
    tables = [name for name in names if name.endswith("patches.parquet")]
    rows = [pl.read_parquet(folder / name).fill_nan(None).rows() for name in tables]
    return rows, facts(folder / "new") | {"when": ""}, names


def test_a_killed_run_goes_on_to_the_same_end_by_the_same_command(begin, tmp_path, repeats):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    shutil.copytree(begin, whole)
    undisturbed = run(whole, STEPS)
    assert undisturbed.returncode == 0, undisturbed.stderr
    wanted, n = state(whole), int(undisturbed.stdout.split()[-1])
    assert n > 60
    moments = [(number, when) for number in range(1, n + 1) for when in ("before", "after")]
    for number, when in random.Random(repeats).sample(moments, min(repeats, len(moments))):
        shutil.copytree(begin, killed)
        stopped = run(killed, STEPS, number, when)
        assert stopped.returncode == -9
        if (killed / "new").exists():
            open_model(str(killed / "new")).classifier()  # the old one or the new one, as a whole
        again = run(killed, STEPS[len(stopped.stdout.splitlines()) :])
        assert again.returncode == 0, again.stderr
        assert state(killed) == wanted, (number, when)
        shutil.rmtree(killed)
