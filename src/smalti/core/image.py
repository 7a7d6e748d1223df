"""The two records everything below the QC table speaks: where an image is, and what it is."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Self

import numpy as np
import xxhash

from smalti.core.axes import Pick, PlaneIndex, check_axes, n_planes, plane_indices, selection, sizes

__all__ = ["SLAB_BYTES", "Image", "ImageRef", "Pixels", "Stack", "image_id"]

SLAB_BYTES = 128 << 20
"""What a loader may keep of planes that were decoded together, because a block holds a part of each."""

Pixels = Callable[[tuple[int | slice, ...], int], np.ndarray]
"""``pixels(index, level)``: `index` has one int (drops the axis) or full slice per axis of the image."""


def image_id(path: str, series: int) -> str:
    """16 hex digits of xxh3-64 over path and series: the same data on another mount has the same ids.

    Parameters
    ----------
    path
        POSIX path relative to BASE.
    series
        Index of the image inside its file.
    """
    return xxhash.xxh3_64_hexdigest(f"{path}\0{series}".encode("utf-8", "surrogateescape"))


class Stack(NamedTuple):
    """Files that are planes of one image; a tuple, because JSON writes it as a list without being told.

    Parameters
    ----------
    members
        Absolute path (or URL) of each file in t, c, z order, z fastest; ``""`` where one is missing.
    lengths
        Number of time points, channels and z positions; 0 for an axis that is not stacked.
    channel_names
        One a channel, where the files' names state them; else empty.
    """

    members: tuple[str, ...]
    lengths: tuple[int, int, int]
    channel_names: tuple[str, ...] = ()

    @classmethod
    def of_lists(cls, values: Sequence[Sequence[Any]]) -> Self:
        """The stack that JSON made lists of."""
        members, lengths, names = map(tuple, values)
        return cls(members, lengths, names)


@dataclass(frozen=True, slots=True)
class ImageRef:
    """Where one image is; made by a source before anything is opened.

    A source gives one reference per file or store with ``series=0``; a loader that finds more series
    in it gives each image a copy with its own `series` and `series_name`.

    Parameters
    ----------
    uri
        Absolute path (or URL) of the file or store; a store's URL ends in a slash. Of a stack, its first
        file's.
    path
        POSIX path relative to BASE, as shown to people.
    size_bytes
        Size of the file, or the sum over a store's chunks.
    mtime
        Last change, seconds since 1970 (UTC); of a store, its newest member's.
    condition
        The condition (group of paths) it was found under.
    series, series_name
        Index and name inside a container.
    loader
        The reader to use, or that was used; None to choose by content.
    stack
        The files whose planes make it up; None when it is all in one file or store.
    """

    uri: str
    path: str
    size_bytes: int = 0
    mtime: float = 0.0
    condition: str = ""
    series: int = 0
    series_name: str | None = None
    loader: str | None = None
    stack: Stack | None = None

    @property
    def image_id(self) -> str:
        """See `image_id`."""
        return image_id(self.path, self.series)


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """What one image is; pixels are read only when `read` is called.

    Unknown is None or absent, never an invented 1.0.

    Parameters
    ----------
    ref
        Where it came from, with series and loader filled in.
    axes
        Letters out of ``TCZYXS`` in stored order; ``""`` for an image known by metadata only.
    shape
        Length of each axis, as `axes`.
    dtype
        Stored type of the pixels.
    pixels
        Reads a region; None for an image known by metadata only. Valid while its loader is open.
    samples
        One letter per colour sample when there is an `S` axis: ``"RGB"``, ``"RGBA"``, ``"LA"``,
        ``"CMYK"``, or ``"?"`` repeated. ``A`` is alpha and is left out of the metrics.
    guessed
        Letters of `axes` that the file does not name, and that no custom gives; empty for none.
    channel_names
        One per channel, or None when not stated.
    pixel_size_um
        Physical size of one pixel in µm, keyed ``"X"``, ``"Y"``, ``"Z"``; only what is stated.
    time_interval_s, acquired_at
        Seconds between frames; when the first was taken.
    levels
        Shape of each resolution level, full size first; empty means one level.
    block_shape
        The block that reads cheaply (strip, tile, chunk), as `axes`; None when a plane is one block.
    partial
        What is missing when the file holds less than it declares; None when whole.
    metadata
        Everything else, flat. Well-known keys become columns of their own: ``objective_magnification``,
        ``objective_na``, ``exposure_s``, ``instrument``, ``software``, ``significant_bits``,
        ``compression``, and the names of the columns a loader declares.
    details
        All that the file says of itself and of each plane, nested, of plain values, made when asked for; None
        where that is no more than the other fields. Valid while its loader is open.
        Well-known keys: ``uuid``, ``acquired_at`` (as it is written), ``scale`` and a plane's ``position``
        (by axis, ``value`` and ``unit``), ``origin`` (of the first pixel, by axis, in the unit of
        `pixel_size_um` and `time_interval_s` where that is known), ``channels`` (as OME-XML or OME-Zarr has
        them), ``planes`` (``t``, ``c``, ``z``, ``position``, ``delta_t``, ``uuid``, ``file``),
        ``annotations``.
    """

    ref: ImageRef
    axes: str
    shape: tuple[int, ...]
    dtype: np.dtype | None
    pixels: Pixels | None = field(default=None, repr=False)
    samples: str = ""
    guessed: str = ""
    channel_names: tuple[str, ...] | None = None
    pixel_size_um: Mapping[str, float] = field(default_factory=dict)
    time_interval_s: float | None = None
    acquired_at: datetime | None = None
    levels: tuple[tuple[int, ...], ...] = ()
    block_shape: tuple[int, ...] | None = None
    partial: str | None = None
    metadata: Mapping[str, object] = field(default_factory=dict)
    details: Callable[[], Mapping[str, Any]] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        check_axes(self.axes, self.shape)

    @property
    def sizes(self) -> dict[str, int]:
        """Length of each of the six axes, 1 where absent."""
        return sizes(self.axes, self.shape)

    @property
    def n_planes(self) -> int:
        """Number of 2-D planes."""
        return n_planes(self.axes, self.shape)

    @property
    def plane_bytes(self) -> int:
        """Bytes of one decoded plane, all samples."""
        length = self.sizes
        return 0 if self.dtype is None else length["Y"] * length["X"] * length["S"] * self.dtype.itemsize

    def planes(self) -> Iterator[PlaneIndex]:
        """All planes in t, c, z order, z fastest."""
        return plane_indices(self.axes, self.shape)

    def read(
        self,
        t: Pick = None,
        c: Pick = None,
        z: Pick = None,
        y: Pick = None,
        x: Pick = None,
        level: int = 0,
    ) -> np.ndarray:
        """Read pixels as stored; an int drops its axis, a slice keeps it, None takes all.

        Returns
        -------
        numpy.ndarray
            Axes in the order of `axes` less those picked by an int; stored dtype; colour samples last
            among the stored ones, alpha included.

        Raises
        ------
        IndexError
            A pick outside its axis.
        ValueError
            The image is known by metadata only, or has no such level.
        """
        if self.pixels is None:
            raise ValueError(f"{self.ref.path} is known by its metadata only; it has no pixels to read")
        shapes = self.levels or (self.shape,)
        if not 0 <= level < len(shapes):
            raise ValueError(f"level {level} asked of an image with {len(shapes)} level(s)")
        picks = {"T": t, "C": c, "Z": z, "Y": y, "X": x}
        return self.pixels(selection(self.axes, shapes[level], picks), level)
