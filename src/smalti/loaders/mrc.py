"""MRC, CCP4 maps and IMOD stacks: the header by mrcfile's tables, pixels read where they lie.

Sources: MRC2014 (Cheng et al., J. Struct. Biol. 192, 2015), and IMOD's notes on its own flags.
"""

import struct
from collections.abc import Iterator
from functools import partial
from math import prod
from typing import IO, Any

import numpy as np

from smalti.core.errors import MissingExtraError
from smalti.core.image import Image, ImageRef
from smalti.core.plugin import loader
from smalti.core.units import micrometres
from smalti.loaders._content import HEAD, BrokenFileError, starts_with
from smalti.loaders._runs import low_block, missing_bytes, open_plain, plain_size, read_region_of, run_in
from smalti.loaders._size import refuse_larger

__all__ = ["mrc"]

_HEADER_BYTES = 1024
_NAME_AT, _NAME = 208, b"MAP"
_IMOD_AT, _IMOD = 152, 1146047817
_SIGNED_BYTES = 1


@loader(
    "mrc",
    extensions=(
        *("mrc", "mrcs", "map", "rec", "st", "ali"),
        *(
            f"{name}.{packed}"
            for name in ("mrc", "mrcs", "map", "rec", "st", "ali")
            for packed in ("gz", "bz2")
        ),
    ),
    magic_at=((_NAME_AT, _NAME + b" "),),
)
def mrc(ref: ImageRef, limit: int) -> Iterator[Image]:
    """One image a file: a plane, a volume (Z), a stack of images (T) or a stack of volumes (T, Z).

    Sections are T where the header says that they are images taken by themselves (space group 0 and one
    section a unit cell: frames of a movie, tilts), and Z otherwise. A header that breaks the rules is
    believed where the size of the file bears it out.
    """
    with open_plain(ref.uri) as file:
        header, dtype, shape = _header(file)
        start = _HEADER_BYTES + int(header.nsymbt)
        cut = missing_bytes(file, start, prod(shape) * dtype.itemsize)
        refuse_larger(shape[-1] * dtype.itemsize, limit, "one row")
        axes = _axes(header, shape)
        yield Image(
            ref=ref,
            axes=axes,
            shape=shape,
            dtype=dtype.newbyteorder("="),
            pixels=partial(read_region_of, run_in(file, start, dtype), shape, dtype, limit),
            pixel_size_um=_pixel_size(header, axes),
            block_shape=low_block(axes, shape, dtype.itemsize),
            partial=cut,
            metadata=_metadata(header),
        )


def _header(file: IO[bytes]) -> tuple[Any, np.dtype, tuple[int, ...]]:
    """The header in the byte order that makes sense of it, type and shape of the pixels."""
    try:
        from mrcfile.utils import data_dtype_from_header, data_shape_from_header
    except ImportError as error:
        raise MissingExtraError("mrcfile", "volumes") from error
    head = file.read(_HEADER_BYTES)
    if len(head) < _HEADER_BYTES:
        raise BrokenFileError(f"an MRC header takes 1,024 bytes, the file holds {len(head):,}")
    header = _in_order(head)
    dtype = data_dtype_from_header(header)
    if dtype.kind == "i" and dtype.itemsize == 1 and _bytes_are_unsigned(head):
        dtype = np.dtype(np.uint8)
    shape = tuple(int(n) for n in data_shape_from_header(header))
    whole = _HEADER_BYTES + int(header.nsymbt) + prod(shape) * dtype.itemsize
    if not head.startswith(_NAME, _NAME_AT) and plain_size(file) != whole:
        raise BrokenFileError(_no_mrc(head))
    return header, dtype, shape


def _in_order(head: bytes) -> Any:
    """The header in the byte order of its machine stamp, or in the other one where that alone makes sense."""
    from mrcfile.dtypes import HEADER_DTYPE

    stamped = ">" if head[212:213] == b"\x11" else "<"
    found = [
        np.frombuffer(head, HEADER_DTYPE.newbyteorder(order)).reshape(()).view(np.recarray)
        for order in sorted("<>", key=lambda order: order != stamped)
    ]
    header = next((one for one in found if _nonsense(one) is None), None)
    if header is None:
        named = head.startswith(_NAME, _NAME_AT)
        raise BrokenFileError(f"the MRC header declares {_nonsense(found[0])}" if named else _no_mrc(head))
    return header


def _no_mrc(head: bytes) -> str:
    return f"an MRC file has {_NAME.decode()!r} at byte {_NAME_AT}; {starts_with(head[:HEAD])}"


def _nonsense(header: Any) -> str | None:
    """What in a header cannot be; None when all can."""
    from mrcfile.utils import dtype_from_mode, spacegroup_is_volume_stack

    lengths = [int(header[name]) for name in ("nx", "ny", "nz")]
    if min(lengths) < 1:
        return "×".join(map(str, lengths)) + " pixels"
    try:
        dtype_from_mode(header.mode)
    except ValueError:
        return f"mode {int(header.mode)}; 0, 1, 2, 4, 6 and 12 are read"
    if spacegroup_is_volume_stack(header.ispg) and not 1 <= int(header.mz) <= lengths[2]:
        return f"volumes of {int(header.mz)} sections in a stack of {lengths[2]}"
    if int(header.nsymbt) < 0:
        return f"an extended header of {int(header.nsymbt)} bytes"
    return None


def _bytes_are_unsigned(head: bytes) -> bool:
    """Whether IMOD wrote the file and did not set its flag for signed bytes, as it has since 2011."""
    for order in "<>":
        stamp, flags = struct.unpack_from(f"{order}2i", head, _IMOD_AT)
        if stamp == _IMOD:
            return not flags & _SIGNED_BYTES
    return False


def _axes(header: Any, shape: tuple[int, ...]) -> str:
    if len(shape) != 3:
        return "YX" if len(shape) == 2 else "TZYX"
    return "TYX" if int(header.ispg) == 0 and int(header.mz) == 1 else "ZYX"


def _pixel_size(header: Any, axes: str) -> dict[str, float]:
    """Cell length by number of samples, in ångström, along the axes that columns, rows and sections run."""
    runs = [int(header[name]) for name in ("mapc", "mapr", "maps")]
    cell = [float(header.cella[name]) for name in "xyz"]
    samples = [int(header[name]) for name in ("mx", "my", "mz")]
    found = {}
    for axis, run in zip("XYZ", runs if sorted(runs) == [1, 2, 3] else (1, 2, 3), strict=True):
        size = micrometres(cell[run - 1] / samples[run - 1], "Å") if samples[run - 1] > 0 else None
        if size and axis in axes:
            found[axis] = size
    return found


def _metadata(header: Any) -> dict[str, object]:
    labels = [bytes(label).decode("ascii", "replace").strip("\0 ") for label in header.label]
    stated = {
        "format": "MRC",
        "labels": "; ".join(" ".join(label.split()) for label in labels if label),
        "space_group": int(header.ispg),
        "extended_header": bytes(header.exttyp).decode("ascii", "replace").strip("\0 "),
    }
    return {key: value for key, value in stated.items() if value != ""}
