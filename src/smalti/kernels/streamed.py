"""Planes that are never held whole: measured row by row, side by side where they are stored in one block."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from smalti.kernels.encoding import Encoding, FirstPass
from smalti.kernels.layout import Layout
from smalti.kernels.measure import PlaneSums
from smalti.kernels.several import Several

__all__ = ["Bands", "accumulate_rows", "passes", "sums_bytes"]

Bands = Callable[[], Iterable[Sequence[np.ndarray]]]
"""Reads planes of one layout side by side: the next rows of each, (n, X) or (n, X, S), top to bottom."""


def accumulate_rows(layout: Layout, n: int, bands: Bands, wants: frozenset[str]) -> Iterator[Several]:
    """Measure planes by their rows; to the last bit what `accumulate` finds of the whole planes.

    Rows that the next ones need beside them are carried along, none is asked for again.

    Parameters
    ----------
    layout
        What each of the planes looks like.
    n
        Number of planes.
    bands
        Called once for integers of 8 or 16 bits; twice for others, of which range and mean must be known
        before they are summed.
    wants
        Names of accumulators.

    Yields
    ------
    Several
        Of one plane after the other.
    """
    sums = _summed(layout, n, bands, wants)
    while sums:
        yield _finished(sums.popleft())


def passes(layout: Layout) -> int:
    """How often `accumulate_rows` reads the planes."""
    return 1 if Encoding.known(layout) else 2


def sums_bytes(layout: Layout, wants: frozenset[str]) -> int:
    """Bytes that the sums of one plane take while it is read."""
    encoding = Encoding.known(layout) or _floats(layout)
    return _bytes_in(PlaneSums(layout, encoding, wants))  # of zeros that the system has not given yet


def _floats(layout: Layout) -> Encoding:
    none, every = np.zeros(1, np.int64), np.full(1, layout.n_samples)
    return Encoding(False, [0.0], [0.0], [1.0], every, none, none, none)


def _bytes_in(thing: Any) -> int:
    if isinstance(thing, np.ndarray):
        return thing.nbytes
    if isinstance(thing, (list, tuple)):
        return sum(map(_bytes_in, thing))
    ours = type(thing).__module__.startswith("smalti.kernels.")
    return sum(map(_bytes_in, getattr(thing, "__dict__", {}).values())) if ours else 0


@np.errstate(over="ignore", invalid="ignore")
def _summed(layout: Layout, n: int, bands: Bands, wants: frozenset[str]) -> deque[PlaneSums]:
    known = Encoding.known(layout)
    if known is None:
        firsts = [FirstPass(layout) for _ in range(n)]
        _pass(layout, bands, firsts)
        encodings = [first.encoding() for first in firsts]
    else:
        encodings = [known] * n
    sums = deque(PlaneSums(layout, encoding, wants) for encoding in encodings)
    _pass(layout, bands, sums)
    return sums


@np.errstate(over="ignore", invalid="ignore")
def _finished(sums: PlaneSums) -> Several:
    return sums.result()


def _pass(layout: Layout, bands: Bands, planes: Iterable[FirstPass | PlaneSums]) -> None:
    """Give each of the planes its rows, in the strips that `accumulate` would give it."""
    several = [(plane, _Strips(layout.strip_rows)) for plane in planes]
    for band in bands():
        _give(several, band)
        del band  # before the next is read
    for plane, strips in several:
        for strip in strips.last():
            plane.add(strip[None])


def _give(several: Iterable[tuple[FirstPass | PlaneSums, "_Strips"]], band: Sequence[np.ndarray]) -> None:
    for (plane, strips), rows in zip(several, band, strict=True):
        for strip in strips.next(rows):
            plane.add(strip[None])


class _Strips:
    """Rows that come by any number, cut into strips of `n` rows and a last one."""

    def __init__(self, n: int) -> None:
        self._n = n
        self._left: np.ndarray | None = None

    def next(self, rows: np.ndarray) -> Iterator[np.ndarray]:
        """The strips that are complete with these rows."""
        if self._left is not None:
            missing = self._n - len(self._left)
            rows, joined = rows[missing:], np.concatenate([self._left, rows[:missing]])
            if len(joined) < self._n:
                self._left = joined
                return
            yield joined
        end = len(rows) // self._n * self._n
        for top in range(0, end, self._n):
            yield rows[top : top + self._n]
        self._left = rows[end:].copy() if end < len(rows) else None  # a view would keep all of the band

    def last(self) -> Iterator[np.ndarray]:
        """What is left over."""
        if self._left is not None:
            yield self._left
