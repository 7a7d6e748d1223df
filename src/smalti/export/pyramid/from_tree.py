"""Trees of xarray into stores: in one pass where their levels are as they were made, else level by level."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from smalti.core.errors import SmaltiError, UsageError
from smalti.export.pyramid.arrays import source_of
from smalti.export.pyramid.lazy import made_here
from smalti.export.pyramid.ngff import Placed, multiscales, omero, placed
from smalti.export.pyramid.seen import Seen
from smalti.export.pyramid.source import Source
from smalti.export.pyramid.writing import How, Writer, planned
from smalti.writers.levels import Cut, Plan, plan_levels

if TYPE_CHECKING:
    import xarray

__all__ = ["is_tree", "write_tree"]

NEAR = 1e-6
"""Of a pixel: so much do coordinates differ by how they were calculated."""


def is_tree(given: Any) -> bool:
    """Whether something is a DataTree, told without an import of xarray."""
    return type(given).__name__ == "DataTree" and hasattr(given, "children")


def write_tree(made: Writer, tree: "xarray.DataTree", name: str | None, labels: Mapping[str, Source]) -> None:
    """Write the levels of a tree as they are now.

    A tree that still is what `tree_of` made of its first level is written in one pass from that alone.

    Raises
    ------
    SmaltiError
        It has no levels, or they do not fit each other.
    """
    arrays = [_image_of(node, path) for path, node in _levels(tree)]
    sources = [source_of(array) for array in arrays]
    called = name or str(arrays[0].name or "image")
    first = replace(sources[0], name=called)
    if known := made_here([array.data for array in arrays]):
        how = replace(made.how, method=known[0], factors=_by_axis(sources, known[1]))
        if _in_place(sources, how):
            replace(made, how=how).image("", first, labels)
            return
    if labels:
        raise UsageError("this tree was changed, and takes no labels; write its first level with them")
    if any(source.names != first.names or source.dtype != first.dtype for source in sources):
        raise SmaltiError("levels of the tree differ in their axes or types; change all of them alike")
    _write_each(made, replace(first, name=called), sources)


def _levels(tree: "xarray.DataTree") -> list[tuple[str, Any]]:
    """Children with an image, in the order of their numbers."""
    found = [(name, node) for name, node in tree.children.items() if node.data_vars]
    if not found:
        raise UsageError("the tree has no level with an image; make one by to_multiscale")
    return sorted(found, key=lambda level: int("".join(filter(str.isdecimal, level[0])) or 0))


def _image_of(node: Any, path: str) -> Any:
    images = list(node.data_vars.values())
    if len(images) != 1:
        raise UsageError(f"{path} of the tree has {len(images)} variables; give a tree of one image")
    return images[0]


def _in_place(sources: Sequence[Source], how: How) -> bool:
    """Whether each level lies where the blocks of the first do, in its unit."""
    first = sources[0]
    for level, source in zip(placed(first, planned(first, how)), sources, strict=True):
        told = ((source.scale, level.scale), (source.translation, level.translation))
        off = (
            abs(number - made[axis]) / level.scale[axis] for own, made in told for axis, number in own.items()
        )
        if source.units != first.units or max(off, default=0.0) > NEAR:
            return False
    return True


def _by_axis(sources: Sequence[Source], factors: Sequence[tuple[int, ...]]) -> list[dict[str, int]]:
    return [dict(zip(sources[0].names, level, strict=True)) for level in factors]


def _write_each(made: Writer, first: Source, sources: Sequence[Source]) -> None:
    """Write each level by its own pixels."""
    cut = Cut(made.how.chunks or _chunks(sources), made.how.ngff == "0.5", first.block)
    plans: list[Plan] = []
    for number, source in enumerate(sources):
        chunk = tuple(map(min, cut.chunk or source.shape, source.shape))
        plan = plan_levels(source.names, source.shape, source.dtype, [], replace(cut, chunk=chunk), number)
        seen = Seen(0, source)
        made.levels("", source, plan, made.how.method, seen)
        plans.append(plan)
    entries = [_placed(first, plan, source) for plan, source in zip(plans, sources, strict=True)]
    parts = {
        "multiscales": multiscales(first, entries, "unknown"),
        "omero": omero(first, seen.lows, seen.highs),
    }
    made.group("", parts)


def _placed(first: Source, plan: Plan, source: Source) -> Placed:
    """A level by its coordinates; along an axis that has none, as if it were made of blocks of the first."""
    scale, place = {}, {}
    for axis, length in source.lengths.items():
        factor = max(1, round(first.lengths[axis] / length))
        step = first.scale.get(axis, 1.0)
        scale[axis] = step * factor
        place[axis] = first.translation.get(axis, 0.0) + (factor - 1) / 2 * step
    return Placed(plan.levels[0].path, scale | {**source.scale}, place | {**source.translation})


def _chunks(sources: Sequence[Source]) -> tuple[int, ...]:
    """Of planes, or of cubes where z is reduced."""
    first = sources[0]
    smaller = [
        tuple(max(1, a // b) for a, b in zip(before.shape, after.shape, strict=True))
        for before, after in pairwise(sources)
    ]
    return plan_levels(first.names, first.shape, first.dtype, smaller).levels[0].array.chunk
