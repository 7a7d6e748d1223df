"""Whether thumbnails that came from elsewhere are as small as they should be, before any is decoded."""

from collections.abc import Iterator
from pathlib import Path

from smalti.core.errors import UsageError

__all__ = ["check_thumbnails", "declared_size"]

LONGEST = 1_024
"""Pixels along a side; smalti's own have 128. A few bytes may declare 65,500, which take 4 GB decoded."""

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN = 0xDA
_ROWS = 2_000


def check_thumbnails(path: Path) -> None:
    """Raise UsageError when a picture in a table of thumbnails is no JPEG, or a large one.

    25 µs a picture, nearly all of it reading the file.
    """
    for jpeg in _stored(path):
        size = declared_size(jpeg) if jpeg else (0, 0)
        if size is None or max(size) > LONGEST:
            found = "no JPEG" if size is None else f"{size[0]:,} × {size[1]:,} px large"
            raise UsageError(
                f"a thumbnail in {path.name} is {found}; they are JPEG of {LONGEST:,} px at most"
            )


def _stored(path: Path) -> Iterator[bytes | None]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        for batch in pq.ParquetFile(path).iter_batches(_ROWS, columns=["jpeg"]):
            yield from batch["jpeg"].to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise UsageError(f"{path.name} is damaged: {error}") from error


def declared_size(jpeg: bytes) -> tuple[int, int] | None:
    """Width and height that a JPEG declares; None for what is none, or has anything between its segments."""
    at = 2 if jpeg.startswith(b"\xff\xd8") else len(jpeg)
    while at + 9 <= len(jpeg) and jpeg[at] == 0xFF and jpeg[at + 1] != _SCAN:
        if jpeg[at + 1] in _FRAMES:
            height, width = (int.from_bytes(jpeg[at + n : at + n + 2], "big") for n in (5, 7))
            return width, height
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    return None
