"""FITS by astropy: headers, tables and compressed tiles; plain pixels are read where they lie."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import IO, Any

import numpy as np

from smalti.core.columns import Column
from smalti.core.errors import MissingExtraError
from smalti.core.image import Image, ImageRef
from smalti.core.plugin import loader
from smalti.loaders._about import About
from smalti.loaders._axes import Part, parts
from smalti.loaders._content import HEAD, BrokenFileError, starts_with
from smalti.loaders._fits_header import about_fits, fits_axes
from smalti.loaders._fits_pixels import Scale, missing_pixels, readable_block, region, scale_of
from smalti.loaders._quiet import mute
from smalti.loaders._runs import open_plain

__all__ = ["fits"]

_PLACEHOLDERS = {"", "PRIMARY", "COMPRESSED_IMAGE"}
"""Names that astropy and fpack give where the file has none."""

_START, _EXTENSION = b"SIMPLE", b"XTENSION"


@loader(
    "fits",
    extensions=(
        *("fits", "fit", "fts", "fz", "fits.fz"),
        *(f"{name}.{packed}" for name in ("fits", "fit", "fts") for packed in ("gz", "bz2")),
    ),
    magic=(b"SIMPLE  =",),
    columns=(Column("hdu", "Int64", "", "Number of the HDU in its FITS file, from 0.", "same"),),
)
def fits(ref: ImageRef, limit: int) -> Iterator[Image]:
    """Image HDUs of two and more axes as series, tile-compressed ones too; tables are no images.

    BSCALE and BZERO are applied: integers of a plain offset become unsigned integers, others float32 (8 and
    16 bits) or float64. Where BLANK is stated pixels are floats and blank ones NaN. Axes: see `fits_axes`.
    """
    with open_plain(ref.uri) as file:
        found = _open(file)
        others: list[str] = []
        number = 0
        for hdu_number, hdu in enumerate(_hdus(found)):
            other = _no_image(hdu)
            if other:
                others.append(f"HDU {hdu_number} is {other}")
                continue
            axes = fits_axes(hdu.header)
            for part in parts(axes, hdu.shape):
                name = _name(hdu, part, axes)
                series = replace(ref, series=number, series_name=name)
                yield _image(series, file, (found[0].header, hdu, hdu_number), part, limit)
                number += 1
        _refuse_cut_header(file, found[-1])
    if not number:
        raise BrokenFileError(f"the FITS file holds no image: {'; '.join(others[:8])}")


def _open(file: IO[bytes]) -> Any:
    """HDUs, each read when it is asked for, with pixels as they are stored."""
    head = file.read(HEAD)
    if not head.startswith(_START):
        raise BrokenFileError(f"a FITS file begins with {_START.decode()}; {starts_with(head)}")
    file.seek(0)
    try:
        from astropy.io import fits as library
    except ImportError as error:
        raise MissingExtraError("astropy", "astro") from error
    mute("astropy")
    return library.open(
        file, mode="readonly", memmap=False, lazy_load_hdus=True, do_not_scale_image_data=True
    )


def _hdus(found: Any) -> Iterator[Any]:
    """HDU after HDU; where a header cannot be read astropy's list ends."""
    number = 0
    while True:
        try:
            hdu = found[number]
        except IndexError:
            return
        yield hdu
        number += 1


def _no_image(hdu: Any) -> str | None:
    """What an HDU is that is no image; None for an image."""
    from astropy.io.fits import CompImageHDU, GroupsHDU, ImageHDU, PrimaryHDU

    if isinstance(hdu, GroupsHDU):
        return "random groups (visibilities)"
    if not isinstance(hdu, CompImageHDU | ImageHDU | PrimaryHDU):
        return "a table" if hasattr(hdu, "columns") else f"a {type(hdu).__name__}"
    shape = tuple(hdu.shape)
    if not shape or not all(shape):
        return f"without pixels, {_times(shape)}" if shape else "without pixels"
    return f"a row of {shape[0]:,} numbers, such as a spectrum" if len(shape) == 1 else None


def _times(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))


def _name(hdu: Any, part: Part, axes: str) -> str | None:
    """EXTNAME, with EXTVER after a comma when it is not 1, and the place along an axis without a letter."""
    stated = "" if hdu.name.upper() in _PLACEHOLDERS else hdu.name
    version = f",{hdu.ver}" if stated and hdu.ver != 1 else ""
    places = (f"NAXIS{len(axes) - i}={at}" for i, at in part.fixed.items())
    return " ".join(filter(None, (stated + version, *places))) or None


def _image(ref: ImageRef, file: IO[bytes], found: tuple[Any, Any, int], part: Part, limit: int) -> Image:
    primary, hdu, hdu_number = found
    scale = scale_of(hdu.header)
    about = _about(hdu, primary, _all_axes(part, len(hdu.shape)))
    return Image(
        ref=ref,
        axes=part.axes,
        guessed=part.guessed,
        shape=part.left(hdu.shape),
        dtype=scale.dtype,
        pixels=partial(_read, file, hdu, scale, part, limit),
        pixel_size_um=about.pixel_size_um,
        time_interval_s=about.time_interval_s,
        acquired_at=about.acquired_at,
        block_shape=part.left(readable_block(file, hdu, scale, limit)),
        partial=missing_pixels(file, hdu),
        metadata={"format": "FITS", "hdu": hdu_number, **about.metadata, **_compression(hdu)},
    )


def _about(hdu: Any, primary: Any, axes: str) -> About:
    """Facts of the header; a broken one costs its facts, not the pixels."""
    try:
        return about_fits(hdu.header, primary, axes)
    except Exception as error:  # malformed cards raise anything when they are looked at
        return About(metadata={"metadata_error": f"{type(error).__name__}: {error}"})


def _all_axes(part: Part, n: int) -> str:
    """The letters of an image with ``-`` for each axis that was picked from."""
    letters = iter(part.axes)
    return "".join("-" if i in part.fixed else next(letters) for i in range(n))


def _compression(hdu: Any) -> dict[str, object]:
    kind = getattr(hdu, "compression_type", None)
    return {"compression": str(kind)} if kind else {}


def _read(
    file: IO[bytes],
    hdu: Any,
    scale: Scale,
    part: Part,
    limit: int,
    index: tuple[int | slice, ...],
    level: int,
) -> np.ndarray:
    return region(file, hdu, scale, part.whole(index), limit)


def _refuse_cut_header(file: IO[bytes], last: Any) -> None:
    """Raise `BrokenFileError` when one more HDU begins after the last that could be read."""
    place = last.fileinfo()
    file.seek(place["datLoc"] + place["datSpan"])
    if file.read(len(_EXTENSION)) == _EXTENSION:
        raise BrokenFileError(
            "one more HDU begins after those that could be read; its header is cut or broken"
        )
