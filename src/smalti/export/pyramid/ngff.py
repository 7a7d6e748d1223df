"""Metadata of OME-Zarr 0.4 and 0.5: multiscales, channels, labels, wells and plates.

Written after https://ngff.openmicroscopy.org/0.5/ and /0.4/, so that strict validation passes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from smalti import __version__
from smalti.export.pyramid.source import Channel, Source
from smalti.writers.levels import Plan
from smalti.writers.metadata import to_json

__all__ = ["Ngff", "Placed", "group_files", "labels_part", "multiscales", "omero", "placed"]

Ngff = Literal["0.5", "0.4"]

_TYPES = {"t": "time", "c": "channel"}
_COLOURS = ("00FF00", "FF00FF", "00FFFF", "FF0000", "FFFF00", "0000FF", "FFFFFF")
"""Of channels without one; a single one is white."""

_METHODS = {
    "mean": "mean of blocks, of integers rounded half to even, of floats without NaN",
    "gaussian": "Gaussian around the centre of each block",
    "mode": "most frequent value of blocks, of several the smallest",
    "nearest": "pixel nearest to the centre of blocks",
    "max": "largest value of blocks",
    "median": "median of blocks",
}


def group_files(ngff: Ngff, parts: Mapping[str, Any] | None = None) -> dict[str, bytes]:
    """The files that make a folder a group of a version, by name; `parts` are its metadata by their names."""
    if ngff == "0.5":
        ome = {"version": ngff, **{name: _in_ome(name, part, ngff) for name, part in (parts or {}).items()}}
        attributes = {"ome": ome} if parts else {}
        return {"zarr.json": to_json({"zarr_format": 3, "node_type": "group", "attributes": attributes})}
    files = {".zgroup": to_json({"zarr_format": 2})}
    if parts:
        files[".zattrs"] = to_json({name: _stamped(part, ngff) for name, part in parts.items()})
    return files


def _in_ome(name: str, part: Any, ngff: Ngff) -> Any:
    """In 0.5 only plates state the version again; ome-zarr-models warns where they do not."""
    return _stamped(part, ngff) if name == "plate" else part


def _stamped(part: Any, ngff: Ngff) -> Any:
    """In 0.4 each part states the version by itself."""
    if isinstance(part, Mapping):
        return {**part, "version": ngff}
    if isinstance(part, list) and part and isinstance(part[0], Mapping):
        return [{**entry, "version": ngff} for entry in part]
    return part


@dataclass(frozen=True, slots=True)
class Placed:
    """One level: the path of its array, distances of its pixels, and where the centre of the first is."""

    path: str
    scale: Mapping[str, float]
    translation: Mapping[str, float]


def placed(source: Source, plan: Plan) -> list[Placed]:
    """The levels of a plan: pixels are at the centres of blocks, not at their corners."""
    times = np.ones(len(source.names), np.int64)
    made = []
    for level in plan.levels:
        times = times * level.factors
        scale, place = {}, {}
        for name, n in zip(source.names, map(int, times), strict=True):
            step = source.scale.get(name, 1.0)
            scale[name] = step * n
            place[name] = source.translation.get(name, 0.0) + (n - 1) / 2 * step
        made.append(Placed(level.path, scale, place))
    return made


def multiscales(source: Source, levels: Sequence[Placed], method: str) -> list[dict[str, Any]]:
    """Axes, and the place and size of the pixels of every level."""
    return [
        {
            "name": source.name,
            "axes": [_axis(name, source.units.get(name)) for name in source.names],
            "datasets": [_dataset(source.names, level) for level in levels],
            "type": method,
            "metadata": {
                "method": f"smalti.to_multiscale(method={method!r})",
                "description": _METHODS.get(method, method),
                "version": __version__,
            },
        }
    ]


def _axis(name: str, unit: str | None) -> dict[str, str]:
    axis = {"name": name, "type": _TYPES.get(name, "space")}
    return axis if unit is None else {**axis, "unit": unit}


def _dataset(names: str, level: Placed) -> dict[str, Any]:
    scale = [level.scale.get(name, 1.0) for name in names]
    place = [level.translation.get(name, 0.0) for name in names]
    transformations: list[dict[str, Any]] = [{"type": "scale", "scale": scale}]
    if any(place):
        transformations.append({"type": "translation", "translation": place})
    return {"path": level.path, "coordinateTransformations": transformations}


def omero(source: Source, lows: np.ndarray, highs: np.ndarray) -> dict[str, Any]:
    """Channels as viewers show them.

    Parameters
    ----------
    source
        The image.
    lows, highs
        Smallest and largest value of each channel on the last level.
    """
    channels = []
    for number in range(source.n_channels):
        known = source.channels[number] if source.channels else None
        usual = "FFFFFF" if source.n_channels == 1 else _COLOURS[number % len(_COLOURS)]
        window = _window(source.dtype, float(lows[number]), float(highs[number]), known or Channel())
        label = {"label": known.name} if known and known.name else {}
        channels.append(
            {
                **label,
                "color": (known.colour if known else "") or usual,
                "active": known is None or known.active,
                "family": "linear",
                "coefficient": 1,
                "inverted": False,
                "window": window,
            }
        )
    model = "greyscale" if source.n_channels == 1 else "color"
    return {
        "name": source.name,
        "channels": channels,
        "rdefs": {"defaultT": 0, "defaultZ": _middle(source), "model": model},
    }


def _middle(source: Source) -> int:
    return (source.lengths.get("z", 1) - 1) // 2


def _window(dtype: np.dtype, low: float, high: float, channel: Channel) -> dict[str, float]:
    """Limits of a type of at most 16 bits, else of the pixels; and what is black and white at first."""
    if not (np.isfinite(low) and np.isfinite(high)):
        low, high = 0.0, 1.0
    if high <= low:
        high = low + max(1.0, abs(low) * 1e-6)  # of large floats one more is none more
    if dtype.kind in "iu" and dtype.itemsize <= 2:
        least, most = float(np.iinfo(dtype).min), float(np.iinfo(dtype).max)
        low, high = (max(least, min(low, most - 1)), min(high, most)) if channel.stretched else (least, most)
    else:
        least, most = low, high
    low, high = channel.window or (low, high)
    return {"min": min(least, low), "max": max(most, high), "start": low, "end": high}


def labels_part(values: Sequence[int]) -> dict[str, Any]:
    """Colours of labels, those of neighbours in number far apart, and the image that they are of."""
    from colorsys import hsv_to_rgb

    colours = []
    for value in values or [1]:
        red, green, blue = (round(255 * part) for part in hsv_to_rgb(value * 0.618034 % 1, 0.65, 0.95))
        rgba = [red, green, blue, 255] if value else [0, 0, 0, 0]
        colours.append({"label-value": int(value), "rgba": rgba})
    return {"colors": colours, "source": {"image": "../../"}}
