"""Raster formats that Pillow reads: GIF, BMP, Netpbm, SGI, TGA, PCX, and animated PNG and WebP."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import Image

from smalti.core.errors import TooLargeError
from smalti.loaders._still import Still

__all__ = ["FORMATS", "open_with_pillow"]

FORMATS = ("PNG", "WEBP", "GIF", "BMP", "DIB", "PPM", "SGI", "TGA", "PCX")
"""Never EPS, which starts Ghostscript, nor formats that read other files."""

_SAMPLES = {
    "RGB": "RGB",
    "RGBA": "RGBA",
    "LA": "LA",
    "PA": "?A",
    "CMYK": "CMYK",
    "YCbCr": "???",
    "LAB": "???",
}
_DTYPES = {"1": np.bool_, "I;16": np.uint16, "I;16B": np.uint16, "I": np.int32, "F": np.float32}


@contextmanager
def open_with_pillow(path: str) -> Iterator[Still]:
    """Header of a file and its frames, composited as a viewer shows them; open while in the context.

    Frames of an animation must be of one kind: those of a GIF are RGB throughout (Pillow gives indices
    for the first frame and colour for the rest), those of an animation with a palette likewise. A
    single frame keeps its palette indices.

    Raises
    ------
    TooLargeError
        Pillow's own bound on the number of pixels is exceeded.
    """
    with _bombs_refused(), Image.open(path, formats=FORMATS) as image:
        frames = getattr(image, "n_frames", 1)
        colour = frames > 1 and (image.format == "GIF" or image.mode == "P")
        mode = "RGB" if colour else image.mode
        metadata: dict[str, object] = {"format": str(image.format)}
        if mode == "P":
            metadata["palette"] = True
        yield Still(
            samples=_SAMPLES.get(mode, ""),
            size=(image.height, image.width),
            dtype=np.dtype(_DTYPES.get(mode, np.uint8)),
            decode=lambda frame: _frame(image, frame, mode),
            frames=frames,
            metadata=metadata,
        )


def _frame(image: Image.Image, number: int, mode: str) -> np.ndarray:
    with _bombs_refused():
        image.seek(number)
        return np.asarray(image.convert(mode) if image.mode != mode else image)


@contextmanager
def _bombs_refused() -> Iterator[None]:
    try:
        yield
    except Image.DecompressionBombError as error:
        declared = int((re.findall(r"\d+", str(error)) or ["0"])[0])
        allowed = 2 * (Image.MAX_IMAGE_PIXELS or 0)
        raise TooLargeError(declared, allowed, "one frame (at a byte a pixel, by Pillow's bound)") from error
