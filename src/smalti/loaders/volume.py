"""DICOM, and other volumes that SimpleITK reads and no loader of ours does; in a process of its own."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from smalti.core.errors import MissingExtraError
from smalti.core.image import Image, ImageRef
from smalti.core.plugin import loader
from smalti.loaders._about import About
from smalti.loaders._axes import Part, parts
from smalti.loaders._content import BrokenFileError, head_of, is_dicom
from smalti.loaders._dicom import about_dicom, frame_axis, number, transfer_syntax
from smalti.loaders._dicom_rle import RlePixels
from smalti.loaders._itk_pixels import ItkPixels, gist

__all__ = ["volume"]

_READERS = {
    "GDCMImageIO": ("dcm", "dicom", "ima"),
    "GiplImageIO": ("gipl", "gipl.gz"),
    "VTKImageIO": ("vtk",),
    "MINCImageIO": ("mnc",),
    "BioRadImageIO": ("pic",),
    "StimulateImageIO": ("spr",),
}
"""Readers of ITK by extension. Each is named, never searched for: the search would try those of TIFF, PNG and
JPEG too, which hang on loops of directories and crash on some broken files."""

_STREAMS = ("VTKImageIO",)
"""Those that read a part without the rest: a plane out of 360 MB takes 5 ms, through the one of GIPL 210."""

_COLOURS = ("RGB", "YBR", "PALETTE")


@loader("volume", extensions=[e for names in _READERS.values() for e in names], isolated=True)
def volume(ref: ImageRef, limit: int) -> Iterator[Image]:
    """One image a file; frames of DICOM are T where they are timed, else Z; a lone frame has neither."""
    try:
        import SimpleITK
    except ImportError:
        raise MissingExtraError("SimpleITK", "volumes") from None
    head = head_of(ref.uri)
    name = _reader_of(ref.path, head)
    reader = SimpleITK.ImageFileReader()
    reader.SetImageIO(name)
    reader.SetFileName(ref.uri)
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        raise BrokenFileError(gist(error)) from error
    tags = {key: reader.GetMetaData(key).strip("\0 ") for key in reader.GetMetaDataKeys()}
    if name == "GDCMImageIO":
        yield _dicom(ref, reader, tags, transfer_syntax(head), limit)
    else:
        yield from _others(ref, reader, name, limit)


def _reader_of(path: str, head: bytes) -> str:
    name = path.rsplit("/", 1)[-1].lower()
    by_name = [io for io, ends in _READERS.items() if name.endswith(tuple(f".{end}" for end in ends))]
    return "GDCMImageIO" if is_dicom(head) or not by_name else by_name[0]


def _dicom(ref: ImageRef, reader: Any, tags: Mapping[str, str], syntax: str | None, limit: int) -> Image:
    """Values as stored: what ITK rescales is scaled back, bits that it makes 0 and 255 are 0 and 1."""
    slope, intercept = number(tags.get("0028|1053")) or 1.0, number(tags.get("0028|1052")) or 0.0
    bits = int(number(tags.get("0028|0100")) or 0)
    stored = None
    if bits == 1:
        stored, slope = np.dtype(np.uint8), 255.0
    elif (slope, intercept) != (1.0, 0.0) and bits in (8, 16, 32):
        stored = _stored_type(tags, bits)
    samples = reader.GetNumberOfComponents()
    pixels: ItkPixels | RlePixels
    if syntax == "RLE" and samples > 1 and bits in (16, 32):
        shape = (*reader.GetSize()[::-1], samples)
        pixels = RlePixels(ref.uri, shape, _stored_type(tags, bits), limit)
    else:
        pixels = ItkPixels(reader, limit, False, stored, slope, intercept)
    colour = tags.get("0028|0004", "").startswith(_COLOURS)
    lone = pixels.shape[0] == 1
    axes = ("" if lone else frame_axis(tags)) + "YX" + ("S" if len(pixels.shape) > 3 else "")
    part = Part(axes, {0: 0} if lone else {})
    colours = {3: "RGB", 4: "RGBA"} if colour else {}
    return _image(
        replace(ref, series=0), pixels, part, about_dicom(tags, reader.GetSpacing(), syntax), colours
    )


def _stored_type(tags: Mapping[str, str], bits: int) -> np.dtype:
    return np.dtype(f"{'i' if tags.get('0028|0103') == '1' else 'u'}{bits // 8}")


def _others(ref: ImageRef, reader: Any, name: str, limit: int) -> Iterator[Image]:
    """Formats that state no unit for the distance between pixels: it is handed on as a number."""
    pixels = ItkPixels(reader, limit, name in _STREAMS)
    letters = "?TZYX"[-reader.GetDimension() :] + ("C" if len(pixels.shape) > reader.GetDimension() else "")
    facts = {"format": name.removesuffix("ImageIO"), "spacing": tuple(reader.GetSpacing())}
    for series, part in enumerate(parts(letters, pixels.shape)):
        yield _image(replace(ref, series=series), pixels, part, About(metadata=facts), {})


def _image(
    ref: ImageRef, pixels: ItkPixels | RlePixels, part: Part, about: About, colours: Mapping[int, str]
) -> Image:
    shape = part.left(pixels.shape)
    samples = shape[-1] if part.axes.endswith("S") else 0

    def read(index: tuple[int | slice, ...], level: int) -> np.ndarray:
        return pixels.read(part.whole(index))

    return Image(
        ref=ref,
        axes=part.axes,
        shape=shape,
        dtype=pixels.dtype,
        pixels=read,
        samples=colours.get(samples, "?" * samples),
        pixel_size_um={axis: size for axis, size in about.pixel_size_um.items() if axis in part.axes},
        time_interval_s=about.time_interval_s,
        acquired_at=about.acquired_at,
        metadata=about.metadata,
    )
