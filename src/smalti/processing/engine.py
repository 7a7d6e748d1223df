"""Measuring: in worker processes, or in this one."""

import tempfile
from collections.abc import Generator, Sequence
from pathlib import Path

from smalti.core.image import ImageRef
from smalti.processing.batch import process_batch
from smalti.processing.budget import Budget, slot_files
from smalti.processing.crew import Crew
from smalti.processing.job import Tables
from smalti.processing.measuring import measuring
from smalti.processing.metric_set import MetricSet
from smalti.processing.plan import cut_batches, hired_at_once
from smalti.processing.settings import Settings

__all__ = ["run_inline", "run_supervised"]


def run_inline(
    refs: Sequence[ImageRef], settings: Settings, metrics: MetricSet, size: int | None = None
) -> Generator[Tables]:
    """Measure in this process and thread: for tests, debugging, and metrics of a notebook's ``__main__``.

    Files are read in a process of their own: a reader that crashes must not take the notebook with it.
    """
    settings, budget = settings.set(isolate=True), Budget(settings.memory_bytes)
    for batch in cut_batches(refs, 1, size):
        yield process_batch(batch, settings, metrics, budget, lambda number: None)


def run_supervised(
    refs: Sequence[ImageRef], settings: Settings, metrics: MetricSet, size: int | None = None
) -> Generator[Tables]:
    """Measure in worker processes; what kills one or hangs costs one row.

    Parameters
    ----------
    refs
        One per file or store.
    settings, metrics
        How to read and what to measure.
    size
        Files a batch; None for batches of about equal cost.

    Yields
    ------
    dict
        Frames of one batch, in order of completion.
    """
    with tempfile.TemporaryDirectory(prefix="smalti-", ignore_cleanup_errors=True) as folder:
        slots = slot_files(Path(folder), settings.processes)
        at_once = hired_at_once(refs, settings.processes)
        crew = Crew(settings, measuring(metrics), Path(folder), slots, at_once)
        try:
            yield from crew.run(cut_batches(refs, settings.processes, size))
        finally:
            crew.stop()
