"""Folders of images for the benchmarks, made once from a few synthetic scenes."""

from pathlib import Path

import imagecodecs
import numpy as np
import tifffile

from smalti.testing.synthetic import synthetic

__all__ = ["png_folder", "tiff_folder"]


def png_folder(folder: Path, n: int = 2000, size: int = 256) -> Path:
    """`n` PNG of 8 bit."""
    scenes = [synthetic("nuclei", seed, (size, size), "uint8") for seed in range(20)]
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(n):
        image = np.roll(scenes[number % len(scenes)], number, axis=1)
        (folder / f"{number:05}.png").write_bytes(imagecodecs.png_encode(image))
    return folder


def tiff_folder(folder: Path, n: int = 500, size: int = 1024) -> Path:
    """`n` deflate-compressed TIFF of 16 bit."""
    scenes = [synthetic("nuclei", seed, (size, size), "uint16") for seed in range(5)]
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(n):
        image = np.roll(scenes[number % len(scenes)], number, axis=1)
        tifffile.imwrite(folder / f"{number:05}.tif", image, compression="zlib", rowsperstrip=128)
    return folder
