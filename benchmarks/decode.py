"""Decode every plane of a folder and do nothing else: what no reader of pixels can do without.

Run as ``python benchmarks/decode.py FOLDER THREADS``.
"""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any


def main() -> None:
    """Decode, with as many threads as asked for."""
    folder, threads = Path(sys.argv[1]), int(sys.argv[2])
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(lambda decode: decode().shape, planes(folder)):
            pass


def planes(folder: Path) -> Iterator[Callable[[], Any]]:
    """One call a file, or a plane of a store."""
    files = sorted(folder.iterdir())
    if files[0].suffix == ".zarr":
        import zarr

        array = zarr.open_array(files[0] / "0", mode="r")
        yield from (lambda z=z: array[z] for z in range(array.shape[0]))
    elif files[0].suffix == ".png":
        import imagecodecs

        yield from (lambda path=path: imagecodecs.png_decode(path.read_bytes()) for path in files)
    else:
        import tifffile

        yield from (lambda path=path: tifffile.imread(path, maxworkers=1) for path in files)


if __name__ == "__main__":
    main()
