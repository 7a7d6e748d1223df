"""How samples become the bytes of a tar: as they are, or in one gzip stream."""

import tarfile
import zlib

__all__ = ["BLOCK", "Buffer", "GzipPacking", "PlainPacking", "unpacked"]

Buffer = bytes | memoryview

BLOCK = tarfile.BLOCKSIZE
LEVEL = 1
"""Of gzip: 16-bit frames with noise become 3 % smaller at level 6, which takes three times as long."""


class PlainPacking:
    """A tar as it is."""

    head = b""
    longest_end = 2 * BLOCK

    def add(self, blocks: list[Buffer]) -> tuple[list[Buffer], int]:
        """What is written of a sample, and how many bytes."""
        return blocks, sum(map(len, blocks))

    def undo(self) -> None:
        """Forget the last sample."""

    def end(self) -> bytes:
        """What is written last."""
        return bytes(2 * BLOCK)


class GzipPacking:
    """A tar in one gzip stream without a time, in which every sample can be unpacked alone.

    Streams of their own for samples would do that too, but what reads a tar from a stream (tarfile, with it
    webdataset and datasets) stops after the first.
    """

    longest_end = 64

    def __init__(self) -> None:
        self._packer = self._before = zlib.compressobj(LEVEL, wbits=31)
        self.head = self._packer.flush(zlib.Z_FULL_FLUSH)

    def add(self, blocks: list[Buffer]) -> tuple[list[Buffer], int]:
        """See `PlainPacking`."""
        self._before = self._packer.copy()
        packed: list[Buffer] = [self._packer.compress(block) for block in blocks]
        packed.append(self._packer.flush(zlib.Z_FULL_FLUSH))
        return packed, sum(map(len, packed))

    def undo(self) -> None:
        """See `PlainPacking`."""
        self._packer = self._before

    def end(self) -> bytes:
        """See `PlainPacking`."""
        return self._packer.compress(bytes(2 * BLOCK)) + self._packer.flush()


def unpacked(shard: str, data: bytes) -> bytes:
    """The members of a sample, given its bytes and the name of the tar that they are from."""
    return zlib.decompressobj(wbits=-15).decompress(data) if shard.endswith(".gz") else data
