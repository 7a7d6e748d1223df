"""A stack at one resolution as OME-Zarr 0.5, in shards."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from smalti.writers.codecs import codec_of
from smalti.writers.levels import Cut, Region, plan_levels
from smalti.writers.metadata import to_json
from smalti.writers.pyramid import Image, Read, write_pyramid
from smalti.writers.staged import staged
from smalti.writers.volume import Volume

__all__ = ["write_ome_zarr"]

CUBE = 64
"""Side of a chunk of a volume, so that a box of it is read without much around it."""

_ARRAY = "0"
_UNITS = {"um": "micrometer"}


def write_ome_zarr(path: Path, volume: Volume, read: Read, threads: int = 1) -> None:
    """Write a stack part by part; the store is there as a whole or not at all, and replaces what was."""
    chunk = None if "t" in volume.axes else (CUBE, CUBE, CUBE)
    plan = plan_levels(volume.axes, volume.shape, volume.dtype, [], Cut(chunk), path=_ARRAY)
    codec = codec_of("blosc-zstd", None, volume.dtype)
    with (
        staged(str(path), overwrite=True) as place,
        ThreadPoolExecutor(threads) as pool,
        ThreadPoolExecutor(1) as disk,
    ):
        write_pyramid(Image(place.target, place.path, plan, codec, pool, disk), read, "mean", _unseen)
        place.target.write(f"{place.path}/zarr.json", to_json(_group(volume)))
        place.commit()


def _unseen(number: int, region: Region, pixels: np.ndarray) -> None:
    pass


def _group(volume: Volume) -> dict[str, Any]:
    """After https://ngff.openmicroscopy.org/0.5/; an unknown step is 1 without a unit, as it asks."""
    transformations: list[dict[str, Any]] = [
        {"type": "scale", "scale": [float(volume.steps.get(axis, 1.0)) for axis in volume.axes]}
    ]
    if any(volume.origin.values()):
        place = [float(volume.origin.get(axis, 0.0)) for axis in volume.axes]
        transformations.append({"type": "translation", "translation": place})
    multiscale = {
        "name": volume.name,
        "axes": [_axis(volume, axis) for axis in volume.axes],
        "datasets": [{"path": _ARRAY, "coordinateTransformations": transformations}],
    }
    attributes = {"ome": {"version": "0.5", "multiscales": [multiscale]}, "smalti": dict(volume.facts)}
    return {"zarr_format": 3, "node_type": "group", "attributes": attributes}


def _axis(volume: Volume, axis: str) -> dict[str, str]:
    made = {"name": axis, "type": "time" if axis == "t" else "space"}
    unit = "second" if axis == "t" else _UNITS.get(volume.unit)
    return {**made, "unit": unit} if unit and axis in volume.steps else made
