"""Which reader opens a file: by its first bytes, then by its extension; bioio when the first one fails."""

from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import numpy as np

from smalti.core.errors import CrashedError, SmaltiError, TimedOutError, UnreadableError
from smalti.core.image import Image, ImageRef
from smalti.core.plugin import Plugin, find, plugins
from smalti.core.remote import is_url
from smalti.loaders._content import HEAD, hopeless, is_dicom
from smalti.loaders._formats import KNOWN
from smalti.loaders._guard import guarded
from smalti.loaders._remote import fetched, is_remote_store
from smalti.loaders._small import forget, look
from smalti.loaders.isolation import Isolation

__all__ = ["known_extensions", "open_images", "read_later"]

LAST_RESORT = "bioio"
TRIED_ONCE = {"tiff", "zarr", "fits", "mrc", "npy", "spe", "video", "nrrd", "metaimage", "volume"}
"""Loaders that are not tried again through bioio: its readers of TIFF stand on tifffile and those of Zarr on
zarr too, so that they would fail the same way, or hang where our loaders guard themselves. For the others it
has none, or one that guesses: of FITS it hands out unsigned 16 bits with the sign bit wrong."""

ASKED_FOR = Isolation()
"""Apart is opened what states it."""


def open_images(
    ref: ImageRef, limit: int, name: str | None = None, isolation: Isolation = ASKED_FOR
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
    isolation
        What is opened in a process of its own; by default where the loader states it.

    Returns
    -------
    contextmanager of Iterator of Image
        ``image.ref.loader`` names the reader that was used, ``image.ref.series`` counts from 0. Reading
        pixels raises `SmaltiError` only, besides `MemoryError`, and `IndexError` and `ValueError` for a wrong
        pick or level.

    Raises
    ------
    UnreadableError
        Nothing could read it, with what each reader said. (From the iterator, as all below.)
    TooLargeError
        It declares more than `limit` bytes for one read.
    MissingExtraError
        Its reader is not installed.
    CrashedError, TimedOutError
        Its reader, in a process of its own, ended that or did not answer; pixels may raise these as well.
    UnknownNameError
        There is no loader of that name.
    """
    return _Opening(ref, limit, isolation, name or ref.loader)


@dataclass(slots=True)
class _Opening:
    """A file on its way to images; made and filled in once a file, so it is not frozen (5 µs).

    Entering gives its images. A generator as context manager would take another 2 µs.
    """

    ref: ImageRef
    limit: int
    isolation: Isolation
    name: str | None
    keep: bool = False
    head: bytes = b""
    left_open: list[Callable[[], None]] = field(default_factory=list)
    images: Generator[Image, None, None] | None = None

    def __enter__(self) -> Iterator[Image]:
        self.images = _images(self)
        return self.images

    def __exit__(self, *_: object) -> None:
        if self.images is not None:
            self.images.close()
        for close in self.left_open:
            close()

    def by(self, plugin: Plugin) -> Generator[Image, None, None]:
        """Its images as one loader gives them."""
        if self.isolation.everything or plugin.options["isolated"]:
            from smalti.loaders._apart import read_apart

            return read_apart(plugin, self.ref, self.limit, self.head, self.isolation, self.left_open)
        return guarded(plugin, self.ref, self.limit, self.head)


def read_later(ref: ImageRef, limit: int, isolation: Isolation = ASKED_FOR) -> Image:
    """The image that `ref` names, with pixels that open the file anew for each read.

    No handle is kept, so that it may live long and be read from several threads.

    Raises
    ------
    UnreadableError
        It cannot be read, or has no such series; and whatever else `open_images` raises.
    """

    def pixels(index: tuple[int | slice, ...], level: int) -> np.ndarray:
        with _Opening(ref, limit, isolation, ref.loader, keep=True) as images:
            opened = _series(images, ref)
            assert opened.pixels is not None
            return opened.pixels(index, level)

    with _Opening(ref, limit, isolation, ref.loader, keep=True) as images:
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


def _images(file: _Opening) -> Generator[Image, None, None]:
    if file.ref.stack is not None:
        file.ref = replace(file.ref, loader=file.name)
        return file.by(find("loader", "stack"))
    if not is_url(file.ref.uri):
        return _here(file)
    return file.by(find("loader", "zarr")) if is_remote_store(file.ref) else _fetched(file)


def _fetched(file: _Opening) -> Generator[Image, None, None]:
    """Images of a remote file, read from a copy; no message and no reference names the copy."""
    uri = file.ref.uri
    with fetched(file.ref, file.keep) as file.ref:
        for image in _here(file):
            yield replace(image, ref=replace(image.ref, uri=uri))


def _here(file: _Opening) -> Generator[Image, None, None]:
    try:
        yield from _tried(file)
    finally:
        forget(file.ref.uri)


def _tried(file: _Opening) -> Generator[Image, None, None]:
    store, file.head = _look(file.ref)
    forced = find("loader", file.name) if file.name else None
    chosen = forced or _choose(file.ref, file.head, store) or find("loader", LAST_RESORT)
    if forced or chosen.name == LAST_RESORT:
        yield from file.by(chosen)
        return
    opened = False
    try:
        for image in file.by(chosen):
            opened = True
            yield image
    except UnreadableError as error:
        if opened or chosen.name in TRIED_ONCE:
            raise
        first = error
    else:
        return
    yield from _second_try(file, first)


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
    magic of any format, TIFF for one, and have any name; its own magic stands at byte 128.
    """
    likely = _with_magic(head[:1], store)
    fits = [plugin for plugin in likely if head.startswith(plugin.options["magic"])]
    if len(fits) == 1 and not is_dicom(head):
        return fits[0]  # of nearly all files, whose names need no look then
    usable = [plugin for plugin in _loaders() if plugin.options["stores"] == store]
    extensions = {"dcm"} if is_dicom(head) else _extensions(ref.path)
    by_name = [plugin for plugin in usable if not extensions.isdisjoint(plugin.options["extensions"])]
    if not fits:
        fits = [plugin for plugin in usable if _fits_within(plugin, head)]
    if fits and not is_dicom(head):
        return max(fits, key=lambda plugin: (plugin in by_name, _longest_magic(plugin, head)))
    return next(iter(by_name or (usable if store else ())), None)


@cache
def _with_magic(first: bytes, store: bool) -> tuple[Plugin, ...]:
    """The loaders with a magic that begins with this byte: one or two, so that not all are asked."""
    usable = (plugin for plugin in _loaders() if plugin.options["stores"] == store)
    return tuple(p for p in usable if any(first.startswith(magic[:1]) for magic in p.options["magic"]))


def _longest_magic(plugin: Plugin, head: bytes) -> int:
    return max((len(magic) for magic in plugin.options["magic"] if head.startswith(magic)), default=0)


def _fits_within(plugin: Plugin, head: bytes) -> bool:
    return any(head.startswith(magic, at) for at, magic in plugin.options["magic_at"])


def _extensions(path: str) -> set[str]:
    """Every tail of the name that may be an extension: ``a.ome.tif`` gives ``ome.tif`` and ``tif``."""
    parts = path.rsplit("/", 1)[-1].lower().split(".")[1:]
    return {".".join(parts[i:]) for i in range(len(parts))}


def _second_try(file: _Opening, first: UnreadableError) -> Iterator[Image]:
    """Once more through bioio; when that fails too, or finds no pixels, both messages are kept.

    Only opening is tried again. Where a direct reader fails to decode, a more lenient one would hand out
    what is left of broken pixels as if it were whole.
    """
    opened, file.head = False, b""
    try:
        for image in file.by(find("loader", LAST_RESORT)):
            if image.n_planes:
                opened = True
                yield image
    except (CrashedError, TimedOutError):
        raise
    except SmaltiError as error:
        if opened:
            raise
        reason = f"{first.reason}; {LAST_RESORT}: {getattr(error, 'reason', error)}"
        raise UnreadableError(file.ref.path, first.reader, reason) from first
    if not opened:
        raise first
