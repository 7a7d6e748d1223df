"""A run cut into batches of about equal cost."""

from collections.abc import Iterator, Sequence

from smalti.core.image import ImageRef
from smalti.core.remote import is_url
from smalti.processing.hired import FILES_A_WORKER

__all__ = ["cut_batches", "hired_at_once"]

FILE_COST = 64 * 1024
"""Bytes that opening a file counts for, so that a batch holds up to 512 tiny files."""

BATCH_BYTES = 512 * FILE_COST
"""32 MiB, half a second. The frames of a batch take 10 ms whatever they hold: a tenth of 128 tiny files."""
LEAST_BYTES = 64 * FILE_COST
MOST_OF_THE_REST = 1 / 4
"""Of what a worker's share of the rest holds, so that the last batches are small and all end together."""

WORTH_HIRING = FILES_A_WORKER * FILE_COST
"""8 MiB, an eighth of a second. A worker takes 0.8 s of CPU to start, and two that start at once on two cores
hold each other up: 64 PNG of 256² took 1.7 s of time with one and with two, and 1.7 s of CPU against 2.7."""


def hired_at_once(refs: Sequence[ImageRef], processes: int) -> int:
    """How many of the worker processes are hired at once; the others come when the work takes longer.

    For images of a network all: what takes time there are the answers.
    """
    worth = max(1, sum(map(cost, refs)) // WORTH_HIRING)
    if worth >= processes or any(is_url(ref.uri) for ref in refs):
        return processes
    return worth


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
