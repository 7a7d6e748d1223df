"""The rows of pyramids in the table of exports: smalti, ngff-zarr and multiscale-spatial-image in one run."""

import json
import os
import shutil
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from asked import Sizes, at_least, at_most
from converters import Converters, Made
from environments import installed, variables
from line import Line
from meter import Cost, measure

from smalti.testing.synthetic import synthetic

__all__ = ["PEERS", "pyramid2d", "pyramid3d"]

PEERS = {
    "ngff_zarr": ["ngff-zarr==0.50.0"],
    "multiscale_spatial_image": ["multiscale-spatial-image==2.0.3", "dask[array]"],
}
"""What is installed for each, in an environment of its own."""

SIDE = {2: 8192, 3: 512}
_SCRIPT = Path(__file__).with_name("pyramids.py")


def pyramid2d(who: Converters, sizes: Sizes) -> Iterator[Line]:
    """A large plane."""
    yield _line(who, sizes, 2, 200)


def pyramid3d(who: Converters, sizes: Sizes) -> Iterator[Line]:
    """A volume."""
    yield _line(who, sizes, 3, 220)


def _line(who: Converters, sizes: Sizes, n_axes: int, rate: float) -> Line:
    side = max(256, round(SIDE[n_axes] * sizes.scale ** (1 / n_axes) / 64) * 64)
    image = _image(who.scratch, n_axes, side)
    made: dict[str, Made | None] = {"smalti": _written(who, "smalti", image)}
    made |= {name: _written(who, name, image) if who.with_peer else None for name in PEERS}
    own = made["smalti"]
    assert own is not None
    asked = (
        at_least("MB/s", rate, own.rate, ""),
        at_most("beyond the image", 250, own.cost.peak_mb, " MB", 0),
    )
    power = "²" if n_axes == 2 else "³"
    return Line(f"{side}{power} u16 to OME-Zarr 0.5, in memory", asked, made)


def _image(scratch: Path, n_axes: int, side: int) -> Path:
    """Nuclei, with noise as a camera has it, as a file that all read."""
    path = scratch / f"pyramid-{n_axes}-{side}.npy"
    if not path.exists():
        scratch.mkdir(parents=True, exist_ok=True)
        scenes = [synthetic("nuclei", seed, (512, 512), "uint16") for seed in range(16)]
        if n_axes == 2:
            tiles = range(-(-side // 512))
            rows = [np.concatenate([scenes[(i + j) % 16] for j in tiles], axis=1) for i in tiles]
            np.save(path, np.concatenate(rows)[:side, :side])
        else:
            planes = [np.roll(scenes[z // 8 % 16], z, axis=1)[:side, :side] for z in range(side)]
            np.save(path, np.stack(planes))
    return path


def _written(who: Converters, name: str, image: Path) -> Made:
    """The median of some runs in one process, after a small one that compiles; MB are those of pixels."""
    own = name == "smalti"
    python = Path(sys.executable) if own else installed(who.scratch / name, PEERS[name]) / "python"
    store, report = who.scratch / f"pyramid.{name}.zarr", who.scratch / "pyramids.json"
    command: list[str | Path] = [python, _SCRIPT, name, image, store, str(who.repeats), report]
    measure(command, os.environ if own else variables(), watched=False)
    found = json.loads(report.read_text())
    wall, cpu = (statistics.median(times) for times in zip(*found["seconds"], strict=True))
    sizes = [path.stat().st_size for path in store.rglob("*") if path.is_file()]
    shutil.rmtree(store)
    n_bytes = np.load(image, mmap_mode="r").nbytes
    return Made(Cost(wall, cpu, found["beyond"]), n_bytes / 1e6, len(sizes), sum(sizes), "MB/s")
