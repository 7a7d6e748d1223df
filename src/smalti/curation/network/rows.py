"""What a ResNet34 is trained on, and how."""

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xxhash

from smalti.curation.hashed import sha256_of
from smalti.curation.network.pictures import pictures
from smalti.curation.network.torch_use import torch_here

__all__ = ["SETTLING", "Read", "ResnetTraining", "Rows", "batches"]

SETTLING = 256
"""Training patches of which the norms are measured after each epoch; so many stand for all in a digest."""

Read = Callable[[int], np.ndarray]
"""Gives the patch of a row."""


@dataclass(frozen=True, slots=True)
class ResnetTraining:
    """How a ResNet34 is trained.

    Parameters
    ----------
    epochs
        How often each training patch is seen.
    batch
        Patches of one step.
    learning_rate
        The highest; it grows to it over the first tenth of the steps, and falls as a cosine does.
    seed
        Decides the first weights, the order, and how patches are varied.
    device
        ``auto``, ``cpu`` or ``cuda``. On the CPU the same call gives the same bytes.
    weights
        A file of weights to begin from; a last layer of more than one output is made anew. None: weights are
        drawn.
    """

    epochs: int = 10
    batch: int = 32
    learning_rate: float = 1e-3
    seed: int = 0
    device: str = "auto"
    weights: Path | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """Patches with labels, of which some are learned from and others judge what was learned."""

    read: Read
    labels: np.ndarray
    training: np.ndarray
    validation: np.ndarray

    def patches(self, rows: np.ndarray) -> list[np.ndarray]:
        """uint8 (height, width) each."""
        return [self.read(int(row)) for row in rows]

    def batch(self, rows: np.ndarray) -> tuple[Any, Any]:
        """Pictures, and labels as float32 (n,)."""
        found = pictures(self.patches(rows))
        return found, torch_here().from_numpy(self.labels[rows].astype(np.float32))

    def digest(self, how: ResnetTraining) -> str:
        """What tells one training from another: settings, rows, labels, the first weights and patches."""
        weights = sha256_of(how.weights) if how.weights else ""
        found = xxhash.xxh3_128(json.dumps({**asdict(how), "weights": weights}).encode())
        for values in (self.labels, self.training, self.validation):
            found.update(values.tobytes())
        for some in (self.training, self.validation):
            for patch in self.patches(some[:SETTLING]):
                found.update(patch.tobytes())
        return found.hexdigest()


def batches(rows: np.ndarray, most: int) -> Iterator[np.ndarray]:
    """Rows in as few batches as possible, which differ by one at most."""
    yield from np.array_split(rows, math.ceil(len(rows) / most))
