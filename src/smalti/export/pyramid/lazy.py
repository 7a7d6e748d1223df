"""Coarser levels as lazy arrays of dask, each made of the one before it, and known by its name."""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from smalti.kernels.pyramid import REACHING, coarse_shape, reach
from smalti.writers.pyramid import reduced

__all__ = ["lazily_reduced", "made_here"]


def lazily_reduced(array: Any, method: str, factors: tuple[int, ...]) -> Any:
    """A level out of the one before it, an array of dask with a block of pixels a value."""
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


def made_here(arrays: Sequence[Any]) -> tuple[str, list[tuple[int, ...]]] | None:
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


def _called(before: str, method: str, factors: Sequence[int]) -> str:
    """The name of a level in dask's graph: by it one is known to be made of the other, as it was."""
    from dask.base import tokenize

    return f"smalti-{method}-{'x'.join(map(str, factors))}-{tokenize(before, method, tuple(factors))}"


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
