"""What a conversion would write, in words, before a byte is written."""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import ceil, prod
from typing import Any

import numpy as np

from smalti.export.layout import Layout, kind_of
from smalti.export.settings import ConvertOptions
from smalti.table.schema import size_readable
from smalti.writers.grid import plan_grid

__all__ = ["plan_lines"]

SHOWN = 12


def plan_lines(
    found: Sequence[Mapping[str, Any]], layout: Layout, options: ConvertOptions
) -> tuple[str, ...]:
    """Lines on what was found, and on each array that would be written.

    Parameters
    ----------
    found
        Rows of `smalti.export.reading.FOUND`.
    layout
        Where they go.
    options
        How they are converted.
    """
    fine = [row for row in found if row["error"] is None]
    failed = [row for row in found if row["error"] is not None]
    lines = [f"{_n(len(fine), 'image')} of {_shares(row['format'] for row in fine)}"]
    if fine:
        lines.append(f"  types    {_shares(row['dtype'] for row in fine)}")
        lines.append(f"  shapes   {_shares('×'.join(map(str, row['shape'])) for row in fine)}")
    counts = Counter(_home(row, layout, options) for row in fine)
    for array in layout.arrays:
        n = counts[array.path]
        if not n:
            continue
        dtype = np.dtype(array.dtype)
        grid = plan_grid(array.shape, dtype, options.chunk_shape, options.shard_images)
        n_files = ceil(n / grid.shard[0]) * prod(grid.shards_of_image)
        size = size_readable(n * grid.image_bytes)
        shape = "×".join(map(str, (n, *array.shape)))
        lines.append(f"  {array.path}   {shape} {dtype}, {size} before compression, {_n(n_files, 'file')}")
    if failed:
        lines.append(f"{_n(len(failed), 'image')} would fail:")
        lines += [f"  {row['path']}: {row['error']}" for row in failed[:SHOWN]]
        if len(failed) > SHOWN:
            lines.append(f"  and {len(failed) - SHOWN:,} more")
    return tuple(lines)


def _home(row: Mapping[str, Any], layout: Layout, options: ConvertOptions) -> str:
    home = layout.home(kind_of(row, options, layout.dtype))
    return "" if home is None else home.path


def _shares(names: Any) -> str:
    counts = Counter(str(name or "unknown") for name in names)
    more = f" and {len(counts) - SHOWN} more" if len(counts) > SHOWN else ""
    return (", ".join(f"{name} ({n:,})" for name, n in counts.most_common(SHOWN)) or "no format") + more


def _n(n: int, what: str) -> str:
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"
