"""The published way to cut volumes to patches and leave near-duplicates out, written anew.

All in memory, in one process: the volume is read whole, every slice is cut to tiles, each tile is made 224²
by Pillow's bilinear filter and hashed by the difference of 9 × 8 pixels of Lanczos; then the first hash left
is an exemplar, and all hashes within the distance of it are taken out of the array.

``python published.py VOLUME OUT`` does so for one volume, along its three axes.
"""

import pickle
import sys
from pathlib import Path

import numpy as np
from PIL import Image

__all__ = ["hashed", "leaders", "patches_of"]


def hashed(patch: np.ndarray, side: int) -> np.ndarray:
    """Its 64 bits."""
    whole = Image.fromarray(patch).resize((side, side), Image.Resampling.BILINEAR)
    pixels = np.asarray(whole.resize((9, 8), Image.Resampling.LANCZOS))
    return (pixels[:, 1:] > pixels[:, :-1]).reshape(-1)


def patches_of(plane: np.ndarray, side: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Tiles of a plane and their hashes."""
    patches, hashes = [], []
    for y in range(max(1, round(plane.shape[0] / side))):
        for x in range(max(1, round(plane.shape[1] / side))):
            patch = plane[y * side : (y + 1) * side, x * side : (x + 1) * side]
            patches.append(patch)
            hashes.append(hashed(patch, side))
    return patches, hashes


def leaders(bits: np.ndarray, distance: int = 12) -> list[int]:
    """Exemplars of bits (patches, 64), in their order."""
    places, exemplars = np.arange(len(bits)), []
    while len(bits):
        matches = np.flatnonzero(np.logical_xor(bits[0], bits).sum(1) <= distance)
        exemplars.append(int(places[0]))
        bits = np.delete(bits, matches, axis=0)
        places = np.delete(places, matches)
    return exemplars


def main() -> None:
    """Cut one volume."""
    import SimpleITK

    source, out = sys.argv[1:]
    volume = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(source))
    patches, hashes, names = [], [], []
    for axis in range(3):
        for at in range(volume.shape[axis]):
            found, bits = patches_of(np.take(volume, at, axis), 224)
            patches += found
            hashes += bits
            names += [f"v-LOC-{axis}_{at:03d}_{i}" for i in range(len(found))]
    kept = leaders(np.array(hashes))
    with Path(out).open("wb") as file:
        pickle.dump({"names": [names[i] for i in kept], "patches": [patches[i] for i in kept]}, file)
    sys.stdout.write(f"{len(names)} {len(kept)}")


if __name__ == "__main__":
    main()
