"""Everything else: any format that an installed bioio reader knows."""

import inspect
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache, partial
from math import prod
from typing import Any

import numpy as np

from smalti.core.errors import MissingExtraError, UnreadableError
from smalti.core.image import Image, ImageRef
from smalti.core.plugin import loader
from smalti.loaders._about import About
from smalti.loaders._axes import Part, parts
from smalti.loaders._bioio_about import about_scene, about_scenes
from smalti.loaders._content import head_of, starts_with
from smalti.loaders._formats import INSTALL, KNOWN
from smalti.loaders._imageio import on_its_own
from smalti.loaders._size import refuse_larger

__all__ = ["bioio"]


@loader("bioio", isolated=True)  # readers of other hands, down to a Java machine, import in 3 s
def bioio(ref: ImageRef, limit: int) -> Iterator[Image]:
    """Scenes as series; one plane at a time where the reader allows it."""
    reader = _open(ref)
    extension = ref.path.rpartition(".")[2]
    abouts = about_scenes(reader)
    number = 0
    for scene, name in enumerate(reader.scenes):
        reader.set_scene(scene)
        lazy = reader.xarray_dask_data.data
        about = about_scene(reader, abouts[scene], getattr(reader.dims, "C", 1))
        for part in parts(reader.dims.order, lazy.shape):
            image = _image(replace(ref, series=number, series_name=str(name)), lazy, part, about, limit)
            used = {"format": extension.upper(), "bioio_reader": type(reader).__module__}
            yield replace(image, metadata=used | dict(about.metadata))
            number += 1


def _open(ref: ImageRef) -> Any:
    """The first reader of this extension that takes the file; the most specific is asked first."""
    extension = ref.path.rsplit("/", 1)[-1].lower().partition(".")[2]
    readers = _readers(extension)
    if not readers:
        raise _no_reader(ref, extension)
    said = []
    for reader in readers:
        options = {"chunk_dims": ["Y", "X", "S"]} if _takes_chunk_dims(reader) else {}
        try:
            return reader(ref.uri, **options)
        except Exception as error:  # a reader raises anything when the file is not its own
            said.append(f"{reader.__module__.partition('.')[0]}: {_gist(error, ref.uri)}"[:200])
    raise UnreadableError(ref.path, "bioio", "; ".join(said))


def _gist(error: Exception, uri: str) -> str:
    """What a reader says, without the sentence that only repeats the path."""
    reason = " ".join(str(error).rpartition(f"{uri}'.")[2].split())
    reason = re.sub(r"`?<[^<>]* object at 0x[0-9a-f]+>`*", "the file", reason)
    return reason.replace(uri, "the file") or type(error).__name__


@cache
def _readers(extension: str) -> tuple[type, ...]:
    """Reader classes for an extension, longest tail of it first; searched once an extension (11–28 ms)."""
    from bioio.plugins import get_plugins

    on_its_own()
    known = get_plugins(use_cache=True)
    tails = extension.split(".")
    found = [entry for i in range(len(tails)) for entry in known.get("." + ".".join(tails[i:]), ())]
    return tuple(dict.fromkeys(entry.metadata.get_reader() for entry in found))


def _takes_chunk_dims(reader: type) -> bool:
    return "chunk_dims" in inspect.signature(reader).parameters


def _no_reader(ref: ImageRef, tail: str) -> Exception:
    extension = tail if tail in KNOWN else tail.rpartition(".")[2]
    if extension == "nd2":
        return MissingExtraError("bioio-nd2", "bio")
    if extension in INSTALL:
        reason = f"no reader for .{extension} is installed; run: pip install {INSTALL[extension]}"
    elif extension in KNOWN:
        reason = f"no loader reads .{extension} yet, and no bioio reader for it is installed"
    else:
        reason = f"no reader knows .{extension or ' (no extension)'}; {starts_with(head_of(ref.uri))}"
    return UnreadableError(ref.path, "bioio", reason)


def _image(ref: ImageRef, lazy: Any, part: Part, about: About, limit: int) -> Image:
    dtype = np.dtype(lazy.dtype)
    refuse_larger(prod(max(sizes) for sizes in lazy.chunks) * dtype.itemsize, limit, "one block")
    shape = part.left(lazy.shape)
    samples = shape[part.axes.index("S")] if "S" in part.axes else 0
    return Image(
        ref=ref,
        axes=part.axes,
        shape=shape,
        dtype=dtype.newbyteorder("="),
        pixels=partial(_read, lazy, part, limit),
        samples={3: "RGB", 4: "RGBA"}.get(samples, "?" * samples),
        channel_names=about.channel_names,
        pixel_size_um=about.pixel_size_um,
        time_interval_s=about.time_interval_s,
        acquired_at=about.acquired_at,
    )


def _read(lazy: Any, part: Part, limit: int, index: tuple[int | slice, ...], level: int) -> np.ndarray:
    region = lazy[part.whole(index)]
    refuse_larger(region.nbytes, limit, "this region")
    array: np.ndarray = region.compute(scheduler="synchronous")
    return array.astype(array.dtype.newbyteorder("="), copy=False)
