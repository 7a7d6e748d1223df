"""Pixels as the bytes of a file: NumPy's own, PNG or TIFF; the same pixels give the same bytes."""

import io
from collections.abc import Callable, Mapping
from functools import lru_cache

import numpy as np

from smalti.core.errors import SmaltiError

__all__ = ["DECODERS", "ENCODERS"]

Pieces = list[bytes | memoryview]


def npy_pieces(pixels: np.ndarray) -> Pieces:
    """A header, and the pixels where they are."""
    little = np.ascontiguousarray(pixels, pixels.dtype.newbyteorder("<"))
    return [_header(little.shape, little.dtype.str), little.reshape(-1).view(np.uint8).data]


@lru_cache(maxsize=256)
def _header(shape: tuple[int, ...], descr: str) -> bytes:
    made = io.BytesIO()
    np.lib.format.write_array_header_1_0(made, {"descr": descr, "fortran_order": False, "shape": shape})
    return made.getvalue()


def png_pieces(pixels: np.ndarray) -> Pieces:
    """Grey, grey with alpha, RGB or RGBA of 8 or 16 bits; truth values become 0 and 1."""
    from imagecodecs import png_encode

    plain = pixels.astype(np.uint8) if pixels.dtype.kind == "b" else pixels
    if plain.dtype.name not in ("uint8", "uint16"):
        raise SmaltiError(
            f"its pixels are {plain.dtype}, PNG holds 8 and 16 bits; give --image-format npy, or --uint8"
        )
    if plain.ndim == 3 and not 2 <= plain.shape[2] <= 4:
        raise SmaltiError(f"it has {plain.shape[2]} colours, PNG holds up to 4; give --image-format npy")
    return [bytes(png_encode(np.ascontiguousarray(plain)))]


def tiff_pieces(pixels: np.ndarray) -> Pieces:
    """One page, not compressed."""
    from tifffile import imwrite

    made = io.BytesIO()
    colours = pixels.ndim == 3 and pixels.shape[2] in (3, 4) and pixels.dtype.kind == "u"
    options = {"photometric": "rgb"} if colours else {"photometric": "minisblack"}
    if pixels.ndim == 3:
        options["planarconfig"] = "contig"
    imwrite(made, np.ascontiguousarray(pixels), metadata=None, software=False, **options)
    return [made.getvalue()]


def _from_npy(data: bytes) -> np.ndarray:
    pixels: np.ndarray = np.load(io.BytesIO(data), allow_pickle=False)
    return pixels


def _from_png(data: bytes) -> np.ndarray:
    from imagecodecs import png_decode

    return np.asarray(png_decode(data))


def _from_tiff(data: bytes) -> np.ndarray:
    from tifffile import imread

    return np.asarray(imread(io.BytesIO(data)))


ENCODERS: Mapping[str, Callable[[np.ndarray], Pieces]] = {
    "npy": npy_pieces,
    "png": png_pieces,
    "tiff": tiff_pieces,
}
DECODERS: Mapping[str, Callable[[bytes], np.ndarray]] = {
    "npy": _from_npy,
    "png": _from_png,
    "tiff": _from_tiff,
}
