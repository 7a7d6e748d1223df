"""Measuring as the work of a process: metrics chosen, kernels compiled, then batch after batch."""

import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from smalti.core.image import ImageRef
from smalti.core.plugin import plugins
from smalti.processing.batch import failed_rows, process_batch
from smalti.processing.budget import Budget
from smalti.processing.job import Begin, Job, Tables, Work
from smalti.processing.metric_set import MetricSet, choose_metrics
from smalti.processing.settings import Settings

__all__ = ["begin", "measuring", "prepare"]


def measuring(metrics: MetricSet) -> Job:
    """The job of measuring files by these metrics, which the settings name."""
    return Job("smalti.processing.measuring:begin", partial(failed_rows, metrics=metrics))


def prepare() -> None:
    """Bring what measuring takes before it is known what is measured: plugins, and kernels if compiled."""
    plugins("metric")
    plugins("loader")
    if _compiled().exists():
        from smalti.kernels.measure import warm

        warm(["uint8"])


def begin(settings: Settings, budget: Budget) -> Work:
    """See `smalti.processing.job.Job`."""
    metrics = choose_metrics(settings)
    _warm()

    def work(refs: Sequence[ImageRef], order: Mapping[str, Any], begun: Begin) -> Tables:
        return process_batch(refs, settings, metrics, budget, begun)

    return work


def _warm() -> None:
    """Compile the kernels when this kind of processor never did; one worker does, the others wait.

    After that each kernel is loaded from numba's cache when a file first needs it, which spares most runs
    most of them: 0.2 s of CPU a worker.
    """
    from filelock import FileLock

    from smalti.kernels.measure import warm

    done = _compiled()
    if done.exists():
        return
    done.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(done.with_name("compiling.lock")):
        if not done.exists():
            warm()
            done.touch()


def _compiled() -> Path:
    """A file that is there when the kernels were compiled for this kind of processor."""
    from llvmlite.binding import get_host_cpu_name

    return Path(os.environ["NUMBA_CACHE_DIR"]) / f"complete-{get_host_cpu_name()}"
