"""Where the CPU of a run goes: milliseconds a file, by part, in one process and one thread.

Run as ``python benchmarks/breakdown.py [png tiff …]``. Each part is run by itself on the same 80 files, so
that its data lie in the caches more often than in a true run: the parts add up to less than a batch.
"""

import argparse
import io
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from datasets import ome_tiff_folder, png_folder, tiff_folder

from smalti.core.image import Image, ImageRef
from smalti.kernels.several import Several
from smalti.loaders.choose import known_extensions, open_images
from smalti.processing.batch import process_batch
from smalti.processing.budget import Budget
from smalti.processing.facts import file_facts, image_facts
from smalti.processing.hired import worker_environment
from smalti.processing.job import Tables
from smalti.processing.measure import read_plane
from smalti.processing.metric_set import MetricSet, choose_metrics
from smalti.processing.settings import Settings
from smalti.processing.wire import receive, send
from smalti.sources.folder import discover

SETS = {
    "png": lambda scratch: png_folder(scratch, 80),
    "tiny": lambda scratch: png_folder(scratch, 80, 16),
    "tiff": lambda scratch: tiff_folder(scratch, 20),
    "ome-tiff": lambda scratch: ome_tiff_folder(scratch, 1),
}
RUNS = 5
WHOLE = "a batch, whole"
PARTS = ("open and decode", "kernels, all", "metrics, all", "facts of file and image")


def main() -> None:
    """Print a table for each set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()) / "smalti-benchmark")
    parser.add_argument("sets", nargs="*", default=["png", "tiff"])
    arguments = parser.parse_args()
    if os.environ.get("OMP_NUM_THREADS") != "1":  # as a worker is: threads of BLAS that wait count as CPU
        os.execve(sys.executable, [sys.executable, *sys.argv], worker_environment())
    from smalti.kernels.measure import warm

    warm()
    for name in arguments.sets:
        folder = SETS[name](arguments.scratch)
        refs = discover(folder, (), (), known_extensions()).refs
        print(f"\n{len(refs)} files of {folder.name}\n\n| part | ms a file |\n|---|---:|")
        found = {}
        for part, step in steps(refs):
            found[part] = cpu_seconds(step) / len(refs) * 1e3
            print(f"| {part} | {found[part]:.3f} |", flush=True)
        rest = found[WHOLE] - sum(found[part] for part in PARTS)
        print(f"| rest of the batch: rows, histograms, JPEG, tables, cache misses | {rest:.3f} |")


Step = Callable[[], object]


def steps(refs: Sequence[ImageRef]) -> Iterator[tuple[str, Step]]:
    """Each part by name."""
    from smalti.kernels.measure import accumulate_many

    settings = Settings()
    metrics, budget = choose_metrics(settings), Budget(settings.memory_bytes)

    def batch() -> Tables:
        return process_batch(refs, settings, metrics, budget, lambda number: None)

    def sums(wants: frozenset[str]) -> list[Several]:
        return [accumulate_many(group, wants) for group in groups]

    yield WHOLE, batch
    yield "open", lambda: [*images_of(refs, read=False)]
    yield "open and decode", lambda: [*images_of(refs)]
    found = [*images_of(refs)]
    groups = [*grouped([plane for _, read in found for plane in read])]
    yield "kernels, all", partial(sums, metrics.wants)
    for want in sorted(metrics.wants):
        yield f"· {want} alone", partial(sums, frozenset({want}))
    known = sums(metrics.wants)
    yield "metrics, all", partial(measured, metrics, groups, known)
    for metric in metrics.of_planes:
        yield f"· {metric.name}", partial(measured, MetricSet((metric,), ()), groups, known)
    yield (
        "facts of file and image",
        lambda: [file_facts(image.ref) | image_facts(image) for image, _ in found],
    )
    tables = batch()
    yield "message to the driver", partial(message, tables)


def images_of(refs: Sequence[ImageRef], read: bool = True) -> Iterator[tuple[Image, list[np.ndarray]]]:
    """Each image and its planes, as a run reads them."""
    for ref in refs:
        with open_images(ref, 2**32) as images:
            for image in images:
                yield image, [read_plane(image, index) for index in image.planes()] if read else []


def grouped(planes: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
    """Planes of one shape and type, as many at once as a run measures."""
    from smalti.kernels.layout import Layout
    from smalti.kernels.measure import planes_at_once

    most = planes_at_once(Layout.of(planes[0].shape, planes[0].dtype))
    for first in range(0, len(planes), most):
        yield np.stack(planes[first : first + most])


def measured(metrics: MetricSet, groups: Sequence[np.ndarray], sums: Sequence[Several]) -> None:
    for planes, each in zip(groups, sums, strict=True):
        metrics.measure_many(planes, each)


def message(tables: Tables) -> None:
    stream = io.BytesIO()
    send(stream, {}, tables)
    stream.seek(0)
    receive(stream)


def cpu_seconds(step: Step) -> float:
    """CPU seconds of the best of five runs."""
    times = []
    for _ in range(RUNS):
        started = time.process_time()
        step()
        times.append(time.process_time() - started)
    return min(times)


if __name__ == "__main__":
    main()
