"""A run cut into batches of about equal cost."""

from collections.abc import Iterator, Sequence

from smalti.core.image import ImageRef

__all__ = ["cut_batches"]

FILE_COST = 64 * 1024
"""Bytes that opening a file counts for, so that a batch holds up to 128 tiny files."""

BATCH_BYTES = 128 * FILE_COST
MIN_BATCHES_A_WORKER = 4


def cut_batches(refs: Sequence[ImageRef], workers: int) -> Iterator[tuple[ImageRef, ...]]:
    """Cut references into batches of about equal cost, in order.

    A batch holds about 8 MiB, or less when that would leave workers idle; tiny files come by the hundred,
    a large file alone.
    """
    total = sum(cost(ref) for ref in refs)
    target = max(FILE_COST, min(BATCH_BYTES, total // (workers * MIN_BATCHES_A_WORKER)))
    batch: list[ImageRef] = []
    filled = 0
    for ref in refs:
        batch.append(ref)
        filled += cost(ref)
        if filled >= target:
            yield tuple(batch)
            batch, filled = [], 0
    if batch:
        yield tuple(batch)


def cost(ref: ImageRef) -> int:
    """What a file counts for in a batch."""
    return FILE_COST + ref.size_bytes
