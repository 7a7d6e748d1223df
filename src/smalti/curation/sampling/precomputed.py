"""Volumes as neuroglancer stores them ("precomputed"), elsewhere.

After https://github.com/google/neuroglancer/blob/master/src/datasource/precomputed/volume.md: axes are x, y,
z and channel, resolution is in nm.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from smalti.curation.sampling.levels import Level, level_at, scale_of
from smalti.curation.sampling.places import Place
from smalti.curation.sampling.reading import FarError, Reach

__all__ = ["precomputed_levels"]


def precomputed_levels(
    reach: Reach, place: Place, axes: Sequence[str] | None
) -> tuple[list[Level], int, list[str]] | None:
    """Levels of a volume, the one that the URL names, and notes; None where there is none.

    Parameters
    ----------
    axes
        What a person says of them, in place of the metadata.

    Raises
    ------
    FarError
        It cannot be read, or is no volume.
    """
    info = reach.json_of(place, "info")
    if info is None:
        return None
    scales = info.get("scales")
    if not isinstance(scales, list) or not scales:
        kind = info.get("@type") or info.get("type") or "something else"
        raise FarError(place.url, f"its info describes {kind}, no volume with scales")
    notes = ["it is a segmentation: its voxels are labels"] if info.get("type") == "segmentation" else []
    names = [*axes, "c"][:4] if axes and len(axes) == 3 else axes or "xyzc"
    return [_level(reach, place, number, one, names) for number, one in enumerate(scales)], 0, notes


def _level(reach: Reach, place: Place, number: int, entry: dict[str, Any], names: Sequence[str]) -> Level:
    level = level_at(reach, place, "neuroglancer_precomputed", names, {"scale_index": number})
    resolution = entry["resolution"]
    order = [level.axes.index(letter) for letter in "zyx"]
    steps = [float(resolution[i]) for i in order]
    places = [at * step for at, step in zip(level.first, steps, strict=True)]
    return replace(level, scale=scale_of(steps, ["nm"] * 3, places))
