"""Which images a Zarr store holds, by its metadata alone.

Layouts: OME-Zarr specification (NGFF) 0.1 to 0.5, images, plates and wells; bioformats2raw layout.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

__all__ = ["Found", "images_in"]

_DEEPEST = 4
_NUMBERS = "buifc"


@dataclass(frozen=True, slots=True)
class Found:
    """One image of a store.

    Parameters
    ----------
    name
        Path inside the store; ``""`` for its root.
    group
        Where the datasets lie; None for a plain array.
    multiscale
        The entry of ``multiscales``; empty for a plain array.
    arrays
        Resolution levels that are there, full size first.
    attributes
        Of the group, unwrapped from ``ome``.
    absent
        Paths of levels that are declared and not there.
    trouble
        Why it has no pixels; None when it does.
    place
        Names of its plate (empty where it has none), well and field; None outside a plate.
    """

    name: str
    arrays: tuple[Any, ...] = ()
    multiscale: Mapping[str, Any] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    trouble: str | None = None
    place: tuple[str, str, str] | None = None


def images_in(node: Any, name: str = "", depth: int = 0) -> Iterator[Found]:
    """Images below a Zarr group or array; plates field by field, plain groups array by array."""
    if not hasattr(node, "members"):
        if len(node.shape) >= 2 and node.dtype.kind in _NUMBERS:
            yield Found(name, (node,))
        return
    attributes = dict(node.attrs)
    ome = attributes["ome"] if isinstance(attributes.get("ome"), dict) else attributes
    if ome.get("multiscales"):
        yield from (_image(node, name, ome, entry) for entry in ome["multiscales"])
    elif "plate" in ome:
        yield from _fields(node, name, ome["plate"])
    elif "well" in ome:
        yield from _listed(node, name, [image["path"] for image in ome["well"].get("images", ())])
    elif depth < _DEEPEST:
        members = dict(node.members())
        for key in sorted(members, key=_numbers_first):
            yield from images_in(members[key], _join(name, key), depth + 1)


def _numbers_first(key: str) -> tuple[bool, int, str]:
    return (not key.isdigit(), int(key) if key.isdigit() else 0, key)


def _join(name: str, key: str) -> str:
    return f"{name}/{key}" if name else key


def _fields(plate: Any, name: str, declared: Mapping[str, Any]) -> Iterator[Found]:
    """Images well by well; a well is called by its row and column, ``A1``."""
    for well in declared.get("wells", ()):
        path = well["path"]
        for found in _listed(plate, name, [path]):
            field_path = found.name.removeprefix(_join(name, path)).strip("/")
            place = (str(declared.get("name") or ""), path.replace("/", ""), field_path)
            yield replace(found, place=place)


def _listed(group: Any, name: str, paths: list[str]) -> Iterator[Found]:
    """Images of members that the metadata list; one that is absent is reported in its place."""
    for path in paths:
        node = _member(group, path)
        if node is None:
            yield Found(_join(name, path), trouble=f"{path!r} is listed in the metadata but absent")
        else:
            yield from images_in(node, _join(name, path), _DEEPEST)


def _image(group: Any, name: str, ome: Mapping[str, Any], entry: Mapping[str, Any]) -> Found:
    paths = [str(dataset["path"]) for dataset in entry.get("datasets", ())]
    nodes = {path: _member(group, path) for path in paths}
    absent = tuple(path for path, node in nodes.items() if node is None)
    if not paths or nodes[paths[0]] is None:
        trouble = f"level 0 ({paths[0]!r}) is declared but absent" if paths else "it lists no datasets"
        return Found(name, (), entry, ome, absent, trouble)
    arrays = tuple(node for node in nodes.values() if node is not None)
    return Found(name, arrays, entry, ome, absent)


def _member(group: Any, path: str) -> Any:
    try:
        return group[path]
    except (KeyError, FileNotFoundError, ValueError):
        return None
