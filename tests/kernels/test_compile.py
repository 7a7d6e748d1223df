"""Kernels that were compiled before are loaded without what compiling takes."""

import subprocess
import sys

from smalti.processing.hired import worker_environment

MEASURES = """
import sys
from smalti.kernels.measure import warm
warm(["uint8"])
print("scipy.linalg" in sys.modules)
"""

LARGE_FLOATS = """
from smalti.kernels.measure import warm
from smalti.kernels.values import count_bins
warm(["float32"])
print(len(count_bins.signatures))
"""

COMPILES_MORE = """
import numba, numpy as np
print(numba.njit(lambda a: np.linalg.inv(a) @ np.sort(a))(np.eye(3) * 2).sum())
"""


def said(code: str) -> str:
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, env=worker_environment(), capture_output=True, text=True, check=True, timeout=300
    )
    return done.stdout.split()[-1]


def test_to_load_a_kernel_takes_no_linear_algebra():
    said(MEASURES)  # compiles them if nobody did
    assert said(MEASURES) == "False"


def test_other_functions_are_compiled_after_kernels_were_loaded_as_ever():
    said(MEASURES)
    assert float(said(MEASURES + COMPILES_MORE)) == 3.0


def test_what_only_larger_planes_of_floats_need_is_compiled_beforehand():
    assert said(LARGE_FLOATS) == "1"
