"""How many boxes each volume gets of what may be fetched in all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

__all__ = ["Part", "share_out"]


@dataclass(slots=True)
class Part:
    """What one volume gets.

    Parameters
    ----------
    size
        Bytes of one of its boxes.
    most
        Boxes that it may have.
    n
        Boxes that it has.
    more
        Finds so many more; gives how many there were.
    ended
        Whether it can have no more.
    """

    size: int
    most: int
    n: int
    more: Callable[[int], int]
    ended: bool = False

    def give(self, wanted: int) -> int:
        """Boxes that it then has more."""
        found = self.more(wanted) if wanted > 0 else 0
        self.n += found
        self.ended = self.ended or found < wanted or self.n >= self.most
        return found


def share_out(parts: Sequence[Part], total: float) -> None:
    """Give boxes to volumes, of `total` bytes the same to each; what one does not need goes to the others."""
    while waiting := [part for part in parts if not part.ended and part.n < part.most]:
        even = (_left(parts, total) + sum(part.n * part.size for part in waiting)) / len(waiting)
        given = 0
        for part in waiting:
            fits = min(even - part.n * part.size, _left(parts, total))  # some may have more than that already
            given += part.give(int(min(part.most - part.n, fits / part.size)))
        if given:
            continue
        left = _left(parts, total)
        fitting = [part for part in waiting if not part.ended and part.size <= left]
        if not fitting:
            return
        min(fitting, key=lambda part: part.n * part.size).give(1)  # less than a box for each is left


def _left(parts: Sequence[Part], total: float) -> float:
    return total - sum(part.n * part.size for part in parts)
