"""Run by tests: does a step on made-up sources, and is killed at the n-th thing that it does to files.

``python files_killed_at.py FOLDER STEP N before|after``; of 0 it comes to its end and prints how many.
"""

import os
import sys
from pathlib import Path

import numpy as np
import tifffile
from dying import Dying

from smalti import curation
from smalti.core.progress import Silent
from smalti.curation.ledger import Ledger

PATCHES = [f"v0-LOC-{axis}_{at}_0-12_0-12" for axis in range(3) for at in (0, 3, 8)]


def make(folder: Path) -> None:
    """The sources, with the same times whenever they are made."""
    rng = np.random.default_rng(0)
    for name, shape in (("images/a", (30, 40)), ("images/g/b", (30, 40)), ("volumes/v0", (12, 20, 24))):
        for i in range(2):
            path = folder / f"{name}{i if 'v0' not in name else ''}.tif"
            path.parent.mkdir(parents=True, exist_ok=True)
            axes = {"axes": "ZYX"} if len(shape) == 3 else None
            tifffile.imwrite(path, rng.normal(size=shape).astype(np.float32), metadata=axes)
    colours = rng.integers(0, 255, (30, 40, 3)).astype(np.uint8)
    tifffile.imwrite(folder / "images" / "c.ome.tif", colours, photometric="rgb", metadata=None, ome=False)
    tifffile.imwrite(folder / "volumes" / "film.tif", rng.integers(0, 9, (4, 9, 9, 3)).astype(np.uint8))
    for path in folder.rglob("*.tif"):
        os.utime(path, (1e9, 1e9))


def work(folder: Path, step: str) -> curation.Outcome:
    """The same command every time."""
    images, volumes, out, quiet = (
        folder / "images",
        folder / "volumes",
        folder / "out",
        {"progress": Silent()},
    )
    shared = {"intensity": "percentile", "per": "group", "workers": 1}
    calls = {
        "standardize": lambda: curation.standardize(images, out, **shared, **quiet),
        "in place": lambda: curation.standardize(images, in_place=True, **shared, **quiet),
        "mrc2byte": lambda: curation.mrc2byte(volumes, out, bin=2, **quiet),
        "crop": lambda: curation.crop(volumes, out, gigabytes=0.00002, crop=8, write="zarr", **quiet),
        "reconstruct": lambda: curation.reconstruct(
            PATCHES, volumes, out, overlap=0.5, write="tiff", **quiet
        ),
    }
    return calls[step]()


def main() -> None:
    folder, step, number, when = sys.argv[1:]
    dying = Dying(number, when)
    dying.at_paths("replace", "rename", "unlink")
    Ledger._write = dying.or_die(Ledger._write)
    work(Path(folder), step)
    sys.stdout.write(str(dying.count))


if __name__ == "__main__":
    main()
