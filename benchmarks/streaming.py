"""Planes and volumes far larger than the memory they are measured in: peak of the whole process tree."""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from math import ceil
from pathlib import Path

import numpy as np
import tifffile
import zarr
from meter import Cost, measure

from smalti.testing.synthetic import synthetic

LIMIT_MB = 500
TILE = 512
CHUNK = 1024
CUBE = 128
VOLUME_SIDE = 2048


def main() -> None:
    """Print one Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()) / "smalti-streaming")
    parser.add_argument("--side", type=int, default=32_768, help="pixels along a side of the plane")
    parser.add_argument("--volume-gb", type=float, default=40, help="decoded size of the volume")
    arguments = parser.parse_args()
    scratch, side = arguments.scratch, arguments.side
    n_planes = ceil(arguments.volume_gb * 1e9 / (VOLUME_SIDE**2 * 2 * CUBE)) * CUBE
    sets = {
        f"TIFF {side:,}² u16, deflate, tiles {TILE}²": (tiled(scratch / f"tiff-{side}", side), side**2),
        f"Zarr {side:,}² u16, chunks {CHUNK}²": (plane(scratch / f"zarr-{side}", side), side**2),
        f"Zarr {n_planes:,}×{VOLUME_SIDE:,}² u16, chunks {CUBE}³": (
            volume(scratch / f"volume-{n_planes}", n_planes),
            n_planes * VOLUME_SIDE**2,
        ),
    }
    print("| set | decoded GB | wall s | CPU s | CPU ns/pixel | peak MB | of the limit |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for name, (folder, n_pixels) in sets.items():
        show(name, n_pixels, measure(smalti_command(folder, scratch / "out.smalti")))


def show(name: str, n_pixels: int, cost: Cost) -> None:
    """One line."""
    share = f"{cost.peak_mb / LIMIT_MB:.0%} of {LIMIT_MB} MB"
    each = cost.cpu / n_pixels * 1e9
    print(
        f"| {name} | {2 * n_pixels / 1e9:.1f} | {cost.wall:.0f} | {cost.cpu:.0f} | {each:.1f} "
        f"| {cost.peak_mb:,.0f} | {share} |",
        flush=True,
    )


def smalti_command(folder: Path, output: Path) -> list[str | Path]:
    """A whole run of smalti on a folder."""
    return [sys.executable, "-m", "smalti.cli", "process", folder, "-o", output, "--fresh"]


def blocks(size: int) -> Iterator[np.ndarray]:
    """Different blocks (size, size) without end, out of one scene."""
    scene = synthetic("nuclei", 0, (2048, 2048), "uint16")
    rng = np.random.default_rng(0)
    while True:
        y, x = rng.integers(0, 2048, 2)
        yield np.ascontiguousarray(np.roll(scene, (y, x), (0, 1))[:size, :size])


def tiled(folder: Path, side: int) -> Path:
    """One deflate-compressed TIFF, written tile by tile."""
    path = folder / "plane.tif"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        made = blocks(TILE)
        tiles = (next(made) for _ in range((-(-side // TILE)) ** 2))
        options = {"tile": (TILE, TILE), "compression": "zlib", "compressionargs": {"level": 1}}
        part = path.with_suffix(".part")
        tifffile.imwrite(part, tiles, shape=(side, side), dtype="uint16", bigtiff=True, **options)
        part.rename(path)
    return folder


def plane(folder: Path, side: int) -> Path:
    """One Zarr array of a single plane, written chunk by chunk."""
    path = folder / "plane.zarr"
    if not path.exists():
        array = zarr.create_array(path, shape=(side, side), chunks=(CHUNK, CHUNK), dtype="uint16")
        made = blocks(CHUNK)
        for y in range(0, side, CHUNK):
            for x in range(0, side, CHUNK):
                array[y : y + CHUNK, x : x + CHUNK] = next(made)[: side - y, : side - x]
    return folder


def volume(folder: Path, n_planes: int) -> Path:
    """A Zarr volume in cubes: `CUBE` different planes, of which all others are hard links."""
    path = folder / "volume.zarr"
    if path.exists():
        return folder
    shape = (n_planes, VOLUME_SIDE, VOLUME_SIDE)
    array = zarr.create_array(path, shape=shape, chunks=(CUBE, CUBE, CUBE), dtype="uint16")
    made = blocks(CUBE)
    for y in range(0, VOLUME_SIDE, CUBE):
        for x in range(0, VOLUME_SIDE, CUBE):
            top, bottom = next(made).astype(np.float32), next(made)
            ramp = np.linspace(0, 1, CUBE, dtype=np.float32)[:, None, None]
            array[:CUBE, y : y + CUBE, x : x + CUBE] = top + ramp * (bottom - top)
    first = path / "c" / "0"
    for z in range(1, n_planes // CUBE):
        for file in [found for found in first.rglob("*") if found.is_file()]:
            target = path / "c" / str(z) / file.relative_to(first)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(file, target)
    return folder


if __name__ == "__main__":
    main()
