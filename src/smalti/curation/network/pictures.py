"""What a ResNet is given: grey patches of any size as pictures of 224², in three equal channels."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from smalti.core.errors import UsageError
from smalti.curation.network.torch_use import torch_here

__all__ = ["SIDE", "channels", "pictures"]

SIDE = 224
"""Side of a picture in pixels."""

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
"""Of the channels of ImageNet, in parts of 255."""


def pictures(patches: Sequence[np.ndarray], side: int = SIDE) -> Any:
    """float32 tensor (n, 1, side, side), from 0 to 255.

    Patches of another size are resized with a triangle filter that widens as they shrink (bilinear with
    antialiasing).

    Parameters
    ----------
    patches
        uint8 (height, width) each; shapes may differ.

    Raises
    ------
    UsageError
        A patch is of another kind, or empty.
    """
    torch = torch_here()
    found = torch.empty(len(patches), 1, side, side)
    for number, patch in enumerate(patches):
        if patch.dtype != np.uint8 or patch.ndim != 2 or not patch.size:
            raise UsageError(f"a patch is {patch.dtype} {patch.shape}; a ResNet takes uint8 (height, width)")
        one = torch.from_numpy(patch.astype(np.float32, order="C"))  # a copy: torch warns of read-only arrays
        found[number, 0] = one if one.shape == (side, side) else _resized(one, side)
    return found


def _resized(one: Any, side: int) -> Any:
    from torch.nn.functional import interpolate

    return interpolate(one[None, None], size=(side, side), mode="bilinear", antialias=True)[0, 0]


def channels(grey: Any) -> Any:
    """Pictures as the first layer takes them: (n, 1, h, w) from 0 to 255 to (n, 3, h, w), normalised.

    In memory the channels of a pixel lie side by side: a patch then takes one core 35 ms instead of 43
    (measured with AVX-512). Folding the norms into the convolutions and the equal channels into one came to
    33 ms, and is not worth its lines.
    """
    torch = torch_here()
    mean, std = (torch.tensor(values, device=grey.device)[:, None, None] for values in (MEAN, STD))
    return ((grey / 255 - mean) / std).contiguous(memory_format=torch.channels_last)
