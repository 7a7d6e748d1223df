"""Zarr stores elsewhere: read where they are, chunk by chunk."""

from typing import Any

from zarr.abc.store import ByteRequest, RangeByteRequest, SuffixByteRequest
from zarr.core.buffer import Buffer, BufferPrototype
from zarr.storage import FsspecStore

from smalti.core.remote import storage_options

__all__ = ["RemoteStore"]


class RemoteStore(FsspecStore):  # type: ignore[misc]  # zarr is not followed by the type checker
    """A store below a URL, read only.

    A web server may give the whole file whatever part of it is asked for; the part is then cut out here.
    Without that the index of a shard would be read out of its pixels.
    """

    @classmethod
    def at(cls, url: str) -> Any:
        """The store at a URL; nothing is asked of the server yet."""
        return cls.from_url(url.rstrip("/"), storage_options=storage_options(url), read_only=True)

    async def get(
        self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """A member, or a part of it; None when it is not there."""
        value = await super().get(key, prototype, byte_range)
        if value is None:
            return None
        if isinstance(byte_range, RangeByteRequest) and len(value) > byte_range.end - byte_range.start:
            return value[byte_range.start : byte_range.end]
        if isinstance(byte_range, SuffixByteRequest) and len(value) > byte_range.suffix:
            return value[len(value) - byte_range.suffix : len(value)]
        return value
