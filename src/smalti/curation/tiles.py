"""How a length is cut into tiles."""

from collections.abc import Iterator
from typing import Literal

from smalti.curation.names import Span

__all__ = ["Edge", "tiles"]

Edge = Literal["keep", "drop", "pad"]
"""What becomes of a tile that reaches over the end: it is shorter, left out, or filled up by reflection."""


def tiles(length: int, size: int, overlap: int = 0, edge: Edge = "keep", least: int = 1) -> tuple[Span, ...]:
    """Tiles along one axis, without what is filled up.

    Parameters
    ----------
    length
        Of the axis.
    size
        Of a tile; 0 for one as long as the axis.
    overlap
        Pixels that neighbours share; less than `size`.
    edge
        See `Edge`.
    least
        The shortest tile that is cut; what is left of the axis below that is left out.
    """
    if not size:
        return ((0, length),)
    return tuple(_cut(length, size, size - overlap, size if edge == "drop" else least))


def _cut(length: int, size: int, step: int, least: int) -> Iterator[Span]:
    for start in range(0, length, step):
        stop = min(start + size, length)
        if stop - start >= least:
            yield start, stop
        if stop == length:  # the next would lie in this one
            return
