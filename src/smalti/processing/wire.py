"""Messages between driver and worker: a length, a JSON header, and frames as Arrow IPC."""

import io
import json
import struct
from collections.abc import Mapping
from typing import IO, Any

import polars as pl

__all__ = ["receive", "send"]

_LENGTH = struct.Struct(">I")


def send(
    stream: IO[bytes], header: Mapping[str, Any], frames: Mapping[str, pl.DataFrame] | None = None
) -> None:
    """Write one message; the caller holds the stream's lock."""
    payloads = {name: _pack(frame) for name, frame in (frames or {}).items()}
    text = json.dumps({**header, "frames": {name: len(data) for name, data in payloads.items()}}).encode()
    stream.write(b"".join([_LENGTH.pack(len(text)), text, *payloads.values()]))
    stream.flush()


def receive(stream: IO[bytes]) -> tuple[dict[str, Any], dict[str, pl.DataFrame]] | None:
    """Read one message; None at the end of the stream, also in the middle of a message."""
    length = stream.read(_LENGTH.size)
    if len(length) < _LENGTH.size:
        return None
    size = _LENGTH.unpack(length)[0]
    text = stream.read(size)
    if len(text) < size:
        return None
    header = json.loads(text)
    frames = {}
    for name, n_bytes in header.pop("frames").items():
        data = stream.read(n_bytes)
        if len(data) < n_bytes:
            return None
        frames[name] = pl.read_ipc_stream(io.BytesIO(data))
    return header, frames


def _pack(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_ipc_stream(buffer)
    return buffer.getvalue()
