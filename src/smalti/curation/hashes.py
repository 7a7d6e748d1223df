"""What is measured of each patch: hashes, and whether it shows anything."""

from collections.abc import Callable
from typing import Any

import numpy as np
import xxhash

from smalti.kernels.hashing import difference_hash, spread

__all__ = ["FLAT", "NOISE", "compatible_hash", "described", "is_flat", "pixel_hash"]

FLAT = 2.0
"""Grey levels by which means of 8 × 8 pixels must differ, as a standard deviation."""

NOISE = 0.2
"""Share of the pixels' deviation that those means have; of noise without any structure it is 0.125, of
images of cells 0.4 to 0.9."""


def described(patches: np.ndarray, bits: int = 64, compatible: bool = False) -> dict[str, list[Any]]:
    """Columns of the manifest that patches of one shape fill.

    Parameters
    ----------
    patches
        uint8 (patches, height, width).
    bits
        64 or 256, of the difference hash.
    compatible
        Whether that is imagehash's, bit for bit, a twelfth as fast.
    """
    patches = np.ascontiguousarray(patches)
    hashed: Callable[[np.ndarray, int], np.ndarray] = compatible_hash if compatible else difference_hash
    hashes = hashed(patches, 8 if bits == 64 else 16)
    deviations = spread(patches)
    none = [None] * len(patches)
    return {
        "height": [patches.shape[1]] * len(patches),
        "width": [patches.shape[2]] * len(patches),
        "pixel_hash": [pixel_hash(patch) for patch in patches],
        "dhash": hashes.tolist() if bits == 64 else none,
        "dhash_256": none if bits == 64 else [row.astype("<u8").tobytes() for row in hashes],
        "std": deviations[:, 0].tolist(),
        "block_std": deviations[:, 1].tolist(),
    }


def pixel_hash(patch: np.ndarray) -> str:
    """Of the pixels and the shape of a patch, uint8 (height, width)."""
    seed = xxhash.xxh3_64_intdigest(f"{patch.shape[0]}x{patch.shape[1]}".encode())
    return xxhash.xxh3_64_hexdigest(np.ascontiguousarray(patch).data, seed)


def is_flat(std: np.ndarray, block_std: np.ndarray, least: float = FLAT) -> np.ndarray:
    """Whether patches show nothing but noise or one value, from their columns ``std`` and ``block_std``."""
    return (block_std < least) | (block_std < NOISE * std)


def compatible_hash(patches: np.ndarray, size: int = 8) -> np.ndarray:
    """The hash that ``imagehash.dhash`` gives of each patch; bits in the order of its text.

    It compares the columns of the patch made `size` + 1 wide and `size` high by Pillow's Lanczos filter.
    """
    from PIL import Image

    small = [
        np.asarray(Image.fromarray(patch).resize((size + 1, size), Image.Resampling.LANCZOS))
        for patch in patches
    ]
    pixels = np.stack(small) if small else np.zeros((0, size, size + 1), np.uint8)
    bits = (pixels[:, :, 1:] > pixels[:, :, :-1]).reshape(len(patches), size * size)
    words = np.packbits(bits, axis=1).view(">u8").astype(np.uint64)
    return words[:, 0] if size == 8 else words
