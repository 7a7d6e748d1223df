"""Pictures turned, mirrored, lighter and darker, so that a network learns from more than there are."""

from typing import Any

import numpy as np

from smalti.curation.network.torch_use import torch_here

__all__ = ["varied"]

CONTRAST = 1.25
BRIGHTNESS = 20.0
"""Grey values of 255."""


def varied(pictures: Any, random: np.random.Generator) -> Any:
    """Each picture in one of eight positions, with other contrast and brightness.

    Parameters
    ----------
    pictures
        float32 tensor (n, 1, side, side), from 0 to 255; so is what comes back.
    random
        Decides all of it.
    """
    torch = torch_here()
    n = len(pictures)
    placed = [
        _placed(one, int(position)) for one, position in zip(pictures, random.integers(0, 8, n), strict=True)
    ]
    contrast = CONTRAST ** random.uniform(-1, 1, n)
    brightness = random.uniform(-BRIGHTNESS, BRIGHTNESS, n)
    factor, shift = (torch.from_numpy(v).float()[:, None, None, None] for v in (contrast, brightness))
    middle = pictures.mean(dim=(1, 2, 3), keepdim=True)
    return ((torch.stack(placed) - middle) * factor + middle + shift).clamp_(0, 255)


def _placed(picture: Any, position: int) -> Any:
    """One of the eight: turned by quarters, and mirrored from 4 on."""
    turned = picture.rot90(position % 4, (1, 2))
    return turned.flip(2) if position >= 4 else turned
