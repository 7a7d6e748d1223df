"""Which reader opens a file: by its first bytes, then by its extension; bioio when the first one fails."""

from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TypeVar

import numpy as np

from smalti.core.errors import SmaltiError, UnreadableError
from smalti.core.image import Image, ImageRef, Pixels
from smalti.core.plugin import Plugin, find, plugins
from smalti.loaders._content import HEAD, BrokenFileError, hopeless, is_dicom, starts_with
from smalti.loaders._formats import KNOWN
from smalti.loaders._quiet import quiet
from smalti.loaders._small import forget, look

__all__ = ["known_extensions", "open_images", "read_later"]

LAST_RESORT = "bioio"
ON_ONE_LIBRARY = {"tiff", "zarr"}
"""Loaders that are not tried again through bioio: its readers of TIFF stand on tifffile and those of Zarr on
zarr too. They would fail the same way, or hang where our loaders guard themselves."""

T = TypeVar("T")


def open_images(
    ref: ImageRef, limit: int, name: str | None = None
) -> AbstractContextManager[Iterator[Image]]:
    """Open a file or store; gives its images one by one, readable while the context is open.

    Parameters
    ----------
    ref
        Its `loader`, if set, is the reader to use.
    limit
        Bytes that one read may take.
    name
        The reader to use, before `ref.loader`; None chooses by content.

    Returns
    -------
    contextmanager of Iterator of Image
        ``image.ref.loader`` names the reader that was used, ``image.ref.series`` counts from 0. Reading
        pixels raises `SmaltiError` only, besides `IndexError` and `ValueError` for a wrong pick or level.

    Raises
    ------
    UnreadableError
        Nothing could read it, with what each reader said. (From the iterator, as all below.)
    TooLargeError
        It declares more than `limit` bytes for one read.
    MissingExtraError
        Its reader is not installed.
    UnknownNameError
        There is no loader of that name.
    """
    return _open(ref, limit, name or ref.loader)


@contextmanager
def _open(ref: ImageRef, limit: int, name: str | None) -> Iterator[Iterator[Image]]:
    images = _images(ref, limit, name)
    try:
        yield images
    finally:
        images.close()


def read_later(ref: ImageRef, limit: int) -> Image:
    """The image that `ref` names, with pixels that open the file anew for each read.

    No handle is kept, so that it may live long and be read from several threads.

    Raises
    ------
    UnreadableError
        It cannot be read, or has no such series.
    """

    def pixels(index: tuple[int | slice, ...], level: int) -> np.ndarray:
        with open_images(ref, limit) as images:
            opened = _series(images, ref)
            assert opened.pixels is not None
            return opened.pixels(index, level)

    with open_images(ref, limit) as images:
        image = _series(images, ref)
    return image if image.pixels is None else replace(image, pixels=pixels)


def known_extensions() -> frozenset[str]:
    """Extensions of image formats, lower case without the dot: of all loaders, and well-known others."""
    return KNOWN.union(*(plugin.options["extensions"] for plugin in _loaders()))


@cache
def _loaders() -> tuple[Plugin, ...]:
    """All loaders; asked once, because looking up entry points costs milliseconds."""
    return tuple(plugins("loader").values())


def _series(images: Iterator[Image], ref: ImageRef) -> Image:
    for image in images:
        if image.ref.series == ref.series:
            return image
    raise UnreadableError(ref.path, ref.loader or "loader", f"the file has no series {ref.series} any more")


def _images(ref: ImageRef, limit: int, name: str | None) -> Generator[Image, None, None]:
    try:
        yield from _tried(ref, limit, name)
    finally:
        forget(ref.uri)


def _tried(ref: ImageRef, limit: int, name: str | None) -> Generator[Image, None, None]:
    store, head = _look(ref)
    forced = find("loader", name) if name else None
    chosen = forced or _choose(ref, head, store) or find("loader", LAST_RESORT)
    if forced or chosen.name == LAST_RESORT:
        yield from _guarded(chosen, ref, limit, head)
        return
    opened = False
    try:
        for image in _guarded(chosen, ref, limit, head):
            opened = True
            yield image
    except UnreadableError as error:
        if opened or chosen.name in ON_ONE_LIBRARY:
            raise
        first = error
    else:
        return
    yield from _second_try(ref, limit, first)


def _look(ref: ImageRef) -> tuple[bool, bytes]:
    """Whether it is a folder, and the first bytes of a file."""
    try:
        head = look(ref.uri, HEAD)
    except OSError as error:
        if Path(ref.uri).is_dir():
            return True, b""
        raise UnreadableError(ref.path, "open", f"{error.strerror or error}") from error
    if reason := hopeless(head):
        raise UnreadableError(ref.path, "open", reason)
    return False, head


def _choose(ref: ImageRef, head: bytes, store: bool) -> Plugin | None:
    """The loader whose magic bytes fit, or by extension.

    Of several that fit, one of this extension, then the longest magic. A DICOM file may begin with the
    magic of any format, TIFF for one; its own stands at byte 128.
    """
    usable = [plugin for plugin in _loaders() if plugin.options["stores"] == store]
    extensions = _extensions(ref.path)
    by_name = [plugin for plugin in usable if not extensions.isdisjoint(plugin.options["extensions"])]
    fits = [plugin for plugin in usable if head.startswith(plugin.options["magic"])]
    if fits and not is_dicom(head):
        return max(fits, key=lambda plugin: (plugin in by_name, _longest_magic(plugin, head)))
    return next(iter(by_name or (usable if store else ())), None)


def _longest_magic(plugin: Plugin, head: bytes) -> int:
    return max(len(magic) for magic in plugin.options["magic"] if head.startswith(magic))


def _extensions(path: str) -> set[str]:
    """Every tail of the name that may be an extension: ``a.ome.tif`` gives ``ome.tif`` and ``tif``."""
    parts = path.rsplit("/", 1)[-1].lower().split(".")[1:]
    return {".".join(parts[i:]) for i in range(len(parts))}


def _second_try(ref: ImageRef, limit: int, first: UnreadableError) -> Iterator[Image]:
    """Once more through bioio; when that fails too, or finds no pixels, both messages are kept.

    Only opening is tried again. Where a direct reader fails to decode, a more lenient one would hand out
    what is left of broken pixels as if it were whole.
    """
    opened = False
    try:
        for image in _guarded(find("loader", LAST_RESORT), ref, limit):
            if image.n_planes:
                opened = True
                yield image
    except SmaltiError as error:
        if opened:
            raise
        reason = f"{first.reason}; {LAST_RESORT}: {getattr(error, 'reason', error)}"
        raise UnreadableError(ref.path, first.reader, reason) from first
    if not opened:
        raise first


def _guarded(plugin: Plugin, ref: ImageRef, limit: int, head: bytes = b"") -> Iterator[Image]:
    """Images of one loader, quiet, named, and with every foreign error turned into `UnreadableError`."""
    images = plugin.function(ref, limit)
    if not isinstance(images, Generator):
        found = type(images).__name__
        reason = f"loader {plugin.name} must be a generator of Image (use yield), it returned {found}"
        raise UnreadableError(ref.path, plugin.name, reason)
    try:
        while True:
            image = _asked(lambda: next(images, None), ref, plugin.name, head)
            if image is None:
                return
            used = replace(image.ref, loader=plugin.name)
            yield replace(image, ref=used, pixels=_guarded_pixels(image, used))
    finally:
        images.close()


def _guarded_pixels(image: Image, ref: ImageRef) -> Pixels | None:
    pixels, dtype = image.pixels, image.dtype
    if pixels is None:
        return None

    def read(index: tuple[int | slice, ...], level: int) -> np.ndarray:
        spans = [range(pick.start, pick.stop, pick.step) for pick in index if isinstance(pick, slice)]
        if not all(spans):
            return np.empty([len(span) for span in spans], dtype)
        forward = tuple(_forward(pick) for pick in index)
        array = _asked(lambda: pixels(forward, level), ref, str(ref.loader))
        return array[tuple(slice(None, None, 1 if span.step > 0 else -1) for span in spans)]

    return read


def _forward(pick: int | slice) -> int | slice:
    """The same indices in ascending order: a loader meets no negative step."""
    if isinstance(pick, int) or pick.step > 0:
        return pick
    picked = range(pick.start, pick.stop, pick.step)[::-1]
    return slice(picked.start, picked.stop, picked.step)


def _asked(question: Callable[[], T], ref: ImageRef, name: str, head: bytes = b"") -> T:
    """The answer of a reader, whatever it raises."""
    try:
        with quiet():
            return question()
    except SmaltiError:
        raise
    except BrokenFileError as error:
        raise UnreadableError(ref.path, name, str(error)) from error
    except Exception as error:  # readers raise anything, down to ZeroDivisionError, on broken bytes
        said = f"{type(error).__name__}: {error}".replace(ref.uri, ref.path)
        reason = " ".join(said.split())[:400]
        raise UnreadableError(
            ref.path, name, f"{reason} ({starts_with(head)})" if head else reason
        ) from error
