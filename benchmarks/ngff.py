"""What other programs make of OME-Zarr that smalti writes: validators, and readers of equal pixels.

``python benchmarks/ngff.py`` writes images, labels, several images and a plate in both versions, and has them
looked at in an environment of its own. A line for each; exit code 1 when one of them is not content.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import get_args

import numpy as np
import polars as pl
import tifffile
from environments import installed, variables

import smalti
from smalti.core.progress import Silent
from smalti.export.pyramid.ngff import Ngff

PEERS = [
    *("ngff-zarr[validate]==0.50.0", "yaozarrs==0.3.4", "ome-zarr-models==1.7", "ome-zarr==0.18.0"),
    *("bioio-ome-zarr==3.8.1", "packaging"),
]
_SCRIPT = Path(__file__).with_name("ngff_peers.py")


def main() -> None:
    """Write, and have it looked at."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()) / "smalti-benchmark")
    scratch = parser.parse_args().scratch
    folder = scratch / "ngff"
    shutil.rmtree(folder, ignore_errors=True)
    for version in get_args(Ngff):
        _write(folder / version, version)
    python = installed(scratch / "ngff-peers", PEERS) / "python"
    sys.exit(subprocess.run([python, _SCRIPT, folder], check=False, env=variables()).returncode)


def _write(folder: Path, version: Ngff) -> None:
    (folder / "in").mkdir(parents=True)
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 900, (2, 3, 11, 300, 260)).astype(np.uint16)
    np.save(folder / "pixels.npy", pixels)
    smalti.write_pyramid(
        pixels,
        folder / "image.ome.zarr",
        version,
        scale={"t": 2.5, "z": 2, "y": 0.5, "x": 0.5},
        units={"t": "s", "z": "µm", "y": "µm", "x": "µm"},
        labels={"cells": (pixels[0, 0] > 700).astype(np.uint32) * 7},
    )
    smalti.write_pyramid(rng.random((70, 500)), folder / "plane.ome.zarr", version, scale_factors=[2, 2])
    rows = [(f"{well}_{field}.tif", "P1", well) for well in ("A01", "B12") for field in range(2)]
    for number, (name, *_) in enumerate(rows):
        tifffile.imwrite(folder / "in" / name, np.roll(pixels[0, 0, 0], number))
    pl.DataFrame(rows, ["filename", "plate", "well"], orient="row").write_csv(folder / "wells.csv")
    smalti.write_pyramid(folder / "in", folder / "several.ome.zarr", version, progress=Silent())
    smalti.write_pyramid(
        folder / "in", folder / "plate.ome.zarr", version, metadata=folder / "wells.csv", progress=Silent()
    )


if __name__ == "__main__":
    main()
