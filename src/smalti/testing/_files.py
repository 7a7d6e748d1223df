"""Writes made-up images in the formats of the field; the same pixels always give the same bytes."""

from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import numpy as np

__all__ = ["PIXEL_SIZE_UM", "write_image"]

PIXEL_SIZE_UM = 0.325
Z_STEP_UM = 0.5
TIME_STEP_S = 30.0
CHANNELS = ("DAPI", "actin")


def write_image(path: Path, image: np.ndarray, axes: str) -> None:
    """Write by the name's ending: ``.png .jpg .tif .ome.tif .ome.zarr``.

    Parameters
    ----------
    axes
        ``YX`` or ``YXS`` for PNG, JPEG and TIFF; ``TYX``, ``CZYX``, ``CYX`` for the others.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.name.endswith(".ome.zarr"):
        _write_ome_zarr(path, image, axes)
    elif path.name.endswith(".ome.tif"):
        _write_ome_tiff(path, image, axes)
    elif path.suffix == ".tif":
        _write_tiff(path, image)
    else:
        _write_picture(path, image)


def _write_picture(path: Path, image: np.ndarray) -> None:
    from PIL import Image

    picture = Image.fromarray(image)
    if path.suffix == ".jpg":
        picture.save(path, quality=95, subsampling=0)
    else:
        picture.save(path, compress_level=1)  # level 6 takes four times as long for 4 % fewer bytes


def _write_tiff(path: Path, image: np.ndarray) -> None:
    from tifffile import imwrite

    per_cm = 10_000 / PIXEL_SIZE_UM
    colour = "rgb" if image.ndim == 3 else "minisblack"
    imwrite(path, image, photometric=colour, resolution=(per_cm, per_cm), resolutionunit=3, metadata=None)


def _write_ome_tiff(path: Path, image: np.ndarray, axes: str) -> None:
    from tifffile import imwrite

    facts: dict[str, object] = {
        "axes": axes,
        "UUID": str(uuid5(NAMESPACE_URL, path.name)),  # a random one would make each run's bytes differ
        "PhysicalSizeX": PIXEL_SIZE_UM,
        "PhysicalSizeY": PIXEL_SIZE_UM,
    }
    if "Z" in axes:
        facts["PhysicalSizeZ"] = Z_STEP_UM
    if "T" in axes:
        facts |= {"TimeIncrement": TIME_STEP_S, "TimeIncrementUnit": "s"}
    if "C" in axes:
        facts["Channel"] = {"Name": list(CHANNELS)}
    imwrite(path, image, ome=True, photometric="minisblack", compression="zlib", metadata=facts)


def _write_ome_zarr(path: Path, image: np.ndarray, axes: str) -> None:
    """OME-Zarr 0.5 with two levels, the second by 2×2 means."""
    import zarr

    group = zarr.create_group(path, zarr_format=3, overwrite=True)
    halves = image.reshape(*image.shape[:-2], image.shape[-2] // 2, 2, image.shape[-1] // 2, 2)
    levels = (image, np.rint(halves.mean(axis=(-3, -1))).astype(image.dtype))
    for index, level in enumerate(levels):
        chunks = (1,) * (level.ndim - 2) + (128, 128)
        group.create_array(str(index), data=level, chunks=chunks, dimension_names=list(axes.lower()))
    group.attrs["ome"] = {
        "version": "0.5",
        "multiscales": [
            {
                "name": path.name.removesuffix(".ome.zarr"),
                "axes": [_ngff_axis(axis) for axis in axes],
                "datasets": [_ngff_level(index, axes) for index in range(len(levels))],
            }
        ],
        "omero": {"channels": [{"label": name} for name in CHANNELS]},
    }


def _ngff_axis(axis: str) -> dict[str, str]:
    if axis == "C":
        return {"name": "c", "type": "channel"}
    return {"name": axis.lower(), "type": "space", "unit": "micrometer"}


def _ngff_level(index: int, axes: str) -> dict[str, object]:
    size = {"Y": PIXEL_SIZE_UM * 2**index, "X": PIXEL_SIZE_UM * 2**index, "Z": Z_STEP_UM}
    scale = [size.get(axis, 1.0) for axis in axes]
    return {"path": str(index), "coordinateTransformations": [{"type": "scale", "scale": scale}]}
