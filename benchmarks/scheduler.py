"""What a dask scheduler costs against processes of this machine, on 2,000 PNG of 256²."""

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from datasets import png_folder

import smalti
from smalti.core.progress import Silent
from smalti.processing.machine import usable_cores


def seconds(images: Path, folder: Path, client: Any) -> float:
    """Wall time of one run from nothing."""
    started = time.perf_counter()
    smalti.process(images, output=folder / "x.smalti", client=client, fresh=True, progress=Silent())
    return time.perf_counter() - started


def main(runs: int = 3) -> None:
    """Print the medians and their ratio; the cluster is started before."""
    from distributed import Client, LocalCluster

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        images = png_folder(folder)
        address = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
        with (
            LocalCluster(n_workers=usable_cores(), threads_per_worker=1, **address) as cluster,
            Client(cluster, set_as_default=False) as client,
        ):
            pairs = [(seconds(images, folder, None), seconds(images, folder, client)) for _ in range(runs)]
    here, there = (statistics.median(times) for times in zip(*pairs, strict=True))
    print(f"2,000 PNG: embedded {here:.2f} s, dask {there:.2f} s, {there / here:.2f} times as long")


if __name__ == "__main__":
    main()
