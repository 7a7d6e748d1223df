"""Volumes of N5, elsewhere, with the metadata that n5-viewer, BigDataViewer, COSEM and neuroglancer write.

N5 lists sizes with the fastest axis first (https://github.com/saalfeldlab/n5): x, y, z. Libraries that list
the slowest first turn sizes, and leave attributes as they are; so attributes may name axes either way.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from smalti.curation.sampling.levels import Level, Scale, by, level_at, scale_of
from smalti.curation.sampling.places import Place
from smalti.curation.sampling.reading import FarError, Reach, refused
from smalti.curation.spacing import Sizes

__all__ = ["n5_levels"]

_USUAL = {2: "xy", 3: "xyz", 5: "xyzct"}
_MOST = 24
_ALIKE = 0.01


def n5_levels(
    reach: Reach, place: Place, axes: Sequence[str] | None
) -> tuple[list[Level], int, list[str]] | None:
    """Levels ``s0``, ``s1`` … of a volume, the one that the URL names, and notes; None where there is none.

    Parameters
    ----------
    axes
        What a person says of them, in the order of ``dimensions``, in place of the metadata.

    Raises
    ------
    FarError
        It cannot be read, is no volume, or its axes are named in two ways.
    """
    own = _attributes(reach, place)
    if own is not None and "dimensions" in own:
        number = re.fullmatch(r"s(\d+)", place.name)
        above = place.below("..")
        first = _attributes(reach, above.below("s0")) if number else None
        if number is None or first is None or "dimensions" not in first:
            return [_level(reach, place, own, {}, 0, axes)], 0, []
        levels = _levels(reach, above, _attributes(reach, above) or {}, axes)
        return levels, min(int(number[1]), len(levels) - 1), []
    levels = _levels(reach, place, own or {}, axes)
    if levels:
        return levels, 0, []
    if own is None:
        return None
    raise FarError(
        place.url, "it is a group of N5 without levels s0, s1 …; give the URL of a volume, such as …/em/s0"
    )


def _attributes(reach: Reach, place: Place) -> dict[str, Any] | None:
    """Of a group or dataset; None also where a bucket refuses to say that there are none."""
    try:
        return reach.json_of(place, "attributes.json")
    except FarError as error:
        if refused(error):
            return None
        raise


def _levels(reach: Reach, place: Place, group: Mapping[str, Any], axes: Sequence[str] | None) -> list[Level]:
    """They are there as long as there is a next."""
    made: list[Level] = []
    for number in range(_MOST):
        inside = place.below(f"s{number}")
        own = _attributes(reach, inside)
        if own is None or "dimensions" not in own:
            break
        made.append(_level(reach, inside, own, group, number, axes))
    return made


def _level(
    reach: Reach,
    place: Place,
    own: Mapping[str, Any],
    group: Mapping[str, Any],
    number: int,
    axes: Sequence[str] | None,
) -> Level:
    dimensions = own["dimensions"]
    transform = _transform(own, group, number, place.name)
    names = axes or _named(own, group, transform, dimensions, place.url)
    level = level_at(reach, place, "n5", names)
    try:
        return replace(level, scale=_scale(level, own, group, number, transform))
    except FarError:
        if axes is None:
            raise
        return level  # of contradictory sizes neither counts where a person told the axes


def _transform(own: Mapping[str, Any], group: Mapping[str, Any], number: int, name: str) -> Mapping[str, Any]:
    """What COSEM states of a level: named axes with scale, translation and units; empty for nothing."""
    if isinstance(own.get("transform"), dict):
        return dict(own["transform"])
    entries = group.get("multiscales")
    first = entries[0] if isinstance(entries, list) and entries else {}
    listed = first.get("datasets") if isinstance(first, dict) else None
    for entry in listed or ():
        if isinstance(entry, dict) and entry.get("path") == name and isinstance(entry.get("transform"), dict):
            return dict(entry["transform"])
    return {}


def _named(
    own: Mapping[str, Any],
    group: Mapping[str, Any],
    transform: Mapping[str, Any],
    dimensions: Sequence[int],
    url: str,
) -> Sequence[object]:
    """Names of axes in the order of `dimensions`."""
    n = len(dimensions)
    usual = _USUAL.get(n)
    stated = own.get("axes") or group.get("axes")
    if not isinstance(stated, list):
        if usual is None:
            raise FarError(
                url,
                f"it has {n} axes and does not name them; state them in the column 'axes', in the order of "
                f"its dimensions {by(dimensions)}",
            )
        return usual
    names = [str(name).lower() for name in stated]
    if len(names) != n or not {"x", "y"} <= set(names) or names.index("x") < names.index("y"):
        return names  # what does not fit is refused where the array is opened
    turned = [str(name).lower() for name in transform.get("axes") or ()]
    if turned == names or own.get("ordering") == "C" or group.get("ordering") == "C":
        return names[::-1]  # listed as COSEM lists them, the slowest first
    raise FarError(
        url,
        f"its axes are named {','.join(names)}, which may mean that x is the fastest axis, or the slowest; "
        f"state them in the column 'axes', in the order of its dimensions {by(dimensions)}: mostly "
        f"{','.join(names[::-1])}",
    )


def _scale(
    level: Level, own: Mapping[str, Any], group: Mapping[str, Any], number: int, transform: Mapping[str, Any]
) -> Scale:
    named = _by_name(level, transform)
    listed = _listed(level, own, group, number)
    if named.steps is None:
        return listed
    if listed.steps and named.unit == listed.unit:
        z, y, x = listed.steps
        if not _alike(named.steps, (z, y, x)) and _alike(named.steps, (x, y, z)):
            raise FarError(
                level.place.url,
                f"its voxels are {by(named.steps)} µm (z × y × x) by its transform and {by(listed.steps)} by "
                "its resolution: one of both lists axes in a wrong order; state axes, voxel_x, voxel_y and "
                "voxel_z in the list",
            )
    return named


def _by_name(level: Level, transform: Mapping[str, Any]) -> Scale:
    names = [str(name).lower() for name in transform.get("axes") or ()]
    steps, places = _numbers(transform.get("scale")), _numbers(transform.get("translate"))
    if not {"z", "y", "x"} <= set(names) or len(steps) != len(names):
        return Scale()
    units = transform.get("units") or [None] * len(names)
    order = [names.index(letter) for letter in "zyx"]
    return scale_of(
        [steps[i] for i in order],
        [units[i] for i in order] if len(units) == len(names) else [None] * 3,
        [places[i] if len(places) == len(names) else 0.0 for i in order],
    )


def _listed(level: Level, own: Mapping[str, Any], group: Mapping[str, Any], number: int) -> Scale:
    """Resolutions in the order of dimensions; those of a group are of its full size."""
    for attributes, factors in ((own, own.get("downsamplingFactors")), (group, _factors(own, group, number))):
        steps, units = _resolution(attributes)
        if len(steps) < 3:
            continue
        times = _numbers(factors)
        if len(times) >= 3:
            steps = [a * b for a, b in zip(steps, times, strict=False)]
        order = [i for i in (level.axes.index(letter) for letter in "zyx") if i < len(steps)]
        if len(order) == 3:
            known = [units[i] if i < len(units) else None for i in order]
            return scale_of([steps[i] for i in order], known, [0.0] * 3)
    return Scale()


def _factors(own: Mapping[str, Any], group: Mapping[str, Any], number: int) -> object:
    if own.get("downsamplingFactors"):
        return own["downsamplingFactors"]
    listed = group.get("downsamplingFactors") or group.get("scales")
    return listed[number] if isinstance(listed, list) and number < len(listed) else None


def _resolution(attributes: Mapping[str, Any]) -> tuple[list[float], list[object]]:
    """Numbers in the order of dimensions, and their units where they are stated."""
    stated = attributes.get("pixelResolution")
    if isinstance(stated, dict):
        numbers = _numbers(stated.get("dimensions"))
        return numbers, [stated.get("unit")] * len(numbers)
    numbers = _numbers(attributes.get("resolution")) or _numbers(stated)
    units = attributes.get("units")
    return numbers, list(units) if isinstance(units, list) else []


def _numbers(given: object) -> list[float]:
    """A list of numbers; empty for anything else."""
    if not isinstance(given, list) or not all(isinstance(n, int | float) for n in given):
        return []
    return [float(n) for n in given]


def _alike(one: Sizes, other: Sizes) -> bool:
    return all(abs(a - b) <= _ALIKE * abs(a) for a, b in zip(one, other, strict=True))
