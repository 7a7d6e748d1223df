"""Which planes are the same, and which look alike."""

import numpy as np

from smalti.core.columns import Column
from smalti.core.plugin import metric
from smalti.kernels.accumulators import Thumbnail

__all__ = ["content_hash", "dhash", "phash"]


@metric(
    Column(
        "content_hash",
        "String",
        "",
        "Equal for planes with equal pixels, whatever the file.",
        "combined_hash",
    ),
    many=True,
)
def content_hash(digest: np.ndarray) -> np.ndarray:
    """A fingerprint of the pixels: equal planes have equal ones, in any file format.

    16 hex digits of xxh3-64 over type, shape and decoded pixels as stored (alpha too), little-endian, in C
    order.
    """
    return digest


@metric(
    Column(
        "dhash",
        "String",
        "",
        "Planes that look alike differ in few of its 64 bits; null when flat.",
        "middle",
    ),
    many=True,
)
def dhash(thumbnail: Thumbnail[np.ndarray, np.ndarray]) -> np.ndarray:
    """A fingerprint of the looks: near-duplicates differ in few bits.

    The plane's thumbnail of 128 px in luma, reduced to 9×8 by area averages; one bit for each step to a
    brighter right neighbour, 16 hex digits (difference hash, Krawetz 2013). Null for flat planes, which look
    alike without being duplicates, and below 9×8 pixels.
    """
    return thumbnail.dhash


@metric(
    Column(
        "phash",
        "String",
        "",
        "Planes of like structure differ in few of its 64 bits; null when flat.",
        "middle",
    ),
    many=True,
)
def phash(thumbnail: Thumbnail[np.ndarray, np.ndarray]) -> np.ndarray:
    """A fingerprint of the coarse structure, which changes of contrast leave alone.

    The plane's thumbnail of 128 px in luma, reduced to 32×32 by area averages; its cosine transform (DCT-II),
    one bit for each of the lowest 8×8 coefficients that is above their median, the mean counting as above; 16
    hex digits (Zauner 2010, Implementation and Benchmarking of Perceptual Image Hash Functions). Null for
    flat planes and below 32×32 pixels.
    """
    return thumbnail.phash
