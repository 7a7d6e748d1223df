"""Whatever a loader does: quiet, named, and with every foreign error turned into smalti's own."""

from collections.abc import Callable, Generator
from functools import partial
from typing import TypeVar

import numpy as np

from smalti.core.errors import SmaltiError, UnreadableError
from smalti.core.image import Image, ImageRef, Pixels
from smalti.core.plugin import Plugin
from smalti.core.records import changed
from smalti.core.remote import without_secrets
from smalti.loaders._content import BrokenFileError, starts_with
from smalti.loaders._quiet import Quiet

__all__ = ["guarded"]

T = TypeVar("T")

_AS_IT_IS, _TURNED = slice(None), slice(None, None, -1)


def guarded(plugin: Plugin, ref: ImageRef, limit: int, head: bytes = b"") -> Generator[Image, None, None]:
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
            used = changed(image.ref, loader=plugin.name)
            details = None if image.details is None else partial(_asked, image.details, used, plugin.name)
            yield changed(image, ref=used, pixels=_guarded_pixels(image, used), details=details)
    finally:
        images.close()


def _guarded_pixels(image: Image, ref: ImageRef) -> Pixels | None:
    pixels, dtype = image.pixels, image.dtype
    if pixels is None:
        return None

    def read(index: tuple[int | slice, ...], level: int) -> np.ndarray:
        slices = [pick for pick in index if isinstance(pick, slice)]
        spans = [range(pick.start, pick.stop, pick.step) for pick in slices]
        if not all(spans):
            return np.empty([len(span) for span in spans], dtype)
        turns = tuple([_AS_IT_IS if pick.step > 0 else _TURNED for pick in slices])
        forward = tuple([_forward(pick) for pick in index]) if _TURNED in turns else index
        array = _asked(lambda: pixels(forward, level), ref, str(ref.loader))
        return array[turns]

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
        with Quiet():
            return question()
    except (SmaltiError, MemoryError):
        raise
    except BrokenFileError as error:
        raise UnreadableError(ref.path, name, str(error)) from error
    except Exception as error:  # readers raise anything, down to ZeroDivisionError, on broken bytes
        said = f"{type(error).__name__}: {error}".replace(ref.uri, ref.path)
        reason = without_secrets(" ".join(said.split()))[:400]
        raise UnreadableError(
            ref.path, name, f"{reason} ({starts_with(head)})" if head else reason
        ) from error
