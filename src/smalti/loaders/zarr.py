"""OME-Zarr 0.1 to 0.5, plates, and plain Zarr of format 2 and 3, by zarr-python."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from json import JSONDecodeError
from math import prod
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from smalti.core.axes import even_part, sizes
from smalti.core.columns import Column
from smalti.core.errors import UnreadableError
from smalti.core.image import SLAB_BYTES, Image, ImageRef, Pixels
from smalti.core.plugin import loader
from smalti.core.remote import is_url
from smalti.loaders._about import About
from smalti.loaders._axes import Part, parts
from smalti.loaders._content import BrokenFileError
from smalti.loaders._size import refuse_larger, selected_bytes
from smalti.loaders._zarr_axes import origin_of, scale_of, scale_without_unit, stored_axes
from smalti.loaders._zarr_tree import Found, images_in

__all__ = ["zarr"]

_DECODING = 8 << 20
"""Bytes of chunks decoded at a time; zarr-python alone would decode ten of any size."""
_METADATA = {"zarr.json", ".zarray", ".zattrs", ".zgroup", ".zmetadata"}


_PLACE = (
    Column("plate", "String", "", "Name of the multi-well plate.", "same"),
    Column("well", "String", "", "Well of the plate, by row and column.", "same"),
    Column("field", "String", "", "Field of view in the well.", "same"),
)


@loader("zarr", extensions=("zarr", "ome.zarr"), columns=_PLACE, stores=True)
def zarr(ref: ImageRef, limit: int) -> Iterator[Image]:
    """Images of a store as series: fields of a plate (``A/1/0``), arrays of a plain group.

    A plate without a name is called as its store.
    An absent chunk is its fill value, as Zarr says. What the metadata list and the store lacks is
    reported after all that can be read.
    """
    troubles: list[str] = []
    number = 0
    for found in images_in(_root(ref)):
        if found.trouble:
            troubles.append(f"{found.name}: {found.trouble}" if found.name else found.trouble)
            continue
        axes = stored_axes(found.arrays[0], found.multiscale)
        for part in parts(axes, found.arrays[0].shape):
            yield _image(
                replace(ref, series=number, series_name=found.name or None), found, axes, part, limit
            )
            number += 1
    if troubles or not number:
        raise UnreadableError(
            ref.path, "zarr", "; ".join(troubles) or "the store holds no array of 2 or more axes"
        )


def _root(ref: ImageRef) -> Any:
    from zarr import open as open_node
    from zarr.errors import GroupNotFoundError, NodeNotFoundError

    try:
        return open_node(_store(ref.uri), mode="r")
    except JSONDecodeError as error:
        raise BrokenFileError(f"the Zarr metadata are not JSON: {error}") from error
    except (FileNotFoundError, GroupNotFoundError, NodeNotFoundError) as error:
        raise BrokenFileError("the folder holds no Zarr metadata (zarr.json, .zgroup or .zarray)") from error


def _store(uri: str) -> Any:
    """The store, of which only what is asked for is read, wherever it is."""
    if is_url(uri):
        from smalti.loaders._zarr_remote import RemoteStore

        return RemoteStore.at(uri)
    from zarr.storage import LocalStore

    return LocalStore(uri, read_only=True)


def _image(ref: ImageRef, found: Found, axes: str, part: Part, limit: int) -> Image:
    array = found.arrays[0]
    _refuse_bomb(Path(ref.uri, array.path), array, limit)
    shape = part.left(array.shape)
    about = _about(found, axes, array, sizes(part.axes, shape)["C"])
    levels = tuple(part.left(level.shape) for level in found.arrays if len(level.shape) == len(array.shape))
    n_samples = sizes(part.axes, shape)["S"] if "S" in part.axes else 0
    return Image(
        ref=ref,
        axes=part.axes,
        guessed=part.guessed,
        shape=shape,
        dtype=array.dtype.newbyteorder("="),
        pixels=_pixels(found.arrays, part, limit),
        samples={3: "RGB", 4: "RGBA"}.get(n_samples, "?" * n_samples),
        channel_names=about.channel_names,
        pixel_size_um=about.pixel_size_um,
        time_interval_s=about.time_interval_s,
        levels=levels if len(levels) > 1 else (),
        block_shape=part.left(array.chunks),
        metadata=dict(about.metadata) | _place(ref, found),
        details=about.details,
    )


def _place(ref: ImageRef, found: Found) -> dict[str, object]:
    if found.place is None:
        return {}
    plate, well, field = found.place
    store = PurePosixPath(ref.path).name.removesuffix(".zarr").removesuffix(".ome")
    return {"plate": plate or store, "well": well, "field": field}


def _refuse_bomb(folder: Path, array: Any, limit: int) -> None:
    """Refuse chunks larger than `limit`, and arrays larger than that of which no chunk is stored."""
    refuse_larger(prod(array.chunks) * array.dtype.itemsize, limit, "one chunk")
    if array.nbytes > limit and folder.is_dir():
        stored = any(entry.name not in _METADATA for entry in folder.iterdir())
        refuse_larger(0 if stored else array.nbytes, limit, "this array, of which no chunk is stored,")


def _pixels(arrays: tuple[Any, ...], part: Part, limit: int) -> Pixels:
    """Reader that keeps the last slab of planes which share chunks, so that no chunk is decoded twice.

    Where the planes of a chunk are more than `SLAB_BYTES`, it keeps as many as fit.
    """
    kept: tuple[Any, np.ndarray] | None = None

    def pixels(index: tuple[int | slice, ...], level: int) -> np.ndarray:
        nonlocal kept
        array = arrays[level]
        native = array.dtype.newbyteorder("=")
        whole = part.whole(index)
        refuse_larger(selected_bytes(whole, array.dtype), limit, "this region")
        slab = _slab_around(whole, array, min(limit, SLAB_BYTES))
        if slab == whole:
            return _decoded(array, whole).astype(native, copy=False)
        if kept is None or kept[0] != (level, slab):
            kept = None
            kept = ((level, slab), _decoded(array, slab))
        inside = tuple(
            pick - around.start if isinstance(pick, int) else slice(None)
            for pick, around in zip(whole, slab, strict=True)
            if isinstance(around, slice)
        )
        return kept[1][inside].astype(native, copy=True)

    return pixels


def _slab_around(whole: tuple[int | slice, ...], array: Any, most: int) -> tuple[int | slice, ...]:
    """The selection with neighbours out of the same chunks, up to `most` bytes; the last axes go first."""
    slab = list(whole)
    for i in reversed(range(len(slab))):
        pick, chunk = slab[i], array.chunks[i]
        room = most // max(1, selected_bytes(tuple(slab), array.dtype))
        if isinstance(pick, slice) or min(chunk, room) < 2:
            continue
        part = even_part(chunk, room)
        low = pick // chunk * chunk
        start = low + (pick - low) // part * part
        slab[i] = slice(start, min(start + part, low + chunk, array.shape[i]), 1)
    return tuple(slab)


def _decoded(array: Any, index: tuple[int | slice, ...]) -> np.ndarray:
    """A region of an array; few large chunks are in memory at a time."""
    from zarr import config

    at_once = _DECODING // (prod(array.chunks) * array.dtype.itemsize)
    if at_once >= config.get("async.concurrency"):
        return np.asarray(array[index])
    with config.set({"async.concurrency": max(1, at_once)}):
        return np.asarray(array[index])


def _about(found: Found, axes: str, array: Any, n_channels: int) -> About:
    """What the attributes state; malformed ones cost their facts, not the pixels."""
    metadata = _metadata(found, array)
    try:
        pixel_size, interval = scale_of(axes, found.multiscale)
        names = _channels(found, n_channels)
        details = _details(found, axes)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return About(metadata=metadata | {"metadata_error": f"{type(error).__name__}: {error}"})
    return About(
        channel_names=names,
        pixel_size_um=pixel_size,
        time_interval_s=interval,
        metadata=metadata,
        details=(lambda: details) if details else None,
    )


def _details(found: Found, axes: str) -> dict[str, Any]:
    """What no other field of an image holds; see `smalti.core.image.Image.details`."""
    scale = scale_without_unit(axes, found.multiscale)
    told = {
        "channels": [dict(channel) for channel in _stated_channels(found)],
        "scale": {axis: {"value": step, "unit": None} for axis, step in scale.items()},
        "origin": origin_of(axes, found.multiscale),
    }
    return {key: value for key, value in told.items() if value}


def _stated_channels(found: Found) -> Sequence[Mapping[str, Any]]:
    channels: Sequence[Mapping[str, Any]] = (found.attributes.get("omero") or {}).get("channels", ())
    return channels


def _channels(found: Found, n: int) -> tuple[str, ...] | None:
    labels = [str(channel.get("label", "")) for channel in _stated_channels(found)]
    return tuple(labels) if any(labels) and len(labels) == n else None


def _metadata(found: Found, array: Any) -> dict[str, object]:
    version = found.multiscale.get("version") or found.attributes.get("version")
    plain = f"Zarr v{array.metadata.zarr_format}"
    stated: dict[str, object] = {
        "format": f"OME-Zarr {version or ''}".strip() if found.multiscale else plain,
        "compression": ", ".join(_codec(codec) for codec in array.compressors) or None,
        "absent_levels": ", ".join(found.absent) or None,
    }
    return {key: value for key, value in stated.items() if value is not None}


def _codec(codec: Any) -> str:
    """Short name of a codec: ``blosc``, ``zstd``."""
    return str(getattr(codec, "codec_id", None) or type(codec).__name__.removesuffix("Codec").lower())
