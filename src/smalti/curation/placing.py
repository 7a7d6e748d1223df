"""Where a patch lies in its volume, what is around it, and how that is called."""

from dataclasses import dataclass

import numpy as np

from smalti.core.errors import SmaltiError
from smalti.core.image import Image
from smalti.curation.named_volumes import Found
from smalti.curation.names import Cube, Flipbook, Span
from smalti.curation.planes import ORDERS, Picked, picked
from smalti.curation.spacing import Spacing, spacing_of
from smalti.curation.stacks import read_box, stack_axis
from smalti.curation.surroundings import AtEdge, Box, slices_around
from smalti.curation.wanted import Wanted
from smalti.writers.volume import Volume

__all__ = ["Around", "Opened", "around_of", "flipbook_of", "opened_of", "read_around", "volume_of"]


@dataclass(frozen=True, slots=True)
class Opened:
    """The volume of a patch, open.

    Parameters
    ----------
    path
        Relative to what was given.
    one, spacing
        Its pixels, and how far they are apart.
    within
        What of it counts, along z, y and x: the cube that the patch is of, or all.
    """

    path: str
    one: Picked
    spacing: Spacing
    within: Box


@dataclass(frozen=True, slots=True)
class Around:
    """What lies around a patch.

    Parameters
    ----------
    indices
        Slices of the volume, in order; of mirrored ones some come twice.
    box
        What is read, along z, y and x of the volume.
    """

    indices: np.ndarray
    box: Box


def opened_of(found: Found, image: Image, wanted: Wanted) -> Opened:
    """The volume of a patch.

    Raises
    ------
    SmaltiError
        It has no such slices, or not the cube that the patch is of.
    """
    path = found.source.ref.path
    one = picked(image, stack_axis(image), "luma" if wanted.channel is None else str(wanted.channel))
    if one.stack == "T" and wanted.axis:
        raise SmaltiError(f"{path} is a film; it has slices along axis 0 only")
    n, height, width = one.shape
    within: Box = (0, n), (0, height), (0, width)
    if found.cube is not None:
        within = found.cube.z, found.cube.y, found.cube.x
        if any(stop > length for (_, stop), length in zip(within, one.shape, strict=True)):
            raise SmaltiError(
                f"its cube {found.cube.format()} reaches beyond {path} of {n} × {height} × {width}"
            )
    return Opened(path, one, spacing_of(image), within)


def around_of(one: Wanted, opened: Opened, n: int, edge: AtEdge) -> Around:
    """`n` slices around a patch.

    Raises
    ------
    SmaltiError
        The patch reaches beyond the volume.
    SkipError
        There are not enough slices.
    """
    order = ORDERS[one.axis]
    own = {"slice": (one.slice, one.slice + 1), "rows": one.rows, "columns": one.columns}
    spans = []
    for (what, span), axis in zip(own.items(), order, strict=True):
        first, last = opened.within[axis]
        start, stop = (0, last - first) if span is None else span
        if stop > last - first:
            raise SmaltiError(f"its {what} {start}-{stop} reach beyond the {last - first} of its volume")
        spans.append((first + start, first + stop))
    indices = slices_around(spans[0][0], n, opened.within[order[0]], edge)
    turned = (int(indices.min()), int(indices.max()) + 1), spans[1], spans[2]
    z, y, x = (turned[order.index(axis)] for axis in range(3))
    return Around(indices, (z, y, x))


def flipbook_of(one: Wanted, opened: Opened, around: Around) -> Volume:
    """What is known of slices as the patch shows them: spacing follows its axes."""
    order = ORDERS[one.axis]
    inner = _inner(opened, around)
    along, rows, columns = (inner[axis] for axis in order)
    shape = len(around.indices), rows[1] - rows[0], columns[1] - columns[0]
    known = opened.spacing.steps
    steps = {own: known["zyx"[axis]] for own, axis in zip("zyx", order, strict=True) if "zyx"[axis] in known}
    name = Flipbook(one.dataset, one.axis, along, rows, columns).format()
    facts = _facts(one, opened, "flipbook")
    return Volume("zyx", shape, _dtype(opened), steps, {}, opened.spacing.unit, name, facts)


def volume_of(one: Wanted, opened: Opened, around: Around) -> Volume:
    """What is known of a sub-volume in the order of its volume, and where its first voxel is."""
    z, y, x = inner = _inner(opened, around)
    lengths = [stop - start for start, stop in inner]
    lengths[ORDERS[one.axis][0]] = len(around.indices)
    shape = lengths[0], lengths[1], lengths[2]
    steps = opened.spacing.steps
    origin = {axis: span[0] * steps.get(axis, 0.0) for axis, span in zip("zyx", around.box, strict=True)}
    name = Cube(one.dataset, x, y, z).format()
    facts = _facts(one, opened, "sub-volume")
    return Volume("zyx", shape, _dtype(opened), steps, origin, opened.spacing.unit, name, facts)


def read_around(one: Wanted, opened: Opened, around: Around, turned: bool) -> np.ndarray:
    """Voxels as they are stored, of which only those in the box are read.

    Parameters
    ----------
    one, opened, around
        The patch, its volume, and what to read.
    turned
        Whether they are (slices, rows, columns) as the patch shows them, or (z, y, x).
    """
    z, y, x = around.box
    pixels = read_box(opened.one, range(*z), slice(*y), slice(*x), one.time)
    axis = ORDERS[one.axis][0]
    stack: np.ndarray = pixels.take(around.indices - around.indices.min(), axis=axis)
    return stack.transpose(ORDERS[one.axis]) if turned else stack


def _inner(opened: Opened, around: Around) -> list[Span]:
    """The box counted in what of the volume counts."""
    pairs = zip(around.box, opened.within, strict=True)
    return [(start - first, stop - first) for (start, stop), (first, _) in pairs]


def _facts(one: Wanted, opened: Opened, kind: str) -> dict[str, str]:
    return {"kind": kind, "patch": one.name, "source": opened.path}


def _dtype(opened: Opened) -> np.dtype:
    dtype = opened.one.image.dtype
    assert dtype is not None
    return dtype
