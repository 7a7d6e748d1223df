"""Some images of a store as one picture, or as lines: ``smalti samples``."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from smalti.core.errors import UsageError
from smalti.export.opened import Opened, opened
from smalti.export.sheet import Cell, sheet
from smalti.export.tiles import tile

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

__all__ = ["display_sample_images", "list_samples"]


@dataclass(frozen=True, slots=True, eq=False)
class _Sample:
    """One image of a store, without its padding: (channels, height, width)."""

    place: str
    name: str
    pixels: np.ndarray

    @property
    def facts(self) -> str:
        """Shape, type, least and greatest value."""
        values = self.pixels[np.isfinite(self.pixels)]
        span = "no finite value"
        if values.size:
            low, high = values.min(), values.max()
            span = f"all {low:g}" if low == high else f"{low:g} to {high:g}"
        shape = "×".join(map(str, self.pixels.shape))
        return f"{shape} {self.pixels.dtype}, {span}"


def display_sample_images(
    store: str | os.PathLike[str],
    num_samples: int = 6,
    save_path: str | os.PathLike[str] | None = None,
    seed: int = 0,
) -> "Picture":
    """Some images of a store, drawn by chance, with their names; a notebook shows what is returned.

    Parameters
    ----------
    store
        Path or URL of the store.
    num_samples
        How many; all where there are fewer.
    save_path
        A picture file to write as well, such as ``samples.png``.
    seed
        The same seed draws the same images.

    Returns
    -------
    PIL.Image.Image
        A sheet of tiles; see `smalti.export.tiles.tile` for their contrast and colours.

    Raises
    ------
    UsageError
        There is no such store, or no image in it.
    """
    if save_path is not None:
        _check_suffix(os.fspath(save_path))
    cells = [
        Cell(tile(one.pixels), one.name, one.facts) for one in _samples(os.fspath(store), num_samples, seed)
    ]
    picture = sheet(cells)
    if save_path is not None:
        picture.save(save_path)
    return picture


def _check_suffix(path: str) -> None:
    from PIL.Image import registered_extensions

    if os.path.splitext(path)[1].lower() not in registered_extensions():  # noqa: PTH122
        raise UsageError(f"{path} names no kind of picture; give one that ends in .png or .jpg")


def list_samples(store: str, n: int, seed: int) -> str:
    """Images drawn by chance as lines: array and row, shape, type, least and greatest value, path."""
    return "\n".join(f"{one.place}  {one.facts}  {one.name}" for one in _samples(store, n, seed))


def _samples(store: str, n: int, seed: int) -> Iterator[_Sample]:
    """Images drawn by chance, in the order of the store."""
    found = opened(store)
    try:
        if n < 1:
            raise UsageError(f"{n} samples; give 1 or more")
        ends = np.cumsum([array.shape[0] for array in found.arrays.values()], dtype=np.int64)
        if not len(ends) or not ends[-1]:
            raise UsageError(f"{found.path} holds no image")
        chosen = np.random.default_rng(seed).choice(ends[-1], min(n, ends[-1]), replace=False)
        for number in sorted(chosen):
            which = int(np.searchsorted(ends, number, side="right"))
            path = list(found.arrays)[which]
            yield _sample(found, path, int(number - ends[which] + found.arrays[path].shape[0]))
    finally:
        found.target.close()


def _sample(found: Opened, path: str, row: int) -> _Sample:
    pixels = np.asarray(found.arrays[path][row])
    pixels = pixels[np.newaxis] if pixels.ndim == 2 else pixels
    place, name = f"{path} {row}", ""
    if found.state is not None:
        own = found.table.filter((found.table["bucket"] == path) & (found.table["row"] == row))
        if own.height:
            c, h, w = own["stored_shape"][0]
            pixels, name = pixels[:c, :h, :w], own["path"][0]
    elif "filename" in found.table.columns and row < found.table.height:
        name = str(found.table["filename"][row])
    return _Sample(place, " ".join(name.split()) or place, pixels)  # a name may be of several lines
