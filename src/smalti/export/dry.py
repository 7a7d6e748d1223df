"""What a conversion would write, in words, before a byte is written."""

from collections import Counter
from collections.abc import Iterable, Sequence
from math import ceil, prod

import numpy as np

from smalti.export.layout import Array, Layout, kind_of
from smalti.export.scanned import Scanned
from smalti.export.settings import ConvertOptions
from smalti.table.schema import size_readable
from smalti.writers.grid import plan_grid

__all__ = ["plan_lines"]

SHOWN = 12


def plan_lines(found: Sequence[Scanned], layout: Layout, options: ConvertOptions) -> tuple[str, ...]:
    """Lines on what was found, and on each array that would be written to.

    Parameters
    ----------
    found
        The pictures.
    layout
        Where they go.
    options
        How they are converted.
    """
    fine = [one for one in found if not one.error]
    failed = [one for one in found if one.error]
    lines = [f"{_n(len(fine), 'image')} of {_shares(one.format for one in fine)}"]
    if fine:
        lines.append(f"  types    {_shares(one.dtype for one in fine)}")
        lines.append(f"  shapes   {_shares('×'.join(map(str, one.shape)) for one in fine)}")
    counts = Counter(layout.home(kind_of(one, options, layout.dtype)) for one in fine)
    lines += [_of_array(array, counts[array], options) for array in layout.arrays if counts[array]]
    if failed:
        lines.append(f"{_n(len(failed), 'image')} would fail:")
        lines += [f"  {one.path}: {one.error}" for one in failed[:SHOWN]]
        if len(failed) > SHOWN:
            lines.append(f"  and {len(failed) - SHOWN:,} more")
    return tuple(lines)


def _of_array(array: Array, n: int, options: ConvertOptions) -> str:
    dtype = np.dtype(array.dtype)
    grid = plan_grid(array.shape, dtype, options.chunk_shape, options.shard_images)
    n_files = ceil(n / grid.shard[0]) * prod(grid.shards_of_image)
    size, shape = size_readable(n * grid.image_bytes), "×".join(map(str, (n, *array.shape)))
    return f"  {array.path}   {shape} {dtype}, {size} before compression, {_n(n_files, 'file')}"


def _shares(names: Iterable[str]) -> str:
    counts = Counter(name or "unknown" for name in names)
    more = f" and {len(counts) - SHOWN} more" if len(counts) > SHOWN else ""
    return (", ".join(f"{name} ({n:,})" for name, n in counts.most_common(SHOWN)) or "no format") + more


def _n(n: int, what: str) -> str:
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"
