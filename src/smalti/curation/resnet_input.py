"""What a ResNet is given: grey patches of any size as pictures of 224², in three equal channels."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from smalti.core.errors import UsageError
from smalti.curation.torch_use import torch_here

__all__ = ["SIDE", "channels", "folded", "pictures"]

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
        one = torch.from_numpy(np.ascontiguousarray(patch)).float()
        found[number, 0] = one if one.shape == (side, side) else _resized(one, side)
    return found


def _resized(one: Any, side: int) -> Any:
    from torch.nn.functional import interpolate

    return interpolate(one[None, None], size=(side, side), mode="bilinear", antialias=True)[0, 0]


def channels(grey: Any) -> Any:
    """Pictures as the first layer takes them: (n, 1, h, w) from 0 to 255 to (n, 3, h, w), normalised."""
    torch = torch_here()
    mean, std = (torch.tensor(values, device=grey.device)[:, None, None] for values in (MEAN, STD))
    return (grey / 255 - mean) / std


def folded(network: Any) -> Any:
    """A network that gives for `pictures` what `network` gives for their `channels`, to 1e-5, but faster.

    `network` is used up. Each norm is folded into the convolution before it. The first convolution, of three
    equal channels, is done once with the sum of their weights. Zeros stand round the *normalised* picture:
    so what a black one gives differs at its rim from inside, and is kept as a picture that is added.
    """
    torch = torch_here()
    from torch.nn.utils.fusion import fuse_conv_bn_eval

    from smalti.curation._resnet_layers import Folded, fold_norms

    fold_norms(network.eval())
    with torch.no_grad():
        first = fuse_conv_bn_eval(network.conv1, network.bn1)
        black = first(channels(torch.zeros(1, 1, SIDE, SIDE)))
        weight = first.weight / (255 * torch.tensor(STD)[:, None, None])
        return Folded(network, weight.sum(dim=1, keepdim=True), black).eval()
