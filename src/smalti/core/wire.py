"""Messages between processes: a length, a JSON header, and bytes that the header announces."""

import json
import struct
from collections.abc import Iterable, Mapping
from typing import IO, Any

__all__ = ["read_header", "write"]

_LENGTH = struct.Struct(">I")


def write(stream: IO[bytes], header: Mapping[str, Any], payloads: Iterable[bytes | memoryview] = ()) -> None:
    """Write one message; the caller holds the stream's lock."""
    text = json.dumps(header).encode()
    stream.writelines([_LENGTH.pack(len(text)), text, *payloads])
    stream.flush()


def read_header(stream: IO[bytes]) -> dict[str, Any] | None:
    """Read the header of the next message; None at the end of the stream, also in the middle of a header."""
    length = stream.read(_LENGTH.size)
    if len(length) < _LENGTH.size:
        return None
    size = _LENGTH.unpack(length)[0]
    text = stream.read(size)
    if len(text) < size:
        return None
    header: dict[str, Any] = json.loads(text)
    return header
