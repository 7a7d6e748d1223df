"""OME-Zarr 0.1 to 0.5 and plain arrays of Zarr 2 and 3, elsewhere.

After https://ngff.openmicroscopy.org/0.4/ and https://ngff.openmicroscopy.org/0.5/.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from smalti.curation.sampling.levels import Level, Scale, level_at, scale_of
from smalti.curation.sampling.places import Place
from smalti.curation.sampling.reading import FarError, Reach, refused

__all__ = ["zarr_levels"]

_BEFORE_AXES = "tczyx"
"""OME-Zarr 0.1 and 0.2 had five axes and did not name them."""


@dataclass(frozen=True, slots=True)
class _Node:
    """A group or array of either version of Zarr."""

    attributes: Mapping[str, Any]
    driver: str
    is_array: bool
    names: Sequence[object] | None = None

    @property
    def ome(self) -> Mapping[str, Any]:
        """What OME-Zarr says, wherever its version puts it."""
        inner = self.attributes.get("ome")
        return inner if isinstance(inner, dict) else self.attributes

    @property
    def image(self) -> Mapping[str, Any] | None:
        """The first image of a group."""
        entries = self.ome.get("multiscales")
        first = entries[0] if isinstance(entries, list) and entries else None
        return first if isinstance(first, dict) and isinstance(first.get("datasets"), list) else None


def zarr_levels(
    reach: Reach, place: Place, axes: Sequence[str] | None
) -> tuple[list[Level], int, list[str]] | None:
    """Levels of a volume, the one that the URL itself names, and notes; None where there is no Zarr.

    Parameters
    ----------
    axes
        What a person says of them, in place of the metadata.

    Raises
    ------
    FarError
        It cannot be read, or is no image.
    """
    node = _node(reach, place)
    if node is None:
        return None
    if node.is_array:
        above, name = place.below(".."), place.name
        group = _node(reach, above) if name else None
        paths = _paths(group.image) if group is not None and group.image else []
        if group is None or name not in paths:
            return [level_at(reach, place, node.driver, axes or node.names)], 0, []
        levels, notes = _image(reach, above, group, axes)
        return levels, min(paths.index(name), len(levels) - 1), notes
    if node.image is None and "bioformats2raw.layout" in node.ome:
        place = place.below("0")
        node = _node(reach, place) or node
    if node.image is None:
        kind = "a plate" if "plate" in node.ome else "a group"
        raise FarError(place.url, f"it is {kind} of Zarr; give the URL of one image, or array, in it")
    levels, notes = _image(reach, place, node, axes)
    return levels, 0, notes


def _node(reach: Reach, place: Place) -> _Node | None:
    found = _asked(reach, place, "zarr.json")
    if found is not None:
        is_array = found.get("node_type") == "array"
        names = found.get("dimension_names")
        stated = names if isinstance(names, list) and all(names) else None
        return _Node(found.get("attributes") or {}, "zarr3", is_array, stated)
    attributes = _asked(reach, place, ".zattrs")
    array = _asked(reach, place, ".zarray") if "multiscales" not in (attributes or {}) else None
    if attributes is None and array is None:
        return None
    names = (attributes or {}).get("_ARRAY_DIMENSIONS")
    return _Node(attributes or {}, "zarr", array is not None, names if isinstance(names, list) else None)


def _asked(reach: Reach, place: Place, name: str) -> dict[str, Any] | None:
    """Metadata; None also where a bucket refuses to say that there are none."""
    try:
        return reach.json_of(place, name)
    except FarError as error:
        if refused(error):
            return None
        raise


def _paths(image: Mapping[str, Any]) -> list[str]:
    return [str(entry.get("path", "")).strip("/") for entry in image["datasets"] if isinstance(entry, dict)]


def _image(
    reach: Reach, place: Place, node: _Node, axes: Sequence[str] | None
) -> tuple[list[Level], list[str]]:
    image = node.image
    assert image is not None
    entries = [axis if isinstance(axis, dict) else {"name": axis} for axis in image.get("axes") or ()]
    names: Sequence[object] = axes or [entry.get("name", "") for entry in entries] or _BEFORE_AXES
    _check_types(entries if not axes else [], place.url)
    levels: list[Level] = []
    notes: list[str] = []
    for path, entry in zip(_paths(image), image["datasets"], strict=True):
        inside = place.below(path)
        try:
            level = level_at(reach, inside, node.driver, names)
        except FarError as error:
            if not levels or error.kind not in ("NOT_FOUND", "PERMISSION_DENIED"):
                raise
            notes.append(f"level {len(levels)} ({path}) is declared but absent")
            break
        _check_names(level, names if not axes else None)
        units = [_unit(axis) for axis in entries] if len(entries) == len(level.axes) else []
        levels.append(replace(level, scale=_scale(level.axes, entry, image, units)))
    if not levels:
        raise FarError(place.url, "its metadata list no array")
    return levels, notes


def _check_types(entries: Sequence[Mapping[str, Any]], url: str) -> None:
    """An axis z that is said to be one of channels is named wrongly, and so is c in space."""
    for entry in entries:
        name, kind = str(entry.get("name", "")).lower(), entry.get("type")
        right = {"t": "time", "c": "channel"}.get(name, "space" if name in ("z", "y", "x") else None)
        if kind in ("time", "channel", "space") and right is not None and kind != right:
            raise FarError(
                url, f"its axis {name} is said to be one of {kind}; state the axes in the column 'axes'"
            )


def _check_names(level: Level, names: Sequence[object] | None) -> None:
    """Zarr 3 names the axes of an array, too; the same, as OME-Zarr 0.5 asks."""
    own = [label.lower() for label in level.array.domain.labels]
    stated = [str(name).lower() for name in names or own]
    if any(own) and sorted(own) == sorted(stated) and own != stated:
        raise FarError(
            level.place.url,
            f"its axes are {','.join(own)}, those of its image {','.join(stated)}; "
            "state the right ones in the column 'axes'",
        )


def _unit(entry: Mapping[str, Any]) -> str | None:
    return None if entry.get("unit") is None else str(entry["unit"])


def _scale(
    axes: str, entry: Mapping[str, Any], image: Mapping[str, Any], units: Sequence[str | None]
) -> Scale:
    """Of one level; what is stated of all follows what is stated of it."""
    n = len(axes)
    inner, outer = (_numbers(one, "scale", n) for one in (entry, image))
    at, more = (_numbers(one, "translation", n) for one in (entry, image))
    if inner is None and outer is None:
        return Scale()
    factors = outer or [1.0] * n
    steps = [a * b for a, b in zip(inner or [1.0] * n, factors, strict=True)]
    places = [a * b + c for a, b, c in zip(at or [0.0] * n, factors, more or [0.0] * n, strict=True)]
    order = [axes.index(letter) for letter in "zyx"]
    stated = [units[i] if units else None for i in order]
    return scale_of([steps[i] for i in order], stated, [places[i] for i in order])


def _numbers(entry: Mapping[str, Any], kind: str, n: int) -> list[float] | None:
    """A scale or translation among coordinate transformations; None where none is stated."""
    for one in entry.get("coordinateTransformations") or ():
        if one.get("type") == kind and isinstance(one.get(kind), list) and len(one[kind]) == n:
            return [float(value) for value in one[kind]]
    return None
