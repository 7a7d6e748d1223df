"""Tar files written sample by sample; the size of each is known before a byte of it is written.

The same samples give the same bytes: owner, mode and time of all members are fixed.
"""

import os
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import FileIO
from itertools import chain
from pathlib import Path

from smalti.core.errors import SmaltiError
from smalti.writers.tar_packing import BLOCK, Buffer, GzipPacking, PlainPacking
from smalti.writers.target import Target

__all__ = ["Member", "Place", "TarShards"]


@dataclass(frozen=True, slots=True)
class Member:
    """One file in a tar: its name, and its bytes in pieces, which are written from where they are."""

    name: str
    pieces: Sequence[Buffer]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sample is: name of the tar file, first byte, and number of bytes with headers and padding.

    Of a compressed tar these are bytes of its one gzip stream, which can be unpacked alone; see `unpacked`.
    """

    shard: str
    offset: int
    size: int


def member_blocks(member: Member) -> list[Buffer]:
    """Header, content and padding of one member; ustar where it can be, pax where it must."""
    info = tarfile.TarInfo(member.name)
    info.size = sum(map(len, member.pieces))
    header = info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
    return [header, *member.pieces, bytes(-info.size % BLOCK)]


class TarShards:
    """Tar files ``<name>-000000.tar``, …, each at most so large, a new one begun before one would be larger.

    Parameters
    ----------
    target
        Folder they go to; one that is not complete lies in its scratch, as ``.tar.tmp``.
    name
        What their names begin with, with slashes.
    limit
        Bytes of one, its end included.
    compressed
        Whether they are ``.tar.gz``.
    number
        Of the first.
    before_commit
        Called with number and size of a tar that is complete, before it is put in place.
    """

    def __init__(
        self,
        target: Target,
        name: str,
        limit: int,
        *,
        compressed: bool = False,
        number: int = 0,
        before_commit: Callable[[int, int], None] = lambda number, size: None,
    ) -> None:
        self._target, self._name, self._limit, self._compressed = target, name, limit, compressed
        self._number = number
        self._before_commit = before_commit
        self._file: FileIO | None = None
        self._packing = self._fresh()
        self._at = 0

    def shard_name(self, number: int) -> str:
        """The name of a tar, in the target."""
        return f"{self._name}-{number:06d}.tar{'.gz' if self._compressed else ''}"

    def add(self, members: Sequence[Member]) -> Place:
        """Write one sample; all its members are in one tar, one after the other.

        Raises
        ------
        SmaltiError
            It is larger than a tar may be.
        """
        blocks = list(chain.from_iterable(map(member_blocks, members)))
        packed, size = self._packing.add(blocks)
        if self._room(self._at or len(self._packing.head)) < size:
            self._packing.undo()
            packed, size = self._start_next(blocks)
        file = self._opened()
        place = Place(self.shard_name(self._number), self._at, size)
        _write(file, packed)
        self._at += size
        return place

    def _room(self, used: int) -> int:
        return self._limit - used - self._packing.longest_end

    def _start_next(self, blocks: list[Buffer]) -> tuple[list[Buffer], int]:
        """A sample as the first of the next tar, unless it is too large for any."""
        fresh = self._fresh()
        packed, size = fresh.add(blocks)
        if self._room(len(fresh.head)) < size:
            least = size + len(fresh.head) + fresh.longest_end
            raise SmaltiError(
                f"its sample makes a tar of {least:,} bytes, at most {self._limit:,} are allowed; "
                "give a larger --shard-size"
            )
        self.finish()
        self._packing = fresh
        return packed, size

    def finish(self) -> None:
        """Complete the tar that is being written, if any, and put it in place.

        The disk is not waited for, as `smalti.writers.shard.Shard.finish` does not.
        """
        if self._file is None:
            return
        file, path = self._file, Path(str(self._file.name))
        end = self._packing.end()
        _write(file, [end])
        file.close()
        self._before_commit(self._number, self._at + len(end))
        self._target.put(self.shard_name(self._number), path)
        self._file, self._at, self._number = None, 0, self._number + 1
        self._packing = self._fresh()

    def close(self) -> None:
        """Let go of what is not complete."""
        if self._file is not None:
            self._file.close()

    def _opened(self) -> FileIO:
        if self._file is None:
            self._target.scratch.mkdir(parents=True, exist_ok=True)
            name = self.shard_name(self._number).replace("/", "~")
            self._file = (self._target.scratch / f"{name}.tmp").open("wb", buffering=0)
            _write(self._file, [self._packing.head])
            self._at = len(self._packing.head)
        return self._file

    def _fresh(self) -> PlainPacking | GzipPacking:
        return GzipPacking() if self._compressed else PlainPacking()


def _write(file: FileIO, blocks: Sequence[Buffer]) -> None:
    """All bytes, gathered by the system where it can: joining them took as long as writing them."""
    left = [memoryview(block).cast("B") for block in blocks if len(block)]
    while left:
        done = os.writev(file.fileno(), left[:64]) if hasattr(os, "writev") else file.write(left[0])
        while left and done >= len(left[0]):
            done -= len(left.pop(0))
        if done:
            left[0] = left[0][done:]
