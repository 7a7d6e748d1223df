"""An image as a small picture of 8-bit colours, fit to be looked at."""

import numpy as np

__all__ = ["TILE", "tile"]

TILE = 256
"""Screen pixels of the longer side, at most."""
GROWN = 8
"""Times that a small image is made larger, at most; whole times, so that its pixels stay alike."""

PAIR = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
"""Colours of two channels: magenta and green, which the colour-blind tell apart."""
ABSENT = (205, 160, 60)
"""Colour of what is not finite; no grey is like it."""


def tile(pixels: np.ndarray) -> np.ndarray:
    """Colours of an image (channels, height, width), as (height, width, 3) of uint8.

    Colours of 8 bits are shown as they are. Anything else is stretched from its 1st to its 99.8th percentile
    of finite values: three channels and more by the same for all, so that colours stay true; two channels
    each by its own, in magenta and green; a single one in grey. What is larger than a tile is averaged over
    blocks of pixels. Pixels that are not finite are amber.
    """
    shown = pixels[:3] if pixels.shape[0] >= 3 else pixels[:2]
    fine = np.isfinite(shown).all(axis=0)
    small = np.stack([_fitted(np.where(fine, plane, 0).astype(np.float64)) for plane in shown])
    if shown.shape[0] == 3:
        colours = small / 255 if pixels.dtype == np.uint8 else _stretched(small)
        colours = np.moveaxis(colours, 0, -1)
    elif shown.shape[0] == 2:
        colours = np.tensordot(np.stack([_stretched(plane) for plane in small]), PAIR, axes=(0, 0))
    else:
        colours = np.repeat(_stretched(small[0])[..., np.newaxis], 3, axis=-1)
    found = np.rint(255 * np.clip(colours, 0, 1)).astype(np.uint8)
    found[_fitted((~fine).astype(np.float64)) > 0.5] = ABSENT
    return found


def _fitted(plane: np.ndarray) -> np.ndarray:
    """A plane averaged over blocks, or its pixels repeated, until it just fits a tile."""
    longest = max(plane.shape)
    if longest <= TILE:
        times = min(TILE // longest, GROWN)
        return plane.repeat(times, axis=0).repeat(times, axis=1)
    block = -(-longest // TILE)
    edges = [np.arange(0, length, block) for length in plane.shape]
    sums = np.add.reduceat(np.add.reduceat(plane, edges[0], axis=0), edges[1], axis=1)
    counts = [np.diff([*starts, length]) for starts, length in zip(edges, plane.shape, strict=True)]
    averaged: np.ndarray = sums / np.outer(*counts)
    return averaged


def _stretched(values: np.ndarray) -> np.ndarray:
    """Values from 0 at their 1st percentile to 1 at their 99.8th; a middle grey where all are one."""
    values = values / 2  # the largest floats lie further apart than a float can say
    low, high = np.percentile(values, (1, 99.8))
    if high <= low:
        low, high = values.min(), values.max()
    return np.full(values.shape, 0.5) if high <= low else np.clip((values - low) / (high - low), 0, 1)
