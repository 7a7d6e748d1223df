"""What is noticed of pixels as they are written: contrast of channels, labels, how far it is."""

from collections.abc import Callable

import numpy as np

from smalti.export.pyramid.source import Source
from smalti.writers.levels import Region

__all__ = ["Seen"]

MOST_LABELS = 1000
"""Labels that are given a colour; viewers colour the others."""


class Seen:
    """Told of each unit that is written; see `smalti.writers.pyramid.Seen`.

    Parameters
    ----------
    last
        Number of the level whose contrast counts: the smallest, where single hot pixels are gone.
    source
        The image.
    count_labels
        Whether its values are labels, of which the first thousand are kept.
    tell
        Told of the bytes of each unit of the first level.
    """

    def __init__(
        self,
        last: int,
        source: Source,
        count_labels: bool = False,
        tell: Callable[[int], None] = lambda n_bytes: None,
    ) -> None:
        self._last = last
        self._axis = source.names.find("c")
        self._tell = tell
        self._count = count_labels
        self._labels: set[int] = set()
        self.lows = np.full(source.n_channels, np.inf)
        self.highs = np.full(source.n_channels, -np.inf)

    @property
    def labels(self) -> list[int]:
        """Labels that were seen, in order."""
        return sorted(self._labels)[:MOST_LABELS]

    def __call__(self, number: int, region: Region, pixels: np.ndarray) -> None:
        """Look at a unit."""
        if number == 0:
            self._tell(pixels.nbytes)
            if self._count:
                self._labels.update(np.unique(pixels).tolist())
        if number == self._last and not self._count:
            self._look(region, pixels)

    def _look(self, region: Region, pixels: np.ndarray) -> None:
        channels = region[self._axis] if self._axis >= 0 else slice(0, 1)
        planes = np.moveaxis(pixels, self._axis, 0) if self._axis >= 0 else pixels[np.newaxis]
        for number, plane in enumerate(planes, start=channels.start):
            finite = plane[np.isfinite(plane)] if plane.dtype.kind == "f" else plane
            if finite.size:
                self.lows[number] = min(self.lows[number], finite.min())
                self.highs[number] = max(self.highs[number], finite.max())
