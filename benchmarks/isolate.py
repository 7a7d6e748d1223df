"""What reading in a process of its own costs: a small file more, and gigabytes a second of a large plane."""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import tifffile
from datasets import png_folder

from smalti.core.image import ImageRef
from smalti.loaders.choose import open_images
from smalti.loaders.isolation import Isolation

RUNS = 5
SIDE = 8192
HERE, APART = Isolation(), Isolation(everything=True)


def main() -> None:
    """Print one Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()) / "smalti-benchmark")
    scratch = parser.parse_args().scratch
    small = sorted(png_folder(scratch, 80).iterdir())
    large = scratch / f"plain-{SIDE}.tif"
    if not large.exists():
        tifffile.imwrite(large, np.ones((SIDE, SIDE), np.uint16))
    first = seconds(partial(read, small[:1], APART), 1)
    print("| reading | here | in a process of its own |\n|---|---:|---:|")
    here, apart = (seconds(partial(read, small, isolation)) / len(small) * 1e3 for isolation in (HERE, APART))
    print(f"| PNG 256² u8, ms a file | {here:.2f} | {apart:.2f} |")
    here, apart = (2e-9 * SIDE**2 / seconds(partial(read, [large], isolation)) for isolation in (HERE, APART))
    print(f"| TIFF {SIDE}² u16, not compressed, GB/s | {here:.2f} | {apart:.2f} |")
    print(f"| the first file, s | | {first:.2f} |")


def read(paths: Sequence[Path], isolation: Isolation) -> None:
    """Every pixel of every image."""
    for path in paths:
        with open_images(ImageRef(str(path), path.name), 2**30, None, isolation) as images:
            for image in images:
                image.read()


def seconds(step: Callable[[], object], runs: int = RUNS) -> float:
    """Wall seconds of the best of some runs."""
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        step()
        times.append(time.perf_counter() - started)
    return min(times)


if __name__ == "__main__":
    main()
