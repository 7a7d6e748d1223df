"""Append the same images again and again in one process, by smalti or images_to_zarr: both are called alike.

``python appends.py MODULE IMAGES.npy STORE COPIES TIMES REPORT.json`` makes the store where there is none.
"""

import json
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np


def main(module: str, file: str, store: str, copies: str, times: str, report: str) -> None:
    """Write seconds of wall and of CPU of each call."""
    convert = import_module(module).convert
    images = np.concatenate([np.load(file)] * int(copies))
    seconds = [_once(convert, images, Path(store)) for _ in range(int(times))]
    Path(report).write_text(json.dumps(seconds))


def _once(convert: Callable[..., Any], images: np.ndarray, store: Path) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    convert(images=images, output_dir=store, append=store.exists())
    return time.perf_counter() - wall, time.process_time() - cpu


if __name__ == "__main__":
    main(*sys.argv[1:])
