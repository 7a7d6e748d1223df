"""Boxes of a volume elsewhere: a grid, drawn in an order by chance, without those that are padding."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from math import ceil, floor

import numpy as np

from smalti.core.ahead import in_order
from smalti.curation.sampling.levels import Box, Lengths, Level, factors_of, three
from smalti.curation.sampling.reading import FarError

__all__ = ["Choice", "Grid", "Judge", "coarse_of", "draw", "grid_of"]

ENOUGH = 16
"""Coarse voxels along a side of a box that tell how much of it is padding."""
IN_A_ROW = 2_000
"""Boxes of padding after which no more are looked at."""
DARK = 8
"""Boxes that cannot be looked at after which the server is to blame."""
_LOOKED_BYTES = 32 << 20
"""Of a box that are looked at at a time."""
_LISTED = 1 << 22
"""Boxes whose whole order is made at once: 32 MB."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Boxes side by side.

    Parameters
    ----------
    starts
        Where the first begins, along z, y and x.
    sides
        Of each.
    counts
        How many there are along each axis.
    """

    starts: Lengths
    sides: Lengths
    counts: Lengths

    @property
    def total(self) -> int:
        """Number of boxes."""
        z, y, x = self.counts
        return z * y * x

    @property
    def voxels(self) -> int:
        """Of one box."""
        z, y, x = self.sides
        return z * y * x

    def box(self, number: int) -> Box:
        """The box of a number, x fastest."""
        _, rows, columns = self.counts
        places = number // (rows * columns), number // columns % rows, number % columns
        z, y, x = (
            (start + at * side, start + (at + 1) * side)
            for start, side, at in zip(self.starts, self.sides, places, strict=True)
        )
        return z, y, x


def grid_of(shape: Lengths, sides: Lengths, chunk: Lengths, rng: np.random.Generator) -> Grid:
    """Boxes of a volume, no longer than it is; what they leave of it lies on either side, by chance.

    They begin where chunks do as far as sides are multiples of these: nothing is then fetched for two boxes.
    """
    starts, kept, counts = [], [], []
    for length, asked, block in zip(shape, sides, chunk, strict=True):
        side = min(asked, length)
        step = block if side % block == 0 else 1
        starts.append(step * int(rng.integers(length % side // step + 1)))
        kept.append(side)
        counts.append(length // side)
    return Grid(three(starts), three(kept), three(counts))


def draw(total: int, rng: np.random.Generator) -> Iterator[int]:
    """All numbers below `total`, each once, in an order drawn by chance; of very many as far as asked."""
    if total <= _LISTED:
        yield from map(int, rng.permutation(total))
        return
    seen: set[int] = set()
    while len(seen) < total // 2:  # half of the draws at most are in vain
        number = int(rng.integers(total))
        if number not in seen:
            seen.add(number)
            yield number


def coarse_of(levels: Sequence[Level], number: int, sides: Lengths) -> Level:
    """The coarsest level that still tells what a box holds; the level itself where none does."""
    fine = levels[number]
    for level in reversed(levels[number + 1 :]):
        factors = factors_of(fine.shape, level.shape)
        if all(n / f >= min(ENOUGH, n) for n, f in zip(sides, factors, strict=True)):
            return level
    return fine


@dataclass(frozen=True, slots=True)
class Judge:
    """Tells how much of a box is padding, before anything is inverted.

    Parameters
    ----------
    fine, coarse
        The level of the boxes, and the one that is looked at.
    channel
        Which is looked at.
    padding
        What voxels without data hold; None where all hold data.
    most
        Share of padding that a box may have; at 1 none is looked at.
    """

    fine: Level
    coarse: Level
    channel: int
    padding: float | None
    most: float

    @property
    def looks(self) -> bool:
        """Whether a box may be passed over for what it holds."""
        return self.padding is not None and self.most < 1

    def region(self, box: Box) -> Box:
        """The box on the coarse level, with every voxel that it touches."""
        found = []
        factors = factors_of(self.fine.shape, self.coarse.shape)
        for axis, ((start, stop), factor) in enumerate(zip(box, factors, strict=True)):
            begin, last = self.coarse.first[axis], self.coarse.shape[axis]
            low = floor((self.fine.first[axis] + start) / factor) - begin
            high = ceil((self.fine.first[axis] + stop) / factor) - begin
            low = min(max(low, 0), last - 1)
            found.append((low, min(max(high, low + 1), last)))
        z, y, x = found
        return z, y, x

    def data(self, box: Box) -> Iterator[np.ndarray]:
        """Coarse voxels of a box that are no padding, in rows, some slices at a time."""
        for pixels in self._bands(box):
            yield pixels[~self._is_padding(pixels)]

    def share(self, box: Box) -> float:
        """How much of a box is padding, 0 to 1."""
        if not self.looks:
            return 0.0
        padding = total = 0
        for pixels in self._bands(box):
            padding += int(np.count_nonzero(self._is_padding(pixels)))
            total += pixels.size
        return padding / total

    def _bands(self, box: Box) -> Iterator[np.ndarray]:
        """Coarse voxels of a box, some slices at a time."""
        (first, last), rows, columns = region = self.region(box)
        deep = self.coarse.deep(region, _LOOKED_BYTES)
        for start in range(first - first % deep, last, deep):
            slices = max(start, first), min(start + deep, last)
            yield self.coarse.pixels((slices, rows, columns), self.channel)

    def _is_padding(self, pixels: np.ndarray) -> np.ndarray:
        if self.padding is None:
            return np.zeros(pixels.shape, bool)
        found: np.ndarray = np.isnan(pixels) if np.isnan(self.padding) else pixels == self.padding
        return found


@dataclass(frozen=True, slots=True)
class Choice:
    """Boxes that were chosen.

    Parameters
    ----------
    boxes
        In the order in which they were drawn.
    tried
        How many were drawn.
    ended
        Whether there are no more.
    """

    boxes: tuple[Box, ...] = ()
    tried: int = 0
    ended: bool = False

    def more(
        self, n: int, grid: Grid, seed: Sequence[int], judge: Judge, pool: Executor, ahead: int
    ) -> "Choice":
        """The same boxes and up to `n` further ones, whose padding is not above `judge.most`.

        The order depends on grid and seed alone: it goes on where it was left. A box that cannot be looked at
        is taken, for a broken piece of a coarse level says nothing of it.

        Raises
        ------
        FarError
            So many in a row could not be looked at that the server is to blame.
        """
        order = islice(draw(grid.total, np.random.default_rng(seed)), self.tried, None)
        boxes, tried, in_a_row, dark = list(self.boxes), self.tried, 0, 0
        look = partial(_look, grid, judge)
        for box, share in in_order(pool, look, order, ahead if judge.looks else 0):
            tried += 1
            dark = dark + 1 if isinstance(share, FarError) else 0
            if isinstance(share, FarError) and dark == DARK:
                raise share
            is_taken = isinstance(share, FarError) or share <= judge.most
            in_a_row = 0 if is_taken else in_a_row + 1
            if is_taken:
                boxes.append(box)
            if len(boxes) == len(self.boxes) + n:
                return Choice(tuple(boxes), tried, tried == grid.total)
            if in_a_row == IN_A_ROW:
                break
        return Choice(tuple(boxes), tried, True)


def _look(grid: Grid, judge: Judge, number: int) -> tuple[Box, float | FarError]:
    box = grid.box(number)
    try:
        return box, judge.share(box)
    except FarError as error:
        return box, error
