"""The work of a process that reads for a collection: what files hold, then pixels, ready to store."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from errno import EIO
from functools import partial
from io import FileIO
from itertools import count
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import xxhash

from smalti.core.errors import SmaltiError, TooLargeError
from smalti.core.image import Image, ImageRef
from smalti.export.about import about_text
from smalti.export.asked import Reading, Wanted
from smalti.export.limits import ChannelLimits
from smalti.export.pictures import Picture, pictures
from smalti.export.prepare import pixel_hash, prepared, statistics
from smalti.loaders.choose import open_images
from smalti.loaders.isolation import Isolation
from smalti.processing.budget import Budget
from smalti.processing.frames import reason
from smalti.processing.job import Begin, Job, Tables, Work
from smalti.processing.settings import Settings

__all__ = ["FOUND", "READING", "begin"]

FOUND = pl.Schema(
    {
        "of": pl.String(),  # image_id of the reference
        "series": pl.Int64(),
        "series_name": pl.String(),
        "t": pl.Int64(),
        "z": pl.Int64(),
        "n_planes": pl.Int64(),
        "shape": pl.List(pl.Int64()),
        "n_samples": pl.Int64(),
        "dtype": pl.String(),
        "axes": pl.String(),
        "format": pl.String(),
        "reader": pl.String(),
        "channel_names": pl.List(pl.String()),
        "pixel_size_x_um": pl.Float64(),
        "pixel_size_y_um": pl.Float64(),
        "note": pl.String(),
        "error": pl.String(),
        "source_hash": pl.String(),
        "min": pl.Float64(),
        "max": pl.Float64(),
        "mean": pl.Float64(),
        "n_nan": pl.Int64(),
        "pixel_hash": pl.String(),
        "stored_shape": pl.List(pl.Int64()),
        "stored_dtype": pl.String(),
        "file": pl.String(),
        "offset": pl.Int64(),
        "about": pl.String(),  # of the first picture of each image, where that is asked for
        "lows": pl.List(pl.Float64()),  # limits of each channel up to this picture, where these are asked for
        "highs": pl.List(pl.Float64()),
        "errno": pl.Int64(),  # of what went wrong with the spool, not with the image
    }
)
"""What is told of each picture; of a file that failed, one row with its error."""

MAX_ERROR = 1000

ALIGNED = 16
"""Bytes; where pixels begin in a spool, so that they can be used where they are."""

_numbers = count()

_PIECE = bytearray(1 << 20)
"""Of a file on its way into a hash: a process is at one file at a time."""


Take = Callable[[Picture, Callable[[], None]], dict[str, Any]]
"""What is done with a picture, and called while it has to wait."""


def begin(settings: Settings, budget: Budget) -> Work:
    """See `smalti.processing.job.Job`; of an order's steps see `smalti.export.stream.Readers`."""

    def work(refs: Sequence[ImageRef], order: Mapping[str, Any], begun: Begin) -> Tables:
        reading = Reading(**order["reading"] | {"fits_ext": tuple(order["reading"]["fits_ext"])})
        task = _Task(reading, order["single"], settings, begun)
        try:
            with _taking(order, budget) as take:
                return task.do(refs, take, hashed=order["step"] == "read")
        except OSError as error:  # nothing that a file can bring about
            rows = [{"of": refs[0].image_id, "errno": error.errno or EIO}]
            return {"found": pl.DataFrame(rows, FOUND)}

    return work


@contextmanager
def _taking(order: Mapping[str, Any], budget: Budget) -> Iterator[Take]:
    """What is done with each picture of a batch."""
    if order["step"] == "scan":
        yield lambda picture, beat: facts_of(picture)
    elif order["step"] == "describe":
        yield _Describing().take
    elif order["step"] == "limits":
        yield _Measuring(order["percent"], budget).take
    else:
        if order["many_png"]:
            import smalti.kernels.scanlines  # noqa: F401 - brings numba, with which PNG takes half the time
        spool = _Spool(Path(order["spool"]), Wanted(**order["wanted"]), budget)
        try:
            yield spool.take
        finally:
            spool.close()


def _failed(refs: Sequence[ImageRef], status: str, error: str) -> Tables:
    rows = [{"of": ref.image_id, "error": f"{status}: {error}"[:MAX_ERROR]} for ref in refs]
    return {"found": pl.DataFrame(rows, FOUND)}


READING = Job("smalti.export.reading:begin", _failed)


@dataclass(frozen=True, slots=True)
class _Task:
    """A batch of files, looked at or read; each picture that fails costs itself only."""

    reading: Reading
    single: bool
    settings: Settings
    begun: Begin

    def do(self, refs: Sequence[ImageRef], take: Take, hashed: bool) -> Tables:
        """Rows of `FOUND` for a batch."""
        rows: list[dict[str, Any]] = []
        for number, ref in enumerate(refs):
            self.begun(number)
            own = list(self._of_file(ref, take, partial(self.begun, number)))
            failed = any(row["error"] is not None for row in own)
            source = _source_hash(ref) if hashed or failed else None
            rows += [row | {"of": ref.image_id, "source_hash": source} for row in own]
        return {"found": pl.DataFrame(rows, FOUND, orient="row")}

    def _of_file(self, ref: ImageRef, take: Take, beat: Callable[[], None]) -> Iterator[dict[str, Any]]:
        isolation = Isolation(self.settings.isolate, self.settings.timeout, beat)
        any_image = False
        try:
            with open_images(ref, self.settings.plane_limit, ref.loader, isolation) as images:
                for picture in pictures(_only(images, ref) if self.single else images, self.reading):
                    any_image = True
                    yield self._of_picture(picture, take, beat)
                    beat()
            if not any_image:
                raise SmaltiError("the file holds no image")
        except _SpoolError as error:
            raise error.cause from error
        except Exception as error:  # a reader may raise anything; it costs this file only
            yield {"error": reason(error)[:MAX_ERROR]}

    def _of_picture(self, picture: Picture, take: Take, beat: Callable[[], None]) -> dict[str, Any]:
        n_bytes = prod(picture.shape) * picture.dtype.itemsize
        try:
            if n_bytes > self.settings.plane_limit:
                raise TooLargeError(n_bytes, self.settings.plane_limit, "the image")
            return take(picture, beat)
        except _SpoolError:
            raise
        except Exception as error:  # a broken plane; the next may be whole
            return facts_of(picture) | {"error": reason(error)[:MAX_ERROR]}


def _only(images: Iterator[Image], ref: ImageRef) -> Iterator[Image]:
    """The one image that a reference stands for."""
    for image in images:
        if image.ref.series == ref.series:
            yield image
            return
    raise SmaltiError(f"the file has no series {ref.series} any more")


def facts_of(picture: Picture) -> dict[str, Any]:
    """What is known of a picture without its pixels."""
    image = picture.image
    return {
        "series": image.ref.series,
        "series_name": image.ref.series_name,
        "t": picture.t,
        "z": picture.z,
        "n_planes": picture.n_planes,
        "shape": list(picture.shape),
        "n_samples": picture.n_samples,
        "dtype": picture.dtype.name,
        "axes": image.axes,
        "format": image.metadata.get("format"),
        "reader": image.ref.loader,
        "channel_names": list(image.channel_names) if image.channel_names else None,
        "pixel_size_x_um": image.pixel_size_um.get("X"),
        "pixel_size_y_um": image.pixel_size_um.get("Y"),
        "note": image.partial,
        "error": None,
    }


class _Describing:
    """Tells all that is known of an image with the first picture of it."""

    def __init__(self) -> None:
        self._told: object = None

    def take(self, picture: Picture, beat: Callable[[], None]) -> dict[str, Any]:
        """See `Take`."""
        about = None if picture.image is self._told else about_text(picture.image)
        self._told = picture.image
        return facts_of(picture) | {"about": about}


class _Measuring:
    """Tells between which values the pixels of an image have been so far, channel by channel."""

    def __init__(self, percent: float, budget: Budget) -> None:
        self._percent, self._budget = percent, budget
        self._image: object = None
        self._channels: list[ChannelLimits] = []

    def take(self, picture: Picture, beat: Callable[[], None]) -> dict[str, Any]:
        """See `Take`."""
        if picture.image is not self._image:
            self._image = picture.image
            self._channels = [ChannelLimits(self._percent) for _ in range(picture.shape[0])]
        with self._budget.hold(2 * prod(picture.shape) * picture.dtype.itemsize, beat):
            for channel, plane in zip(self._channels, picture.read(), strict=True):
                channel.add(plane)
        limits = [channel.limits or (None, None) for channel in self._channels]
        return facts_of(picture) | {"lows": [low for low, _ in limits], "highs": [high for _, high in limits]}


class _SpoolError(Exception):
    """Pixels could not be left for the driver: the disk is full."""

    def __init__(self, cause: OSError) -> None:
        self.cause = cause
        super().__init__(str(cause))


class _Spool:
    """A file in which the driver finds pixels; through the pipe they would be copied four times more."""

    def __init__(self, folder: Path, wanted: Wanted, budget: Budget) -> None:
        self._name = f"{os.getpid()}-{next(_numbers)}"
        self._file = (folder / self._name).open("wb", buffering=0)  # errors come with the bytes they are of
        self._wanted = wanted
        self._budget = budget

    def take(self, picture: Picture, beat: Callable[[], None]) -> dict[str, Any]:
        """Read a picture, prepare it, and leave its pixels in the file."""
        n_values = prod(picture.shape)
        n_bytes = n_values * (3 * picture.dtype.itemsize + 16 * (self._wanted.resize is not None))
        with self._budget.hold(n_bytes, beat):
            pixels = prepared(picture.read(), self._wanted)
            offset = self._file.tell()
            try:
                _write_all(self._file, bytes(-offset % ALIGNED))
                offset = self._file.tell()
                _write_all(self._file, pixels.reshape(-1).view(np.uint8).data)
            except OSError as error:
                raise _SpoolError(error) from error
            stored = {"pixel_hash": pixel_hash(pixels), **statistics(pixels)}
        place = {"file": self._name, "offset": offset, "stored_dtype": pixels.dtype.name}
        return facts_of(picture) | stored | place | {"stored_shape": list(pixels.shape)}

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _write_all(file: FileIO, data: memoryview | bytes) -> None:
    while len(data):
        data = data[file.write(data) :]


def _source_hash(ref: ImageRef) -> str | None:
    """32 hex digits of xxh3-128 over the bytes of a file of this machine; None for what is no such file."""
    if ref.stack is not None:
        return None
    digest, view = xxhash.xxh3_128(), memoryview(_PIECE)
    try:
        with Path(ref.uri).open("rb", buffering=0) as file:
            while n_bytes := file.readinto(view):
                digest.update(view[:n_bytes])
    except OSError:  # a store, a URL, or gone: it has another way to say so
        return None
    return digest.hexdigest()
