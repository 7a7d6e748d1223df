"""Scores of patches by a ResNet34, as the CEM500K and CEM1.5M data sets were filtered with (eLife 2021).

A grey patch stands in each of the three channels, normalised as for ImageNet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from smalti.core.errors import SmaltiError
from smalti.curation.hashed import sha256_of
from smalti.curation.network.pictures import channels, pictures
from smalti.curation.network.torch_use import device_of, torch_here
from smalti.curation.network.weight_file import network_of, read_weights

__all__ = ["ResnetScorer", "resnet_scorer"]

AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class ResnetScorer:
    """A ResNet34 that gives scores; see `smalti.curation.learning.scorer.Scorer`.

    Parameters
    ----------
    asked
        Its kind, and the hash of its file.
    network, device
        A network ready to be asked, and the torch device that it is on.
    threads
        1: torch spreads each call over all cores itself.
    """

    asked: dict[str, Any]
    network: Any
    device: Any
    threads: int = 1

    def scores(self, patches: Sequence[np.ndarray]) -> np.ndarray:
        """Scores from 0 to 1, float32 (n,); the same to 1e-5 however patches are split into calls.

        Parameters
        ----------
        patches
            uint8 (height, width) each; shapes may differ.

        Raises
        ------
        SmaltiError
            A patch is of another kind, or the weights are such that no number comes out.
        """
        torch = torch_here()
        found = np.empty(len(patches), np.float32)
        with torch.inference_mode():
            for at in range(0, len(patches), AT_ONCE):
                batch = pictures(patches[at : at + AT_ONCE]).to(self.device)
                found[at : at + AT_ONCE] = torch.sigmoid(self.network(channels(batch))).cpu().numpy()
        if np.isnan(found).any():
            raise SmaltiError("the weights give no number for a patch; give weights that were trained")
        return found


def resnet_scorer(path: Path, device: str = "auto") -> ResnetScorer:
    """What scores patches with the weights of a file: 218 tensors of a ResNet34 with one output.

    Parameters
    ----------
    path
        A state dict, as ``torch.save`` writes it; nothing in it is run.
    device
        ``auto``, ``cpu`` or ``cuda``.

    Raises
    ------
    UsageError
        The file holds other or damaged weights, or there is no such device.
    MissingExtraError
        torch is not installed.
    """
    place = device_of(device)
    network = network_of(read_weights(path))
    asked = {"kind": "resnet34", "sha256": sha256_of(path)}
    network = network.eval().to(place, memory_format=torch_here().channels_last)
    return ResnetScorer(asked, network, place)
