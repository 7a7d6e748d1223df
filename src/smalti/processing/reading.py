"""How the planes of an image are read: each whole, or several side by side in bands of rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import prod

import numpy as np

from smalti.core.axes import STACK_AXES, even_part, sizes
from smalti.core.errors import TooLargeError
from smalti.core.image import SLAB_BYTES, Image
from smalti.kernels.layout import Layout

__all__ = ["WHOLE_BYTES", "Box", "Reading", "bands", "boxes", "choose_reading"]

WHOLE_BYTES = 128 << 20
"""Planes above are read by rows where that costs no more: some metrics want the plane, 500 MB hold two."""

BAND_BYTES = 64 << 20
"""Rows read at once, at most: a row of 1024² chunks of a plane 32,768 wide."""

FEW_BYTES = 16 << 20
"""Rows read at once where blocks are lower: more gain nothing, fewer cost more calls of the loader."""

SUMS_BYTES = 128 << 20
"""Sums of planes measured side by side, 2 to 9 MB each."""

DEAR = 4
"""Decoding a block so often costs about twice what measuring it does (zstd: 5 ns a pixel each time)."""

Box = tuple[range, range, range]
"""Times, channels and z positions."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read.

    Parameters
    ----------
    together
        Number of planes along T, C and Z that are measured side by side.
    rows
        How many rows of each are read at once.
    n_bytes
        Memory that takes.
    decodings
        How often each block of the file is decoded.
    whole
        Whether planes are read one by one and whole.
    """

    together: tuple[int, int, int]
    rows: int
    n_bytes: int
    decodings: int
    whole: bool = False


@dataclass(frozen=True, slots=True)
class _Stored:
    """How planes lie in the file: bytes of one plane and of one row of it, and the block they lie in."""

    plane: int
    row: int
    height: int
    together: tuple[int, int, int]
    rows: int
    block: int

    @classmethod
    def of(cls, image: Image) -> "_Stored":
        length = image.sizes
        shape = image.block_shape or tuple(
            n if a in "YXS" else 1 for a, n in zip(image.axes, image.shape, strict=True)
        )
        block = {axis: min(n, length[axis]) for axis, n in sizes(image.axes, shape).items()}
        together = block["T"], block["C"], block["Z"]
        row = image.plane_bytes // max(1, length["Y"])
        item = 0 if image.dtype is None else image.dtype.itemsize
        return cls(image.plane_bytes, row, length["Y"], together, block["Y"], prod(block.values()) * item)


def choose_reading(image: Image, wants: frozenset[str], limit: int) -> Reading:
    """The first way that decodes no block too often: whole planes, then bands in little memory, then in more.

    Parameters
    ----------
    image
        With pixels.
    wants
        Names of accumulators.
    limit
        Bytes that one plane, band or block may take.

    Raises
    ------
    TooLargeError
        A plane is above the limit, and so is the least that can be read of it.
    """
    stored = _Stored.of(image)
    if stored.plane <= min(limit, WHOLE_BYTES) and prod(stored.together) == 1:
        return _whole(stored, limit)
    ways = []
    for way in _ways(image, stored, wants, limit):
        if way.decodings <= DEAR:
            return way
        ways.append(way)
    if not ways:
        alone = stored.rows >= stored.height and prod(stored.together) == 1
        what = "one plane, which can only be read whole," if alone else "one block of a plane"
        raise TooLargeError(stored.plane if alone else stored.block, limit, what)
    return min(ways, key=lambda way: way.decodings)


def _ways(image: Image, stored: _Stored, wants: frozenset[str], limit: int) -> Iterator[Reading]:
    if stored.plane <= min(limit, WHOLE_BYTES):
        yield _whole(stored, limit)
    in_parts = prod(stored.together) > 1 or stored.block < stored.plane
    if in_parts and max(stored.block, stored.row) <= limit:
        sums, passes = _sums(image, wants)
        yield _by_rows(stored, min(limit, BAND_BYTES), sums, passes)
        yield _by_rows(stored, limit, sums, passes)
    if stored.plane <= limit:
        yield _whole(stored, limit)


def _whole(stored: _Stored, limit: int) -> Reading:
    """Planes one by one; a loader keeps of those decoded together as many as `SLAB_BYTES` hold."""
    planes = prod(stored.together)
    kept = min(planes, max(1, min(limit, SLAB_BYTES) // max(1, stored.plane)))
    n_bytes = 2 * stored.plane + (kept * stored.plane if kept > 1 else 0)
    return Reading((1, 1, 1), stored.height, n_bytes, -(-planes // kept), whole=True)


def _by_rows(stored: _Stored, limit: int, sums: int, passes: int) -> Reading:
    """As many planes side by side, and rows of them, as make for the fewest decodings of a block."""
    planes = prod(stored.together)
    most = max(1, min(SUMS_BYTES // sums, limit // stored.row))
    found = []
    for parts in range(-(-planes // most), planes + 1):
        together = _parted(stored.together, -(-planes // parts))
        row = prod(together) * stored.row
        rows = _rows(stored, min(limit, FEW_BYTES) // row, limit // row)
        again = prod(-(-n // m) for n, m in zip(stored.together, together, strict=True))
        n_bytes = prod(together) * (2 * rows * stored.row + sums) + stored.block
        found.append(Reading(together, rows, n_bytes, passes * again * -(-stored.rows // rows)))
    return min(found, key=lambda way: way.decodings)


def _parted(lengths: tuple[int, int, int], most: int) -> tuple[int, int, int]:
    """Parts of T, C and Z with at most `most` planes together, z first."""
    z = even_part(lengths[2], most)
    c = even_part(lengths[1], most // z)
    return even_part(lengths[0], most // (z * c)), c, z


def _rows(stored: _Stored, few: int, most: int) -> int:
    """Some rows of blocks, or an even part of one."""
    if most < stored.rows:
        return even_part(stored.rows, most)
    return max(1, few // stored.rows) * stored.rows


def _sums(image: Image, wants: frozenset[str]) -> tuple[int, int]:
    """Bytes of the sums of one plane, and how often its rows are read."""
    from smalti.kernels.streamed import passes, sums_bytes  # brings numba, which the driver does without

    layout = layout_of(image)
    return sums_bytes(layout, wants), passes(layout)


def layout_of(image: Image) -> Layout:
    """What the kernels are told of each plane of an image."""
    assert image.dtype is not None
    length = image.sizes
    shape = tuple(length[axis] for axis in "YXS" if axis in image.axes)
    return Layout.of(shape, np.dtype(image.dtype), image.samples)


def boxes(image: Image, reading: Reading) -> Iterator[Box]:
    """Planes that are measured side by side; none reaches over the border of a block."""
    stored, length = _Stored.of(image), image.sizes
    parts = zip(STACK_AXES, stored.together, reading.together, strict=True)
    yield from product(*(list(_spans(length[axis], block, part)) for axis, block, part in parts))


def bands(image: Image, reading: Reading) -> Iterator[range]:
    """Rows that are read at once, top to bottom."""
    return _spans(image.sizes["Y"], _Stored.of(image).rows, reading.rows)


def _spans(length: int, block: int, part: int) -> Iterator[range]:
    """0 to `length` in steps of `part`: several blocks, or a part of one that begins anew with the next."""
    for low in range(0, length, max(block, part)):
        high = min(length, low + max(block, part))
        for start in range(low, high, part):
            yield range(start, min(start + part, high))
