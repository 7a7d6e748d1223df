"""What would be written, in lines, before a pixel is read."""

from collections.abc import Iterator, Sequence
from math import ceil

import numpy as np

from smalti.export.shards.options import ShardOptions
from smalti.export.shards.recordings import Recording
from smalti.export.shards.samples import Failure

__all__ = ["plan_lines"]

BESIDE = 4096
"""Bytes of headers, padding and JSON of a sample, about."""

SHOWN = 5


def plan_lines(
    recordings: Sequence[Recording], failures: Sequence[Failure], schema: str, options: ShardOptions
) -> tuple[str, ...]:
    """Counts, sizes and what failed."""
    return tuple(_lines(recordings, failures, schema, options))


def _lines(
    recordings: Sequence[Recording], failures: Sequence[Failure], schema: str, options: ShardOptions
) -> Iterator[str]:
    n = sum(one.n_frames for one in recordings)
    n_bytes = sum(one.n_frames * (BESIDE + _frame_bytes(one, options)) for one in recordings)
    yield f"{n:,} samples ({schema}) of {len(recordings):,} recordings, about {n_bytes / 1e6:,.0f} MB"
    n_files = max(1, ceil(n_bytes / options.limit))
    yield f"at least {n_files:,} tar files of at most {options.limit / 1e6:,.0f} MB"
    for one in recordings[:SHOWN]:
        movie = one.movie
        sizes = f"t {movie.size_t}, z {movie.size_z}, {len(one.channels)} of {movie.size_c} channels"
        yield f"  {movie.source}: {sizes}, {movie.size_y}×{movie.size_x} {movie.dtype} ({movie.axes})"
    if len(recordings) > SHOWN:
        yield f"  and {len(recordings) - SHOWN:,} more"
    if failures:
        yield f"{len(failures):,} cannot be exported, such as {failures[0].source}: {failures[0].error}"


def _frame_bytes(one: Recording, options: ShardOptions) -> int:
    size = 1 if options.uint8 else np.dtype(one.movie.dtype).itemsize
    return one.movie.size_x * one.movie.size_y * max(1, len(one.movie.colours)) * size
