"""One shard: chunks one after the other, and at its end an index that says where each lies.

Layout: the sharding codec of Zarr 3 (``sharding_indexed``, ZEP 2), index at the end, with its CRC-32C.
Zarr-python writes a shard from pixels only; here chunks come packed, so that a shard grows without being
unpacked, and is never in memory as a whole.
"""

import os
import struct
from collections.abc import Callable
from concurrent.futures import Executor, Future, wait
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np

from smalti.core.errors import SmaltiError

__all__ = ["ABSENT", "Shard", "read_index"]

ABSENT = 2**64 - 1
"""Offset and length of a chunk that is not stored: it is all fill value."""

_CRC = struct.Struct("<I")

ReadPart = Callable[[int, int], bytes]
"""``read(start, length)``: bytes of a file; a negative start counts from its end."""


def read_index(read: ReadPart, n_chunks: int) -> np.ndarray:
    """Where the chunks of a shard lie: offset and length of each, uint64 of shape (chunks, 2).

    Raises
    ------
    SmaltiError
        The file is too short for its index, or that was damaged.
    """
    from google_crc32c import value

    size = 16 * n_chunks + _CRC.size
    data = read(-size, size)
    if len(data) < size:
        raise SmaltiError(f"it is cut: its index would take {size:,} bytes, it has {len(data):,}")
    if value(data[: -_CRC.size]) != _CRC.unpack(data[-_CRC.size :])[0]:
        raise SmaltiError("its index is damaged: the checksum does not fit")
    return np.frombuffer(data[: -_CRC.size], "<u8").reshape(n_chunks, 2)


class Shard:
    """A shard that is being written into a file.

    Parameters
    ----------
    path
        The file; made anew.
    n_chunks
        Places for chunks, most of which may stay empty.
    pool
        A thread of it copies what another shard begins with.
    """

    def __init__(self, path: Path, n_chunks: int, pool: Executor) -> None:
        self.path = path
        self._index = np.full((n_chunks, 2), ABSENT, "<u8")
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: BinaryIO = path.open("wb")
        self._end = 0
        self._pool = pool
        self._copying: Future[None] | None = None

    def add(self, number: int, chunk: bytes | bytearray) -> int:
        """Store a packed chunk at a place, by its number in C order; gives where in the file it begins."""
        self._await_copy()
        self._file.write(chunk)
        start = self._end
        self._index[number] = start, len(chunk)
        self._end += len(chunk)
        return start

    def take_over(self, old: Path, index: np.ndarray, first: int, room: int) -> None:
        """Begin with the chunks below number `first` of another shard, packed as they are; before any `add`.

        They are copied while the first new ones are packed. `room` is the bytes that the shard may come to.
        """
        kept = index[:first][index[:first, 0] != ABSENT]
        self._end = int(kept.sum(axis=1).max(initial=0))
        self._index[:first] = index[:first]
        _reserve(self._file, room)
        self._copying = self._pool.submit(_take, old, self._file, self._end)

    def finish(self) -> Path:
        """Write the index, which makes it whole.

        The disk is not waited for, which would take longer than all else: after a power cut, as opposed to a
        kill, what the system had not written yet may be missing.
        """
        from google_crc32c import value

        self._await_copy()
        index = self._index.tobytes()
        self._file.write(index + _CRC.pack(value(index)))
        self._file.truncate()  # what was reserved
        self.close()
        return self.path

    def _await_copy(self) -> None:
        """Raise what went wrong with a copy."""
        if self._copying is not None:
            self._copying.result()
            self._copying = None
            self._file.seek(self._end)

    def close(self) -> None:
        """Let go of the file, also in the middle of it."""
        if (
            self._copying is not None and not self._copying.cancel()
        ):  # a cancelled one is never done for `wait`
            wait([self._copying])
        self._file.close()


def _reserve(file: BinaryIO, n_bytes: int) -> None:
    """Have the disk set room aside, where it can.

    When a file takes the place of another, ext4 first finds room for all of it that has none yet, and begins
    to write it out: that took 30 ms for 50 MB.
    """
    if hasattr(os, "posix_fallocate"):
        with suppress(OSError):  # no room for the most it may come to, or no such disk
            os.posix_fallocate(file.fileno(), 0, n_bytes)


def _take(old: Path, target: BinaryIO, n_bytes: int) -> None:
    with old.open("rb") as source:
        _copy(source, target, n_bytes)


def _copy(source: BinaryIO, target: BinaryIO, n_bytes: int) -> None:
    """Copy the first bytes of a file inside the kernel where it can; it shares blocks where the disk can."""
    target.flush()
    done = 0
    if hasattr(os, "copy_file_range"):
        try:
            while copied := os.copy_file_range(source.fileno(), target.fileno(), n_bytes - done, done, done):
                done += copied
        except OSError:  # not between these two disks
            pass
    source.seek(done)
    target.seek(done)
    while done < n_bytes:
        piece = source.read(min(8 << 20, n_bytes - done))
        if not piece:
            raise SmaltiError(f"{source.name} is shorter than its index says")
        target.write(piece)
        done += len(piece)
