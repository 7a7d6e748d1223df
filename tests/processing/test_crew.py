"""Workers are hired as the work asks for them."""

import subprocess
import sys

import smalti

SLEEPY = '''
import os, time
import numpy as np
from smalti.core.columns import Column
from smalti.core.image import Image
from smalti.core.plugin import loader

@loader("sleepy", extensions=["sleep"], columns=[Column("process", "Int64", "", "Who read it.")])
def sleepy(ref, limit):
    """Takes longer than the size of its files tells."""
    time.sleep(float(open(ref.uri).read()))
    facts = {"process": os.getpid()}
    yield Image(ref, "YX", (8, 8), np.dtype("u1"), lambda *_: np.zeros((8, 8), "u1"), metadata=facts)
'''


def test_a_second_worker_is_hired_when_small_files_take_long(install, tmp_path):
    install(SLEEPY)
    (folder := tmp_path / "images").mkdir()
    for number in range(8):
        (folder / f"{number}.sleep").write_text("1")
    command = [sys.executable, "-m", "smalti.cli", "process", folder, "-o", tmp_path / "x.smalti"]
    subprocess.run([*command, "--workers", "2"], check=True, capture_output=True, timeout=120)
    assert smalti.open(tmp_path / "x.smalti").images.collect()["process"].n_unique() == 2
