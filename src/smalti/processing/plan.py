"""A run cut into batches of about equal cost."""

from collections.abc import Iterator, Sequence

from smalti.core.image import ImageRef

__all__ = ["cut_batches"]

FILE_COST = 64 * 1024
"""Bytes that opening a file counts for, so that a batch holds up to 512 tiny files."""

BATCH_BYTES = 512 * FILE_COST
"""32 MiB, half a second. The frames of a batch take 10 ms whatever they hold: a tenth of 128 tiny files."""
LEAST_BYTES = 64 * FILE_COST
MOST_OF_THE_REST = 1 / 4
"""Of what a worker's share of the rest holds, so that the last batches are small and all end together."""


def cut_batches(
    refs: Sequence[ImageRef], workers: int, size: int | None = None
) -> Iterator[tuple[ImageRef, ...]]:
    """Cut references into batches of `size` files, or for None of about equal cost, in order.

    A batch holds about 32 MiB, or less when that would leave workers idle at the end; tiny files come by the
    hundred, a large file alone.
    """
    if size is not None:
        yield from (tuple(refs[start : start + size]) for start in range(0, len(refs), size))
        return
    left = sum(cost(ref) for ref in refs)
    least = max(FILE_COST, min(LEAST_BYTES, left / workers * MOST_OF_THE_REST))
    batch: list[ImageRef] = []
    filled = 0
    for ref in refs:
        batch.append(ref)
        filled += cost(ref)
        if filled >= max(least, min(BATCH_BYTES, left / workers * MOST_OF_THE_REST)):
            yield tuple(batch)
            left -= filled
            batch, filled = [], 0
    if batch:
        yield tuple(batch)


def cost(ref: ImageRef) -> int:
    """What a file counts for in a batch."""
    return FILE_COST + ref.size_bytes
