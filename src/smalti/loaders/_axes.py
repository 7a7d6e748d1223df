"""Axes of other libraries in our six letters."""

from collections.abc import Iterable, Iterator
from itertools import product
from typing import NamedTuple

from smalti.core.axes import AXES

__all__ = ["UNKNOWN", "Part", "parts"]

UNKNOWN = "Q"
"""An axis of which neither a name nor a custom tells the meaning."""

_ANY = "ZTC"
"""An axis of pages with no meaning stated is taken as Z, as ImageJ does; T and C when Z is taken."""

_WISHES = {"E": "CTZ", "L": "TCZ", "V": "TCZ", "H": "TCZ"}
"""tifffile's emission wavelength, exposure, event and lifetime."""

_SCENES = frozenset("PRMA")
"""tifffile's position, tile, mosaic and angle: pictures of their own, never a stack."""


class Part(NamedTuple):
    """One image out of a stored array.

    Parameters
    ----------
    axes
        Our letters of the axes that stay, in stored order.
    fixed
        Position of an axis that went, and the index picked there.
    guessed
        Those of `axes` whose meaning nothing states; an axis of pages (I) has its custom.
    """

    axes: str
    fixed: dict[int, int]
    guessed: str = ""

    def left(self, lengths: Iterable[int]) -> tuple[int, ...]:
        """Of a length for each stored axis, those of the axes that stay."""
        return tuple(int(n) for i, n in enumerate(lengths) if i not in self.fixed)

    def whole(self, index: Iterable[int | slice]) -> tuple[int | slice, ...]:
        """What to pick along each stored axis, for a pick along each that stays."""
        picks = iter(index)
        n_axes = len(self.axes) + len(self.fixed)
        return tuple(self.fixed[i] if i in self.fixed else next(picks) for i in range(n_axes))


def parts(stored: str, shape: tuple[int, ...]) -> Iterator[Part]:
    """Split an array whose axes we have no letters for into images that have T, C, Z, Y, X, S only.

    Unknown axes become the first free of Z, T, C. Positions, tiles and what finds no free letter become
    images (series) of their own, as scenes do.
    """
    letters = _letters(stored)
    gone = [i for i, letter in enumerate(letters) if not letter]
    axes = "".join(letters)
    guessed = "".join(letter for letter, given in zip(letters, stored, strict=True) if given == UNKNOWN)
    for where in product(*(range(shape[i]) for i in gone)):
        yield Part(axes, dict(zip(gone, where, strict=True)), guessed)


def _letters(stored: str) -> list[str]:
    letters = [axis if axis in AXES and stored.count(axis) == 1 else "" for axis in stored]
    for i, axis in enumerate(stored):
        if not letters[i] and axis not in _SCENES:
            letters[i] = next((a for a in _WISHES.get(axis, _ANY) if a not in letters), "")
    return letters
