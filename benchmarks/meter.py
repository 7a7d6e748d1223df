"""Run a command and say what it cost: wall, CPU and peak memory of its whole process tree."""

import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

import psutil

__all__ = ["Cost", "measure", "median"]

SAMPLE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of wall and CPU time, and peak memory (PSS, summed over the tree) in MB."""

    wall: float
    cpu: float
    peak_mb: float


def measure(
    command: Sequence[str | Path], env: Mapping[str, str] | None = None, watched: bool = True
) -> Cost:
    """Run a command to its end; CPU counts all its descendants.

    Its memory is looked at only when it is `watched`: ten looks a second at the pages of three processes
    took a fifth of two cores, so that a command of 2.0 s took 2.5.

    Raises
    ------
    subprocess.CalledProcessError
        It failed; its output is in the message.
    """
    before = _children_cpu()
    started = time.perf_counter()
    process = subprocess.Popen(
        [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env
    )
    peak, stop = [0.0], Event()
    watcher = Thread(target=_watch, args=(process.pid, peak, stop))
    if watched:
        watcher.start()
    output, _ = process.communicate()
    wall = time.perf_counter() - started
    stop.set()
    if watched:
        watcher.join()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args, output)
    return Cost(wall, _children_cpu() - before, peak[0])


def median(run: Callable[[bool], Cost], repeats: int) -> Cost:
    """The median of wall and CPU time of some runs, and the peak of memory of one more that is watched."""
    costs = [run(False) for _ in range(repeats)]
    wall, cpu = (statistics.median(times) for times in zip(*((c.wall, c.cpu) for c in costs), strict=True))
    return Cost(wall, cpu, run(True).peak_mb)


def _children_cpu() -> float:
    times = psutil.Process().cpu_times()
    return float(times.children_user + times.children_system)


def _watch(pid: int, peak: list[float], stop: Event) -> None:
    while not stop.wait(SAMPLE_SECONDS):
        try:
            root = psutil.Process(pid)
            tree = [root, *root.children(recursive=True)]
            total = sum(p.memory_full_info().pss for p in tree if p.is_running())
        except (psutil.Error, OSError):
            continue
        peak[0] = max(peak[0], total / 1e6)
