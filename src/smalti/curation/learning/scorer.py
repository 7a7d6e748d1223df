"""What gives patches a score: a trained model on features, or a network on pixels."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

__all__ = ["Scorer"]


class Scorer(Protocol):
    """Says how informative patches are."""

    @property
    def asked(self) -> Mapping[str, Any]:
        """What tells its scores from those of another, as plain JSON: its kind, the hash of its weights."""

    @property
    def threads(self) -> int:
        """How many calls may be under way side by side; 0 for all cores."""

    def scores(self, patches: Sequence[np.ndarray]) -> np.ndarray:
        """Scores from 0 to 1, float32 (n,).

        Parameters
        ----------
        patches
            uint8 (height, width) each; shapes may differ. NaN stands for one that cannot be judged.
        """
