"""Some images of a store as one picture: ``smalti samples``."""

import os
from math import ceil, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from smalti.core.errors import UsageError
from smalti.export.opened import Opened, opened

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

__all__ = ["display_sample_images", "list_samples", "sampled"]

TILE = 256
GAP = 8
LINE = 16
INK, PAPER = (29, 37, 43), (255, 255, 255)


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
        Tiles of 256 pixels. Each image has its own contrast, from its 1st to its 99.8th percentile of finite
        values; of two channels the first is shown, of more the first three as red, green and blue.

    Raises
    ------
    UsageError
        There is no such store, or no image in it.
    """
    found = opened(os.fspath(store))
    try:
        picture = _sheet([_tile(found, *place) for place in sampled(found, num_samples, seed)])
    finally:
        found.target.close()
    if save_path is not None:
        picture.save(save_path)
    return picture


def list_samples(store: str, n: int, seed: int) -> str:
    """Images drawn by chance as lines: array, row, shape, type, least and greatest value, name."""
    found = opened(store)
    try:
        lines = []
        for path, row in sampled(found, n, seed):
            pixels, name = _image(found, path, row)
            values = pixels[np.isfinite(pixels)]
            span = f"{values.min():g} to {values.max():g}" if values.size else "no finite value"
            shape = "×".join(map(str, pixels.shape))
            lines.append(f"{path} {row}  {shape} {pixels.dtype}  {span}  {name}")
        return "\n".join(lines)
    finally:
        found.target.close()


def sampled(found: Opened, n: int, seed: int) -> list[tuple[str, int]]:
    """Array and row of images drawn by chance, in the order of the store."""
    if n < 1:
        raise UsageError(f"{n} samples; give 1 or more")
    places = [(path, row) for path, array in found.arrays.items() for row in range(array.shape[0])]
    if not places:
        raise UsageError(f"{found.path} holds no image")
    chosen = np.random.default_rng(seed).choice(len(places), min(n, len(places)), replace=False)
    return [places[number] for number in sorted(chosen)]


def _tile(found: Opened, path: str, row: int) -> tuple[np.ndarray, str]:
    """An image as 8-bit colours, and its name."""
    pixels, name = _image(found, path, row)
    shown = pixels[:3] if pixels.shape[0] >= 3 else pixels[:1]
    return np.stack([stretched(channel) for channel in _small(shown)], axis=-1), name


def _image(found: Opened, path: str, row: int) -> tuple[np.ndarray, str]:
    """An image without its padding, and its name."""
    pixels = np.asarray(found.arrays[path][row])
    pixels = pixels[np.newaxis] if pixels.ndim == 2 else pixels
    name = f"{path} {row}"
    if found.table.height and "row" in found.table.columns:
        own = found.table.filter((found.table["bucket"] == path) & (found.table["row"] == row))
        c, h, w = own["stored_shape"][0] if own.height else pixels.shape
        pixels, name = pixels[:c, :h, :w], own["filename"][0] if own.height else name
    elif "filename" in found.table.columns and row < found.table.height:
        name = found.table["filename"][row]
    return pixels, str(name)


def _small(pixels: np.ndarray) -> np.ndarray:
    """About every k-th pixel: a tile needs no more."""
    step = max(1, max(pixels.shape[1:]) // (2 * TILE))
    return pixels[:, ::step, ::step]


def stretched(plane: np.ndarray) -> np.ndarray:
    """A plane as 8 bits, from black at its 1st to white at its 99.8th percentile; not finite is black."""
    values = plane.astype(np.float64)
    fine = np.isfinite(values)
    if not fine.any():
        return np.zeros(plane.shape, np.uint8)
    low, high = np.percentile(values[fine], (1, 99.8))
    if high <= low:
        low, high = values[fine].min(), values[fine].max()
    span = high - low if high > low else 1.0
    grey = (
        np.clip(np.where(fine, values - low, 0.0) / span, 0, 1) if high > low else np.full(plane.shape, 0.5)
    )
    return np.where(fine, np.rint(255 * grey), 0).astype(np.uint8)


def _sheet(tiles: list[tuple[np.ndarray, str]]) -> "Picture":
    """Tiles in rows, as square as can be."""
    from PIL import Image, ImageDraw, ImageFont

    columns = min(len(tiles), ceil(sqrt(len(tiles) * 1.5)))
    rows = ceil(len(tiles) / columns)
    size = (columns * (TILE + GAP) + GAP, rows * (TILE + LINE + 2 * GAP) + GAP)
    sheet = Image.new("RGB", size, PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    for number, (pixels, name) in enumerate(tiles):
        at = number % columns * (TILE + GAP) + GAP, number // columns * (TILE + LINE + 2 * GAP) + GAP
        tile = Image.fromarray(pixels if pixels.shape[-1] == 3 else pixels[..., 0]).convert("RGB")
        scale = TILE / max(tile.size)
        tile = tile.resize([max(1, round(length * scale)) for length in tile.size], _resampling(scale))
        sheet.paste(tile, (at[0] + (TILE - tile.width) // 2, at[1] + (TILE - tile.height) // 2))
        draw.text((at[0], at[1] + TILE + GAP // 2), _fitting(name, draw, font), INK, font)
    return sheet


def _resampling(scale: float) -> Any:
    from PIL.Image import Resampling

    return Resampling.NEAREST if scale > 1 else Resampling.BOX


def _fitting(name: str, draw: Any, font: Any) -> str:
    """A name cut in its middle until it is no wider than a tile."""
    for n in range(len(name) - 1, 1, -1):
        if draw.textlength(name, font) <= TILE:
            break
        whole = name.partition("…")
        left, right = (name[: n // 2], name[-(n // 2) :]) if not whole[1] else (whole[0][:-1], whole[2][1:])
        name = f"{left}…{right}"
    return name
