"""Planes read by rows and measured as they pass, so that none is ever held whole."""

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np

from smalti.core.axes import AXES, STACK_AXES, PlaneIndex
from smalti.core.image import Image
from smalti.kernels.several import Several
from smalti.processing.reading import Box, Reading, bands, layout_of

__all__ = ["measure_box", "planes_in", "read_rows"]


def planes_in(box: Box) -> list[PlaneIndex]:
    """The planes of a box in t, c, z order."""
    return [PlaneIndex(*tcz) for tcz in product(*box)]


def measure_box(
    image: Image, box: Box, reading: Reading, wants: frozenset[str], beat: Callable[[], None]
) -> Iterator[Several]:
    """Sums of the planes of a box, one after the other in t, c, z order.

    Parameters
    ----------
    beat
        Called after each read: a plane of 2 GB takes 10 s.
    """
    from smalti.kernels.streamed import accumulate_rows  # brings numba, which the driver does without

    def read() -> Iterator[list[np.ndarray]]:
        for rows in bands(image, reading):
            yield read_rows(image, box, rows)
            beat()

    return accumulate_rows(layout_of(image), len(planes_in(box)), read, wants)


def read_rows(image: Image, box: Box, rows: range) -> list[np.ndarray]:
    """The same rows of all planes of a box, in t, c, z order, each (n, X) or (n, X, S)."""
    t, c, z = map(_pick, box)
    array = image.read(t, c, z, slice(rows.start, rows.stop))
    dropped = {axis for axis, pick in zip(STACK_AXES, (t, c, z), strict=True) if isinstance(pick, int)}
    kept = [axis for axis in image.axes if axis not in dropped]
    array = array.transpose([kept.index(axis) for axis in AXES if axis in kept])
    stack = array.shape[: sum(axis in kept for axis in STACK_AXES)]
    return [array[at] for at in np.ndindex(stack)]


def _pick(part: range) -> int | slice:
    return part.start if len(part) == 1 else slice(part.start, part.stop)
