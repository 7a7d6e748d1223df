"""Worker processes as such: how one is started, and some that are on their way before there is work."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from importlib.metadata import version
from importlib.resources import files
from itertools import islice
from typing import IO

from smalti.core.child import end_group, own_group, start
from smalti.processing.machine import usable_cores

__all__ = ["FILES_A_WORKER", "Hired", "ahead", "hire", "worker_environment"]

FILES_A_WORKER = 128
"""Even of tiny files so many pay for a worker's start, see `smalti.processing.plan.hired_at_once`."""

_waiting: "list[Hired]" = []


@dataclass(frozen=True, slots=True)
class Hired:
    """A process that waits for its first order, and the file that takes what it writes to stderr."""

    process: subprocess.Popen[bytes]
    log: IO[bytes]


def hire() -> Hired:
    """A process that was started ahead, if there is one; else a new one."""
    try:
        return _waiting.pop()
    except IndexError:
        return _started()


@contextmanager
def ahead(base: str, workers: int = 0) -> Iterator[None]:
    """Start processes for each `hire` within, which make ready to measure while this one looks around.

    That takes each of them most of a second. They are ended where nobody hired them.

    Parameters
    ----------
    base
        What will be measured: of a folder with many files, more than one process is started.
    workers
        As many at most; 0 for one a core.
    """
    for _ in range(min(workers or usable_cores(), max(1, _entries(base) // FILES_A_WORKER))):
        _waiting.append(_started("smalti.processing.measuring:prepare"))
    try:
        yield
    finally:
        while _waiting:
            left = _waiting.pop()
            end_group(left.process)
            for stream in (left.process.stdin, left.process.stdout, left.log):
                if stream is not None:
                    stream.close()


def _entries(base: str) -> int:
    """How many entries a folder has, as far as that matters; 0 of anything else."""
    try:
        with os.scandir(base) as entries:
            return sum(1 for _ in islice(entries, FILES_A_WORKER * usable_cores()))
    except OSError:
        return 0


def _started(*calls: str) -> Hired:
    log = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
    return Hired(start("smalti.processing.worker", worker_environment(), log, calls, **own_group()), log)


def worker_environment() -> dict[str, str]:
    """The environment of this process, with a numba cache of this very set of kernels.

    Numba notices an edit of the file a kernel stands in, not of one it calls; a folder named by a hash
    over all kernel sources does.
    """
    kernels = files("smalti.kernels")
    digest = blake2b(version("numba").encode(), digest_size=8)
    for source in sorted(kernels.iterdir(), key=lambda entry: entry.name):
        if source.name.endswith(".py"):
            digest.update(source.read_bytes())
    from platformdirs import user_cache_path

    folder = user_cache_path("smalti") / f"kernels-{digest.hexdigest()}"
    # The workers are the pool; none inside. Six threads of zarr-python held 200 MB more of decoded chunks.
    one_pool = {"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1", "ZARR_THREADING__MAX_WORKERS": "1"}
    # Of glibc: with its own moving thresholds, pieces of decoded bands kept 100 MB of heap from going back.
    large_apart = {"MALLOC_MMAP_THRESHOLD_": str(8 << 20), "MALLOC_TRIM_THRESHOLD_": str(32 << 20)}
    return os.environ | one_pool | large_apart | {"NUMBA_CACHE_DIR": str(folder)}
