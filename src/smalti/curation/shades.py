"""Pixels that are no brightness as they are stored: numbers of a palette, and zeros that are white."""

import numpy as np

from smalti.core.errors import SmaltiError
from smalti.core.image import Image
from smalti.core.remote import is_url

__all__ = ["is_inverted", "is_plain", "shades_of"]


def is_inverted(image: Image) -> bool:
    """Whether 0 is white."""
    return image.metadata.get("miniswhite") is True


def is_plain(image: Image) -> bool:
    """Whether pixels are brightness, 0 black."""
    return not is_inverted(image) and image.metadata.get("palette") is not True


def shades_of(image: Image) -> np.ndarray | None:
    """The grey of each number of a palette, uint8 (256,); None where pixels are no such numbers.

    Raises
    ------
    SmaltiError
        The palette cannot be read.
    """
    if image.metadata.get("palette") is not True:
        return None
    colours = None if is_url(image.ref.uri) else _palette(image.ref.uri)
    if colours is None or image.dtype != np.uint8:
        raise SmaltiError("its pixels are numbers of a palette that cannot be read here; save it in colours")
    shades = np.zeros(256, np.uint8)
    shades[: len(colours)] = np.rint(colours @ [0.299, 0.587, 0.114])
    return shades


def _palette(path: str) -> np.ndarray | None:
    """Red, green and blue of each number."""
    from PIL import Image as Pictures
    from PIL import UnidentifiedImageError

    try:
        with Pictures.open(path) as picture:
            found = picture.getpalette("RGB")
    except (OSError, ValueError, UnidentifiedImageError):
        return None
    return None if not found else np.array(found, np.float64).reshape(-1, 3)[:256]
