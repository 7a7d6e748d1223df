"""Which slices lie around a patch, and which boxes of them overlap."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from math import prod
from typing import Literal

import numpy as np

from smalti.curation.names import Span
from smalti.curation.plans import SkipError

__all__ = ["AtEdge", "Box", "Boxes", "slices_around"]

AtEdge = Literal["shift", "reflect", "skip"]
"""Where slices would lie outside: others of the volume, so that all are real; mirrored ones; or none."""

Box = tuple[Span, Span, Span]


def slices_around(at: int, n: int, within: Span, edge: AtEdge) -> np.ndarray:
    """Indices of the slices around one, in order.

    Parameters
    ----------
    at
        The slice.
    n
        How many; odd.
    within
        The slices that there are.
    edge
        See `AtEdge`.

    Raises
    ------
    SkipError
        There are not enough.
    """
    first, last = within
    low, high = at - n // 2, at + n // 2 + 1
    if low >= first and high <= last:
        return np.arange(low, high)
    if edge == "skip":
        raise SkipError(
            f"slices {low} to {high - 1} are asked for, there are {first} to {last - 1} (--edge skip)"
        )
    length = last - first
    if edge == "reflect":
        turn = max(1, 2 * (length - 1))
        away = np.arange(low - first, high - first) % turn
        return first + np.minimum(away, turn - away) if length > 1 else np.full(n, first)
    if length < n:
        raise SkipError(
            f"{n} slices are asked for, there are {length}; give a smaller -nz, or --edge reflect"
        )
    low = min(max(low, first), last - n)
    return np.arange(low, low + n)


@dataclass(slots=True)
class Boxes:
    """Boxes that are taken, by cells of about their size: each is compared with its neighbours only."""

    most: float
    _side: int = 0
    _cells: dict[tuple[int, ...], list[tuple[str, Box]]] = field(default_factory=dict)

    def overlapping(self, box: Box) -> tuple[str, float] | None:
        """Name of a box that shares more of the smaller of both than is allowed, and how much; or None."""
        for name, other in {
            name: other for cell in self._touched(box) for name, other in self._cells.get(cell, ())
        }.items():
            shared = prod(max(0, min(a[1], b[1]) - max(a[0], b[0])) for a, b in zip(box, other, strict=True))
            share = shared / min(_size(box), _size(other))
            if share > self.most:
                return name, share
        return None

    def take(self, name: str, box: Box) -> None:
        """Keep a box."""
        for cell in self._touched(box):
            self._cells.setdefault(cell, []).append((name, box))

    def _touched(self, box: Box) -> Iterator[tuple[int, ...]]:
        self._side = self._side or max(16, *(stop - start for start, stop in box))
        yield from product(*(range(start // self._side, (stop - 1) // self._side + 1) for start, stop in box))


def _size(box: Box) -> int:
    return prod(stop - start for start, stop in box)
