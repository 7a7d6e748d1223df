"""Where pixels of patches go: a sharded Zarr array for each shape, TIFF files, or nowhere."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Literal, Protocol

import numpy as np

from smalti.core.errors import SmaltiError
from smalti.curation.patchset import STORE
from smalti.writers.codecs import codec_of
from smalti.writers.grid import plan_grid
from smalti.writers.growing import GrowingArray, array_metadata
from smalti.writers.metadata import to_json
from smalti.writers.target import LocalTarget

__all__ = ["Place", "Store", "Write", "store_in"]

Write = Literal["zarr", "tiff", "none"]

AXES = ("patch", "c", "y", "x")

WAITING_BYTES = 4 << 20
"""Pixels that may wait to be packed: patches are small, and a volume is in memory beside them."""

Place = tuple[str | None, int | None, str | None]
"""Array, row and file of a patch."""


class Store(Protocol):
    """Takes patches, whose place it gives at once; they are there after `flush`."""

    lengths: dict[str, int]
    """Patches of each array."""

    def add(self, dataset: str, name: str, pixels: np.ndarray) -> Place:
        """Take one patch, uint8 (height, width)."""

    def flush(self) -> None:
        """Have all that was taken in its place."""

    def finish(self) -> None:
        """Make all that was taken readable by others."""

    def close(self) -> None:
        """Let go of what was not flushed."""


def store_in(
    folder: Path, write: Write, lengths: Mapping[str, int], threads: int, name: str = STORE
) -> Store:
    """The store of a set of patches, going on behind `lengths`; `name` of one of Zarr."""
    if write == "zarr":
        return _Zarr(folder, name, dict(lengths), threads)
    return _Files(folder) if write == "tiff" else _Nowhere()


@dataclass(slots=True)
class _Nowhere:
    """Patches stay in their sources."""

    lengths: dict[str, int] = field(default_factory=dict)

    def add(self, dataset: str, name: str, pixels: np.ndarray) -> Place:
        return None, None, None

    def flush(self) -> None:
        pass

    def finish(self) -> None:
        pass

    def close(self) -> None:
        pass


@dataclass(slots=True)
class _Files:
    """A folder a dataset, a file a patch, each there as a whole or not at all."""

    folder: Path
    lengths: dict[str, int] = field(default_factory=dict)

    def add(self, dataset: str, name: str, pixels: np.ndarray) -> Place:
        import tifffile

        place = PurePosixPath(dataset) / f"{name}.tiff"
        if place.is_absolute() or ".." in place.parts:
            raise SmaltiError(f"its name {str(place)!r} leads out of {self.folder}; write it as zarr")
        path = self.folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".tmp")
        tifffile.imwrite(temporary, pixels, photometric="minisblack", compression="zlib", metadata=None)
        temporary.replace(path)
        return None, None, path.relative_to(self.folder).as_posix()

    def flush(self) -> None:
        pass

    def finish(self) -> None:
        pass

    def close(self) -> None:
        pass


class _Zarr:
    """A group with an array a shape, called by it: ``224x224``."""

    def __init__(self, folder: Path, name: str, lengths: dict[str, int], threads: int) -> None:
        self.lengths = lengths
        self._name = name
        self._target = LocalTarget(folder, name)
        self._target.is_ours = True
        self._pool = ThreadPoolExecutor(threads)
        self._arrays: dict[str, GrowingArray] = {}
        self._codec = codec_of("blosc-zstd", None, np.dtype(np.uint8))

    def add(self, dataset: str, name: str, pixels: np.ndarray) -> Place:
        key = f"{pixels.shape[0]}x{pixels.shape[1]}"
        if key not in self._arrays:
            self._arrays[key] = self._open(key, pixels.shape)
        row = self._arrays[key].add(pixels[np.newaxis])
        self.lengths[key] = row + 1
        return key, row, None

    def flush(self) -> None:
        for array in self._arrays.values():
            array.flush()

    def finish(self) -> None:
        self.flush()
        for key, length in self.lengths.items():
            height, width = map(int, key.split("x"))
            content = self._metadata(height, width)
            content["shape"][0] = length
            self._target.write(f"{self._name}/{key}/zarr.json", to_json(content))
        if self.lengths:
            group = {"zarr_format": 3, "node_type": "group", "attributes": {}}
            self._target.write(f"{self._name}/zarr.json", to_json(group))

    def close(self) -> None:
        for array in self._arrays.values():
            array.close()
        self._pool.shutdown()
        self._target.close()

    def _open(self, key: str, shape: Sequence[int]) -> GrowingArray:
        grid = plan_grid((1, shape[0], shape[1]), np.dtype(np.uint8))
        return GrowingArray(
            self._target,
            f"{self._name}/{key}",
            grid,
            self._codec,
            self.lengths.get(key, 0),
            self._pool,
            WAITING_BYTES,
        )

    def _metadata(self, height: int, width: int) -> dict[str, Any]:
        grid = plan_grid((1, height, width), np.dtype(np.uint8))
        return array_metadata(grid, self._codec) | {"dimension_names": list(AXES)}
