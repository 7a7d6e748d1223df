"""Folders of images for the benchmarks, made once from a few synthetic scenes."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile
import zarr

from smalti.testing.synthetic import synthetic

__all__ = [
    "colour_folder",
    "colour_images",
    "ome_tiff_folder",
    "ome_zarr_folder",
    "png_folder",
    "tiff_folder",
]


def png_folder(folder: Path, n: int = 2000, size: int = 256) -> Path:
    """`n` PNG of 8 bit."""

    def write(folder: Path) -> None:
        scenes = [synthetic("nuclei", seed, (size, size), "uint8") for seed in range(20)]
        for number in range(n):
            image = np.roll(scenes[number % len(scenes)], number, axis=1)
            (folder / f"{number:05}.png").write_bytes(imagecodecs.png_encode(image))

    return _once(folder / f"png-{size}-{n}", write)


def colour_folder(folder: Path, n: int = 5000, size: int = 256) -> Path:
    """`n` PNG of 8 bit and three colours."""

    def write(folder: Path) -> None:
        for number, image in enumerate(colour_images(n, size)):
            (folder / f"{number:05}.png").write_bytes(imagecodecs.png_encode(image))

    return _once(folder / f"colour-{size}-{n}", write)


def colour_images(n: int, size: int = 256) -> Iterator[np.ndarray]:
    """`n` images (height, width, channels) of 8 bit: stained sections, each moved by another length."""
    scenes = [synthetic("histology", seed, (size, size), "uint8") for seed in range(min(n, 20))]
    for number in range(n):
        yield np.roll(scenes[number % len(scenes)], number, axis=1)


def tiff_folder(folder: Path, n: int = 500, size: int = 1024, packed: bool = True) -> Path:
    """`n` TIFF of 16 bit, compressed by deflate where they are packed."""

    def write(folder: Path) -> None:
        scenes = [synthetic("nuclei", seed, (size, size), "uint16") for seed in range(5)]
        for number in range(n):
            image = np.roll(scenes[number % len(scenes)], number, axis=1)
            packing = {"compression": "zlib", "rowsperstrip": 128} if packed else {}
            tifffile.imwrite(folder / f"{number:05}.tif", image, **packing)

    return _once(folder / f"tiff-{size}-{n}{'' if packed else '-plain'}", write)


def ome_tiff_folder(folder: Path, n: int = 20, size: int = 512) -> Path:
    """`n` OME-TIFF of 16 bit, 5 frames of 2 channels of 10 z positions, not compressed."""

    def write(folder: Path) -> None:
        scene = synthetic("nuclei", 0, (size, size), "uint16")
        for number in range(n):
            planes = (np.roll(scene, (number, 7 * plane), (0, 1)) for plane in range(100))
            stack = np.stack([*planes]).reshape(5, 2, 10, size, size)
            tifffile.imwrite(folder / f"{number:03}.ome.tif", stack, metadata={"axes": "TCZYX"})

    return _once(folder / f"ome-tiff-{size}-{n}", write)


def ome_zarr_folder(folder: Path, n: int = 16, size: int = 4096) -> Path:
    """One OME-Zarr 0.4 of 16 bit, `n` z positions, chunks of 1×1024×1024 as zarr compresses them."""

    def write(folder: Path) -> None:
        scene = synthetic("nuclei", 0, (size, size), "uint16")
        group = zarr.open_group(folder / "stack.ome.zarr", mode="w", zarr_format=2)
        array = group.create_array(
            "0", shape=(n, size, size), chunks=(1, 1024, 1024), dtype="uint16", chunk_key_encoding=_NESTED
        )
        for z in range(n):
            array[z] = np.roll(scene, 31 * z, axis=1)
        scale = {"type": "scale", "scale": [1.0, 0.5, 0.5]}
        axes = [{"name": axis, "type": "space", "unit": "micrometer"} for axis in "zyx"]
        datasets = [{"path": "0", "coordinateTransformations": [scale]}]
        group.attrs["multiscales"] = [{"version": "0.4", "axes": axes, "datasets": datasets}]

    return _once(folder / f"ome-zarr-{size}-{n}", write)


_NESTED = {"name": "v2", "separator": "/"}


def _once(folder: Path, write: Callable[[Path], None]) -> Path:
    """Write a folder unless it is there whole."""
    if not folder.exists():
        begun = folder.with_name(f"{folder.name}.begun")
        shutil.rmtree(begun, ignore_errors=True)
        begun.mkdir(parents=True)
        write(begun)
        begun.rename(folder)
    return folder
