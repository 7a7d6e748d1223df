"""Pyramids as xarray has them: a DataTree with a lazy image a level, made here or by others."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from smalti.core.errors import MissingExtraError, SmaltiError, UsageError
from smalti.export.pyramid.arrays import source_of
from smalti.export.pyramid.labelled import COLOURS, SPACING
from smalti.export.pyramid.ngff import Placed, multiscales, omero, placed
from smalti.export.pyramid.seen import Seen
from smalti.export.pyramid.source import Source
from smalti.export.pyramid.writing import How, Writer, planned
from smalti.kernels.pyramid import REACHING, coarse_shape, reach
from smalti.writers.levels import Cut, Plan, plan_levels
from smalti.writers.pyramid import reduced

if TYPE_CHECKING:
    import xarray

__all__ = ["is_tree", "tree_of", "write_tree"]

CHUNK_BYTES = 16 << 20
"""Of a chunk of dask; small ones cost more than they gain."""


def tree_of(source: Source, how: How, chunks: tuple[int, ...] | None) -> "xarray.DataTree":
    """Levels as nodes ``scale0``, ``scale1``, …, each with the lazy image and coordinates of its pixels."""
    try:
        import dask.array as da
        import xarray
    except ImportError as error:
        raise MissingExtraError("xarray and dask", "xarray") from error
    plan = planned(source, how)
    step = chunks or tuple(map(min, plan.unit, source.shape))
    array = da.from_array(
        _Lazy(source), chunks=step, name=False, asarray=False, meta=np.empty(0, source.dtype)
    )
    nodes = {}
    for number, (level, place) in enumerate(zip(plan.levels, placed(source, plan), strict=True)):
        array = array if number == 0 else _coarser(array, how.method, level.factors)
        nodes[f"scale{number}"] = xarray.Dataset({source.name: _labelled(source, array, place)})
    return xarray.DataTree.from_dict(nodes, name="multiscale")


class _Lazy:
    """A source as dask takes arrays."""

    def __init__(self, source: Source) -> None:
        self.shape, self.dtype, self.ndim = source.shape, source.dtype, len(source.shape)
        self._read = source.read

    def __getitem__(self, region: tuple[slice, ...]) -> np.ndarray:
        whole = (slice(*part.indices(n)) for part, n in zip(region, self.shape, strict=True))
        return self._read(tuple(whole))


def _labelled(source: Source, array: Any, place: Placed) -> "xarray.DataArray":
    import xarray

    coords: dict[str, Any] = {}
    for name, length in zip(source.names, array.shape, strict=True):
        if name == "c":
            if source.channels:
                coords["c"] = _channels(source)
            continue
        values = place.translation[name] + place.scale[name] * np.arange(length)
        unit = source.units.get(name)
        attributes: dict[str, Any] = {"units": unit} if unit else {}
        if length == 1:
            attributes[SPACING] = place.scale[name]
        coords[name] = xarray.Variable((name,), values, attributes)
    return xarray.DataArray(array, coords, tuple(source.names))


def _channels(source: Source) -> "xarray.Variable":
    """Names of channels; their colours are an attribute, which xarray keeps."""
    import xarray

    colours = [channel.colour for channel in source.channels]
    attributes = {COLOURS: colours} if any(colours) else {}
    return xarray.Variable(("c",), [channel.name for channel in source.channels], attributes)


def _called(before: str, method: str, factors: Sequence[int]) -> str:
    """The name of a level in dask's graph: by it one is known to be made of the other, as it was."""
    from dask.base import tokenize

    return f"smalti-{method}-{'x'.join(map(str, factors))}-{tokenize(before, method, tuple(factors))}"


def _coarser(array: Any, method: str, factors: tuple[int, ...]) -> Any:
    """A lazy level out of the one before it."""
    name = _called(array.name, method, factors)
    far = tuple(map(reach, factors)) if method in REACHING else (0,) * len(factors)
    cut = tuple(map(_multiples, array.chunks, factors, far))
    made = tuple(
        coarse_shape(sizes, (factor,) * len(sizes)) for sizes, factor in zip(cut, factors, strict=True)
    )
    return _overlapping(array.rechunk(cut), far).map_blocks(
        partial(_reduced, method, factors, far),
        name=name,
        chunks=made,
        dtype=array.dtype,
        meta=np.empty(0, array.dtype),
    )


def _multiples(sizes: tuple[int, ...], factor: int, far: int) -> tuple[int, ...]:
    """About such chunks, each a multiple of the factor but for the last, and none shorter than `far`."""
    if all(size % factor == 0 for size in sizes[:-1]) and min(sizes) >= far:
        return sizes
    length, step = sum(sizes), -(-max(*sizes, far) // factor) * factor
    cut = [min(step, length - start) for start in range(0, length, step)]
    if len(cut) > 1 and cut[-1] < far:
        cut[-2:] = [cut[-2] + cut[-1]]
    return tuple(cut)


def _overlapping(array: Any, far: tuple[int, ...]) -> Any:
    """Blocks with some pixels of their neighbours, where they have any."""
    import dask.array as da

    depth = {axis: n if array.numblocks[axis] > 1 else 0 for axis, n in enumerate(far)}
    return da.overlap.overlap(array, depth, dict.fromkeys(depth, "none")) if any(depth.values()) else array


def _reduced(
    method: str,
    factors: tuple[int, ...],
    far: tuple[int, ...],
    block: np.ndarray,
    block_info: Mapping[Any, Any] | None = None,
) -> np.ndarray:
    if not block_info:
        return block
    where = block_info[0]
    ends = zip(far, where["chunk-location"], where["num-chunks"], strict=True)
    low, high = zip(*((n if at else 0, n if at + 1 < count else 0) for n, at, count in ends), strict=True)
    return reduced(method, np.ascontiguousarray(block), factors, low, high)


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
    if known := _made_here([array.data for array in arrays]):
        how = replace(made.how, method=known[0], factors=_by_axis(sources, known[1]))
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


def _made_here(arrays: Sequence[Any]) -> tuple[str, list[tuple[int, ...]]] | None:
    """The method and the factors of all levels, where each still is what it was made as."""
    methods, factors = set(), []
    for before, after in pairwise(arrays):
        parts = str(getattr(after, "name", "")).split("-")
        if len(parts) != 4 or parts[0] != "smalti" or not hasattr(before, "dask"):
            return None
        level = tuple(map(int, parts[2].split("x")))
        if after.name != _called(before.name, parts[1], level):
            return None
        methods.add(parts[1])
        factors.append(level)
    return (methods.pop(), factors) if len(methods) == 1 else None


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
    entries = [
        Placed(plan.levels[0].path, source.scale, source.translation)
        for plan, source in zip(plans, sources, strict=True)
    ]
    parts = {
        "multiscales": multiscales(first, entries, "unknown"),
        "omero": omero(first, seen.lows, seen.highs),
    }
    made.group("", parts)


def _chunks(sources: Sequence[Source]) -> tuple[int, ...]:
    """Of planes, or of cubes where z is reduced."""
    first = sources[0]
    smaller = [
        tuple(max(1, a // b) for a, b in zip(before.shape, after.shape, strict=True))
        for before, after in pairwise(sources)
    ]
    return plan_levels(first.names, first.shape, first.dtype, smaller).levels[0].array.chunk
