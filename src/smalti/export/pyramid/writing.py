"""One image, its levels and its labels, into a group of a store."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from smalti.core.errors import UsageError
from smalti.export.pyramid.factors import Factors, all_factors
from smalti.export.pyramid.ngff import Ngff, group_files, labels_part, multiscales, omero, placed
from smalti.export.pyramid.seen import Seen
from smalti.export.pyramid.source import Source
from smalti.processing.machine import usable_cores
from smalti.writers.codecs import codec_of
from smalti.writers.levels import Cut, Plan, plan_levels
from smalti.writers.pyramid import Image, write_pyramid
from smalti.writers.staged import Staged, staged

__all__ = ["How", "Writer", "planned", "writer"]

DISK_THREADS = 4
"""They wait most of the time, for the disk or the network."""

_LABELS = "{}"
"""Paths of the levels of labels: ome-zarr-models 1.7 takes no others there."""


@dataclass(frozen=True, slots=True)
class How:
    """How pyramids are made and stored.

    Parameters
    ----------
    method, label_method
        What becomes of blocks of pixels, and of labels.
    factors
        See `smalti.export.pyramid.factors.all_factors`.
    ngff
        Version of OME-Zarr.
    chunks
        Lengths of a chunk, for each axis; None for the usual.
    compressor, clevel
        See `smalti.writers.codecs.codec_of`.
    """

    method: str = "mean"
    label_method: str = "mode"
    factors: Factors | int | None = None
    ngff: Ngff = "0.5"
    chunks: tuple[int, ...] | None = None
    compressor: str = "blosc-zstd"
    clevel: int | None = None


def planned(source: Source, how: How) -> Plan:
    """Levels, chunks and files of an image."""
    factors = all_factors(source.names, source.shape, _in_one_unit(source), how.factors)
    cut = Cut(how.chunks, how.ngff == "0.5", source.block)
    return plan_levels(source.names, source.shape, source.dtype, factors, cut)


def _in_one_unit(source: Source) -> Mapping[str, float]:
    """Sizes of pixels that can be compared; none where axes are of different units."""
    units = {source.units.get(axis) for axis in source.names if axis in "zyx" and axis in source.scale}
    return source.scale if len(units) <= 1 else {}


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes images into one store.

    Parameters
    ----------
    staged
        The store.
    how
        How they are made and stored.
    pool, disk
        Threads that pack, and others that put files in their place, at a URL by sending them.
    """

    staged: Staged
    how: How
    pool: Executor
    disk: Executor

    def image(
        self,
        path: str,
        source: Source,
        labels: Mapping[str, Source] | None = None,
        tell: Callable[[int], None] = lambda n_bytes: None,
    ) -> None:
        """Write an image as a group; its metadata come last.

        Parameters
        ----------
        path
            In the store; "" for its root.
        source
            The image.
        labels
            Images of whole numbers by name, of the same height and width.
        tell
            Told of the bytes of each unit that was read.
        """
        for name, label in (labels or {}).items():
            _check_label(source, name, label)
        plan = planned(source, self.how)
        seen = Seen(len(plan.levels) - 1, source, tell=tell)
        self.levels(path, source, plan, self.how.method, seen)
        for name, label in (labels or {}).items():
            self._label(f"{path}/labels/{name}", source, plan, label)
        if labels:
            self.group(f"{path}/labels", {"labels": list(labels)})
        entries = multiscales(source, placed(source, plan), self.how.method)
        self.group(path, {"multiscales": entries, "omero": omero(source, seen.lows, seen.highs)})

    def group(self, path: str, parts: Mapping[str, Any] | None = None) -> None:
        """Make a group of a path, with metadata."""
        for name, data in group_files(self.how.ngff, parts).items():
            self.staged.target.write(f"{self.at(path)}/{name}", data)

    def drop(self, path: str) -> None:
        """Take away what was written of an image that failed."""
        self.staged.target.remove(self.at(path))

    def at(self, path: str) -> str:
        """A path in the store as one of its target."""
        return f"{self.staged.path}/{path.strip('/')}".rstrip("/")

    def levels(self, path: str, source: Source, plan: Plan, method: str, seen: Seen) -> None:
        """Write the levels of a plan into a group, without its metadata."""
        codec = codec_of(self.how.compressor, self.how.clevel, source.dtype)
        image = Image(self.staged.target, self.at(path), plan, codec, self.pool, self.disk)
        write_pyramid(image, source.read, method, seen)
        groups = [level.path.rpartition("/")[0] for level in plan.levels]
        list(self.disk.map(self.group, [f"{path}/{group}" for group in groups if group]))

    def _label(self, path: str, source: Source, plan: Plan, label: Source) -> None:
        known = replace(
            _as_integers(label),
            scale={axis: source.scale[axis] for axis in label.names if axis in source.scale},
            translation={
                axis: source.translation[axis] for axis in label.names if axis in source.translation
            },
            units={axis: source.units[axis] for axis in label.names if axis in source.units},
            name=path.rpartition("/")[2],
        )
        levels = [dict(zip(source.names, level.factors, strict=True)) for level in plan.levels[1:]]
        factors = [tuple(level.get(axis, 1) for axis in label.names) for level in levels]
        cut = Cut(None, self.how.ngff == "0.5", label.block)
        own = plan_levels(label.names, label.shape, known.dtype, factors, cut, path=_LABELS)
        seen = Seen(len(own.levels) - 1, known, count_labels=True)
        self.levels(path, known, own, self.how.label_method, seen)
        entries = multiscales(known, placed(known, own), self.how.label_method)
        self.group(path, {"multiscales": entries, "image-label": labels_part(seen.labels)})


def _as_integers(label: Source) -> Source:
    """Truth values as 0 and 1: labels of OME-Zarr are integers."""
    if label.dtype != np.bool_:
        return label
    return replace(label, dtype=np.dtype(np.uint8), read=lambda region: label.read(region).view(np.uint8))


def _check_label(source: Source, name: str, label: Source) -> None:
    if label.dtype.kind not in "iub":
        raise UsageError(f"labels {name!r} are {label.dtype}; labels are whole numbers")
    if not name or set(name) & set("/\\") or name.startswith("."):
        raise UsageError(f"labels cannot be called {name!r}; give a plain name, such as cells")
    for axis, length in label.lengths.items():
        if axis not in "c" and length != source.lengths.get(axis):
            raise UsageError(
                f"labels {name!r} have {length} pixels along {axis}, the image {source.lengths.get(axis)}"
            )


@contextmanager
def writer(where: str, how: How, overwrite: bool = False, workers: int = 0) -> Iterator[Writer]:
    """Writer of a store that is there as a whole or not at all, for the length of a with block."""
    if not where.rstrip("/").endswith(".zarr"):
        raise UsageError(f"{where} does not end in .zarr; give a name such as {where.rstrip('/')}.ome.zarr")
    with (
        staged(where, overwrite) as place,
        ThreadPoolExecutor(workers or usable_cores()) as pool,
        ThreadPoolExecutor(DISK_THREADS) as disk,
    ):
        yield Writer(place, how, pool, disk)
