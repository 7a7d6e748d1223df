"""Write the same image as an OME-Zarr pyramid again and again in one process, by smalti or another.

``python pyramids.py MODULE IMAGE.npy STORE TIMES REPORT.json``; nothing of smalti is imported for the others.
"""

import json
import resource
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

AXES = {2: "yx", 3: "zyx"}
CHUNK = {2: 512, 3: 64}


def main(module: str, file: str, store: str, times: str, report: str) -> None:
    """Write seconds of wall and of CPU of each run but the first, and MB that came on top of the image."""
    pixels = np.load(file)
    write = WRITERS[module]
    write(np.ascontiguousarray(pixels[tuple(slice(0, 128) for _ in pixels.shape)]), store)
    before = _peak()
    seconds = [_once(write, pixels, store) for _ in range(int(times))]
    Path(report).write_text(json.dumps({"seconds": seconds, "beyond": _peak() - before}))


def _once(write: Callable[[np.ndarray, str], None], pixels: np.ndarray, store: str) -> tuple[float, float]:
    shutil.rmtree(store, ignore_errors=True)
    wall, cpu = time.perf_counter(), time.process_time()
    write(pixels, store)
    return time.perf_counter() - wall, time.process_time() - cpu


def _peak() -> float:
    """MB; on Linux in units of 1024 bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def _levels(pixels: np.ndarray) -> int:
    n, short = 0, min(pixels.shape[-2:])
    while short >= 256:
        n, short = n + 1, -(-short // 2)
    return n


def smalti(pixels: np.ndarray, store: str) -> None:
    """In one pass."""
    from smalti import write_pyramid

    write_pyramid(pixels, store, axes=AXES[pixels.ndim], overwrite=True)


def ngff_zarr(pixels: np.ndarray, store: str) -> None:
    """By its usual method, with shards of 8 chunks along each axis."""
    import ngff_zarr as peer

    image = peer.to_ngff_image(pixels, dims=[*AXES[pixels.ndim]])
    factors = [2 ** (n + 1) for n in range(_levels(pixels))]
    made = peer.to_multiscales(image, scale_factors=factors, chunks=CHUNK[pixels.ndim])
    peer.to_ngff_zarr(store, made, version="0.5", chunks_per_shard=8, overwrite=True)


def multiscale_spatial_image(pixels: np.ndarray, store: str) -> None:
    """By its usual method; it has no shards."""
    from multiscale_spatial_image import Methods, to_multiscale
    from spatial_image import to_spatial_image

    image = to_spatial_image(pixels, dims=tuple(AXES[pixels.ndim]))
    chunks = dict.fromkeys(AXES[pixels.ndim], CHUNK[pixels.ndim])
    factors = [2] * _levels(pixels)
    to_multiscale(image, factors, method=Methods.XARRAY_COARSEN, chunks=chunks).to_zarr(store, mode="w")


WRITERS = {one.__name__: one for one in (smalti, ngff_zarr, multiscale_spatial_image)}


if __name__ == "__main__":
    main(*sys.argv[1:])
