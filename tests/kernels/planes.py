"""Planes that kernels must survive, each with the letters of its samples."""

import numpy as np

RNG = np.random.default_rng(7)
SHAPE = (37, 53)


def _whole(dtype: str, low: int, high: int, shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    return RNG.integers(low, high, shape, dtype=dtype, endpoint=True)


def _noise(dtype: str, mean: float, sigma: float, shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    return RNG.normal(mean, sigma, shape).astype(dtype)


def _with(plane: np.ndarray, index: object, value: float) -> np.ndarray:
    plane = plane.copy()
    plane[index] = value
    return plane


PLANES: dict[str, tuple[np.ndarray, str]] = {
    "u8": (_whole("u1", 0, 255), ""),
    "i8": (_whole("i1", -128, 127), ""),
    "bool": (_whole("u1", 0, 1).astype(bool), ""),
    "u16": (_whole("u2", 0, 65_535), ""),
    "u16 of 12 bits": (_whole("u2", 0, 4_095), ""),
    "u16 big-endian": (_whole("u2", 0, 65_535).astype(">u2"), ""),
    "i16": (_whole("i2", -32_768, 32_767), ""),
    "u32": (_whole("u4", 0, 2**32 - 1), ""),
    "i32 narrow": (_whole("i4", -70_000, -69_000), ""),
    "i64 narrow and far": (_whole("i8", 2**60, 2**60 + 900), ""),
    "u64 narrow and far": (_whole("u8", 2**63 + 5, 2**63 + 900), ""),
    "i64": (_whole("i8", -(2**50), 2**50), ""),
    "f16": (_noise("f2", 0, 1), ""),
    "f32": (_noise("f4", 0, 1), ""),
    "f64": (_noise("f8", 0.5, 0.1), ""),
    "f32 big-endian": (_noise(">f4", 0, 1), ""),
    "c64": (_noise("f4", 0, 1).astype("c8") * (1 + 2j), ""),
    "c128 with NaN": (_with(_noise("f8", 0, 1), 5, np.nan) * (1 + 2j), ""),
    "u8 constant": (np.full(SHAPE, 7, "u1"), ""),
    "u16 constant": (np.full(SHAPE, 60_000, "u2"), ""),
    "f32 constant": (np.full(SHAPE, 0.1, "f4"), ""),
    "f32 rows of NaN": (_with(_noise("f4", 0, 1), slice(10, 12), np.nan), ""),
    "f32 one Inf": (_with(_noise("f4", 0, 1), (10, 12), np.inf), ""),
    "f64 all NaN": (np.full(SHAPE, np.nan), ""),
    "u16 on 10,000": (10_000 + _whole("u2", 0, 9), ""),
    "u16 on 60,000": (60_000 + _whole("u2", 0, 9), ""),
    "f32 on 10,000": (_noise("f4", 10_000, 1), ""),
    "f64 on 60,000": (_noise("f8", 60_000, 1), ""),
    "f64 on 1e9": (_noise("f8", 1e9, 1), ""),
    "1×1": (np.array([[5]], "u1"), ""),
    "1×1 float": (np.array([[5.5]]), ""),
    "1×30": (_whole("u1", 0, 255, (1, 30)), ""),
    "30×1": (_noise("f4", 0, 1, (30, 1)), ""),
    "2×2": (_whole("u2", 0, 255, (2, 2)), ""),
    "300×700": (_whole("u2", 0, 4_095, (300, 700)), ""),
    "200×1100 with NaN": (
        _with(_noise("f4", 3, 1, (200, 1100)), (slice(60, 70), slice(500, 520)), np.nan),
        "",
    ),
    "every second pixel": (_whole("u2", 0, 4_095, (74, 159))[::2, ::-3], ""),
    "transposed": (_noise("f8", 0, 1).T, ""),
    "RGB u8": (_whole("u1", 0, 255, (*SHAPE, 3)), "RGB"),
    "RGBA u8": (_whole("u1", 0, 255, (*SHAPE, 4)), "RGBA"),
    "RGB u16": (_whole("u2", 0, 65_535, (*SHAPE, 3)), "RGB"),
    "RGB i16": (_whole("i2", -500, 500, (*SHAPE, 3)), "RGB"),
    "RGB f32 with NaN": (_with(_noise("f4", 0, 1, (*SHAPE, 3)), (4, 5, 1), np.nan), "RGB"),
    "LA u8": (_whole("u1", 0, 255, (*SHAPE, 2)), "LA"),
    "CMYK u8": (_whole("u1", 0, 255, (*SHAPE, 4)), "CMYK"),
    "unknown samples u16": (_whole("u2", 0, 4_095, (*SHAPE, 5)), ""),
}
