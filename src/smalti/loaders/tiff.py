"""TIFF and what is built on it: OME-TIFF, BigTIFF, ImageJ, LSM, STK, and scanner formats, by tifffile."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import zip_longest
from math import prod
from typing import Any

import numpy as np

from smalti.core.axes import sizes
from smalti.core.image import Image, ImageRef
from smalti.core.plugin import loader
from smalti.loaders._about import About
from smalti.loaders._axes import Part, parts
from smalti.loaders._content import BrokenFileError
from smalti.loaders._quiet import Quiet
from smalti.loaders._tiff_chain import make_finite
from smalti.loaders._tiff_metadata import describe, distrust_ome, ome_of
from smalti.loaders._tiff_pixels import block_shape, missing, read_series, refuse_coarse

__all__ = ["tiff"]

_DIALECTS = (
    *("shaped", "lsm", "mmstack", "ome", "imagej", "ndtiff", "fluoview", "stk", "sis", "svs", "scn", "qpi"),
    *("ndpi", "bif", "avs", "eer", "philips", "scanimage", "nih", "mdgel"),
)
"""Kinds of TIFF that tifffile groups in their own way."""


@loader(
    "tiff",
    extensions=(
        "tif",
        "tiff",
        "ome.tif",
        "ome.tiff",
        "btf",
        "tf2",
        "tf8",
        "lsm",
        "stk",
        "svs",
        "qptiff",
        "scn",
    ),
    magic=(b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
)
def tiff(ref: ImageRef, limit: int) -> Iterator[Image]:
    """Series as tifffile groups them; planes, strips and tiles are read as they are asked for.

    Stored values as they are: palette indices, MINISWHITE not inverted, orientation not applied. Other
    files of a multi-file OME set are not opened.
    """
    from tifffile import TiffFile

    with TiffFile(ref.uri, _multifile=False) as file:
        with Quiet() as said:
            circle = make_finite(file)
            distrust_ome(file)
            found = [series for series in _series(file) if series.shape and prod(series.shape)]
        if not found:
            raise BrokenFileError(_nothing(file, said))
        broken = f"the chain of pages is broken: {circle}" if circle else _broken_chain(said)
        number = 0
        for series, ome in zip_longest(found, ome_of(file, found)):
            _require_numbers(series)
            refuse_coarse(series, limit)
            about = describe(file, series, ome)
            for part in parts(_stored_axes(series, about), series.shape):
                image = _image(replace(ref, series=number), series, part, about, limit)
                yield replace(image, partial=broken) if broken and not image.partial else image
                number += 1


def _series(file: Any) -> list[Any]:
    """Series as tifffile groups them; pages alike where a maker's private tags lead it astray."""
    try:
        return list(file.series)
    except Exception:  # whatever broken tags lead to; the pages themselves may be sound
        for dialect in _DIALECTS:
            setattr(file, f"is_{dialect}", False)
        return list(file.series)


def _stored_axes(series: Any, about: About) -> str:
    """The series' axes; an axis of pages is the one axis that OME-XML gives this length.

    tifffile calls it I where it cannot follow the OME-XML: of a set of files, or where the map of pages
    is broken.
    """
    axes = str(series.axes)
    if "I" not in axes:
        return axes
    length = series.shape[axes.index("I")]
    fitting = [axis for axis, n in about.lengths.items() if n == length and axis not in axes]
    return axes.replace("I", fitting[0]) if len(fitting) == 1 else axes


def _require_numbers(series: Any) -> None:
    if not all(isinstance(n, int) and n > 0 for n in series.shape):
        raise BrokenFileError(f"a shape of {series.shape} is declared; whole positive numbers are expected")
    page = series.keyframe
    if page.dtype is None or page._dtype is None:
        raise BrokenFileError(
            f"samples of {page.bitspersample} bits and format {page.sampleformat} are no type of numbers"
        )


def _image(ref: ImageRef, series: Any, part: Part, about: About, limit: int) -> Image:
    """The image of one series, or of one position in it."""
    name = " ".join(f"{series.axes[i]}{at}" for i, at in part.fixed.items())
    shape = part.left(series.shape)
    return Image(
        ref=replace(ref, series_name=" ".join(filter(None, (series.name, name))) or None),
        axes=part.axes,
        guessed=part.guessed,
        shape=shape,
        dtype=series.dtype.newbyteorder("="),
        pixels=partial(_read, series, part, limit),
        samples=about.samples if "S" in part.axes else "",
        channel_names=_names(about, part.axes, shape),
        pixel_size_um=about.pixel_size_um,
        time_interval_s=about.time_interval_s,
        acquired_at=about.acquired_at,
        levels=tuple(part.left(level.shape) for level in series.levels) if series.is_pyramidal else (),
        block_shape=part.left(block_shape(series)),
        partial=missing(series),
        metadata=about.metadata,
        details=about.details,
    )


def _read(series: Any, part: Part, limit: int, index: tuple[int | slice, ...], level: int) -> np.ndarray:
    return read_series(series.levels[level], part.whole(index), limit)


def _names(about: About, axes: str, shape: tuple[int, ...]) -> tuple[str, ...] | None:
    """Names of channels where there is one for each."""
    names = about.channel_names
    return names if names and len(names) == sizes(axes, shape)["C"] else None


def _broken_chain(said: list[str]) -> str | None:
    """Why there may have been more pages than were found, in tifffile's words."""
    signs = ("invalid page offset", "is missing")
    line = next((line for line in said if any(sign in line for sign in signs)), None)
    return f"the chain of pages is broken: {_plain(line)}" if line else None


def _plain(line: str) -> str:
    """A message without the name of the object that said it."""
    return re.sub(r"^<[^>]*>\s*", "", line)


def _nothing(file: Any, said: list[str]) -> str:
    """Why a TIFF header leads to no image."""
    size = f"{file.filehandle.size:,} bytes"
    if file.pages:
        page = file.pages.first
        found = f"its first page declares {page.imagewidth}×{page.imagelength} pixels"
    elif said:
        found = "; ".join(map(_plain, said[:3]))
    else:
        found = "its first page lies beyond its end; the file is cut"
    return f"no image inside the TIFF ({size}): {found}"
