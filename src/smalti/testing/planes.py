"""Planes that have broken image software before, by name."""

import numpy as np

from smalti.testing.synthetic import synthetic

__all__ = ["hostile_planes"]


def hostile_planes() -> dict[str, tuple[np.ndarray, str]]:
    """Planes (Y, X) or (Y, X, S) and their colour samples, as `smalti.core.image.Image.samples`."""
    rng = np.random.default_rng(0)
    ramp = np.arange(37 * 53, dtype=np.float64).reshape(37, 53)
    real = synthetic("nuclei", shape=(48, 64))
    colour = synthetic("histology", shape=(48, 64), dtype="uint8")
    alpha = np.full((48, 64, 1), 255, np.uint8)
    holes = ramp.astype(np.float32)
    holes[3], holes[7, 9] = np.nan, np.inf
    grey = {
        "one pixel": np.array([[7]], np.uint8),
        "one row": np.arange(53, dtype=np.uint16)[None],
        "one column": np.arange(37, dtype=np.uint8)[:, None],
        "smaller than a 3×3 window": np.array([[1, 2], [3, 4]], np.float32),
        "constant zero": np.zeros((37, 53), np.uint8),
        "constant, saturated": np.full((37, 53), 65_535, np.uint16),
        "constant float": np.full((37, 53), 0.1, np.float32),
        "all NaN": np.full((37, 53), np.nan, np.float32),
        "all Inf": np.full((37, 53), np.inf),
        "a row of NaN and one Inf": holes,
        "one bright pixel": np.pad(np.array([[255]], np.uint8), 18),
        "booleans": ramp % 3 == 0,
        "chequerboard": ((np.indices((37, 53)).sum(axis=0) % 2) * 255).astype(np.uint8),
        "noise": rng.integers(0, 256, (37, 53), np.uint8),
        "nuclei": real,
        "nuclei, big-endian": real.astype(">u2"),
        "nuclei, every other pixel": real[::2, ::-2],
        "offset of 60,000": (ramp % 5 + 60_000).astype(np.uint16),
        "offset of a billion": ramp % 5 + 1e9,
        "negative": (ramp - 900).astype(np.int16),
        "32 bits wide": (ramp * 2_000_000).astype(np.uint32),
        "64 bits wide": (ramp * 4e15).astype(np.int64),
        "half precision": (ramp / 8).astype(np.float16),
        "tiny floats": (ramp * 1e-30).astype(np.float32),
        "huge floats": ramp * 1e100,
        "complex": ramp + 1j * ramp.T[:1, :1],
    }
    planes = {name: (plane, "") for name, plane in grey.items()}
    planes["colour"] = (colour, "RGB")
    planes["colour and alpha"] = (np.concatenate([colour, alpha], axis=2), "RGBA")
    planes["grey and alpha"] = (np.concatenate([colour[..., :1], alpha], axis=2), "LA")
    planes["two unknown samples"] = (colour[..., :2].copy(), "??")
    planes["colour of one pixel"] = (colour[:1, :1].copy(), "RGB")
    return planes
