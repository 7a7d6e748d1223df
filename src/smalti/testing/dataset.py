"""A folder of made-up images with known defects: what `smalti demo` shows and tests measure against."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from smalti.testing._copies import COPIES
from smalti.testing._files import write_image
from smalti.testing._plan import Item, plan
from smalti.testing.defects import DEFECTS, apply_defect, find_defect
from smalti.testing.synthetic import synthetic, time_series, z_stack

if TYPE_CHECKING:
    import polars as pl

__all__ = ["CLUTTER", "level_series", "write_dataset"]

CLUTTER = {
    ".DS_Store": b"\x00\x00\x00\x01Bud1",
    "control/.DS_Store": b"\x00\x00\x00\x01Bud1",
    "control/._well_001.tif": b"\x00\x05\x16\x07",
    "treated/Thumbs.db": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    "treated/notes.txt": b"Plate 7: fixed for 15 min, imaged the next day.\n",
}
"""Files that are no images, by path, as desktops and people leave them."""

TREATED = {"spacing": 40.0, "radius": 12.5}
"""Treated cells are fewer and their nuclei larger: a difference that the groups' plots should show."""


def write_dataset(folder: str | os.PathLike[str], n: int = 200, seed: int = 0) -> "pl.DataFrame":
    """Write a dataset of `n` images with known defects, clutter, and ``truth.csv``; the same for one seed.

    Five conditions, one folder each: ``control`` and ``treated`` (nuclei as 16-bit TIFF and PNG; OME-TIFF
    z-stacks and time series; one OME-Zarr), ``em`` (PNG), ``histology`` (JPEG), ``sky`` (16-bit TIFF).
    Two in three are clean. 200 images are 29 MB. Defects that are seldom seen (tilt, haze, underexposure,
    dead lines, hot pixels, border, comb) come once, and only among 200 images or more.

    Parameters
    ----------
    folder
        Made if missing; files of the same names are replaced.
    n
        Number of images, 100 or more; an OME-Zarr counts as one.
    seed
        Any integer ≥ 0.

    Returns
    -------
    polars.DataFrame
        The truth, sorted by path, also written as ``truth.csv``. One row a file: ``path`` (POSIX,
        relative), ``condition scene dtype defect level unit seed of sharpest_z drift_px bleaching height
        width``. ``defect`` is ``none``, a name out of `DEFECTS`, or ``exact_duplicate``,
        ``near_duplicate`` (both with the path of the original in ``of``), ``odd_dtype``, ``wrong_size``,
        ``truncated``, ``unreadable``, ``drift``, ``bleaching``; ``level`` is in ``unit``.

    Raises
    ------
    UsageError
        `n` is too small to hold every usual defect.
    """
    import polars as pl

    base = Path(folder)
    items = plan(n, seed)
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        written = list(pool.map(lambda item: _write(base, item), items))
    for path, content in CLUTTER.items():
        (base / path).write_bytes(content)
    truth = pl.DataFrame([_row(item) for item in written], infer_schema_length=None)
    truth.write_csv(base / "truth.csv")
    return truth


def level_series(
    defect: str,
    scene: str = "nuclei",
    seed: int = 0,
    dtype: str = "uint8",
    shape: tuple[int, int] = (256, 256),
) -> list[tuple[float | None, np.ndarray]]:
    """One scene, clean (level None) and then at the five levels of one defect, from mild to grave.

    Parameters
    ----------
    defect
        Out of `smalti.testing.defects.DEFECTS`.
    scene, seed, dtype, shape
        As for `smalti.testing.synthetic.synthetic`.

    Returns
    -------
    list
        Six pairs of level, in the defect's unit for this image, and image.
    """
    clean = synthetic(scene, seed, shape, dtype)
    known = find_defect(defect)
    levels = [known.level_for(clean, level) for level in known.levels]
    return [(None, clean), *((level, apply_defect(defect, clean, level, seed)) for level in levels)]


def _row(item: Item) -> dict[str, object]:
    row = asdict(item)
    row.pop("shape")
    height, width = item.shape
    return row | {"height": height, "width": width}


def _write(base: Path, item: Item) -> Item:
    """Write one item; gives it back with its level in the units of its own pixels and its true size."""
    path = base / item.path
    if item.scene == "z_stack":
        assert item.sharpest_z is not None
        write_image(path, z_stack(item.seed, item.shape, sharpest=item.sharpest_z), "CZYX")
    elif item.scene == "time_series":
        film = time_series(item.seed, item.shape, drift=item.drift_px or 0, bleaching=item.bleaching or 0.0)
        write_image(path, film, "TYX")
    elif item.defect == "unreadable":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(UNREADABLE[path.suffix])
    else:
        image, item = _draw(item)
        write_image(path, image, "YX")
    if item.defect == "truncated":
        assert item.level is not None
        os.truncate(path, int(item.level * path.stat().st_size))
    return item


UNREADABLE = {
    ".tif": np.random.default_rng(0).bytes(4096),
    ".png": b"<!DOCTYPE html>\n<html><body><h1>403 Forbidden</h1></body></html>\n",
}
"""What stands in files that only their names call images: noise, and a server's refusal saved as a PNG."""


def _draw(item: Item) -> tuple[np.ndarray, Item]:
    origin = (item.of or item.path).partition("/")[0]
    options = TREATED if origin == "treated" else {}
    image = synthetic(item.scene, item.seed, item.shape, item.dtype, **options)
    if item.defect in DEFECTS:
        assert item.level is not None
        item = replace(item, level=DEFECTS[item.defect].level_for(image, item.level))
        assert item.level is not None
        return apply_defect(item.defect, image, item.level, item.seed), item
    if item.defect == "near_duplicate":
        assert item.level is not None
        image = COPIES[item.unit or ""](image, item.level)
        return image, replace(item, shape=image.shape[:2])
    return image, item
