"""Messages between driver and worker: a header, and frames as Arrow IPC."""

import io
from collections.abc import Mapping
from itertools import chain
from typing import IO, Any, Literal

import polars as pl

from smalti.core.wire import read_header, write

__all__ = ["receive", "send"]

LARGE = 2**22
"""Bytes. A larger frame goes in pieces of so many, each compressed: 40,000 histograms took 80 MB as a frame
and 350 more to send, now 40. Compressing the frames of a usual batch would cost 25 µs an image."""


def send(
    stream: IO[bytes], header: Mapping[str, Any], frames: Mapping[str, pl.DataFrame] | None = None
) -> None:
    """Write one message; the caller holds the stream's lock."""
    payloads = {name: _pack(frame) for name, frame in (frames or {}).items()}
    lengths = {name: [*map(len, pieces)] for name, pieces in payloads.items()}
    write(stream, {**header, "frames": lengths}, chain.from_iterable(payloads.values()))


def receive(stream: IO[bytes]) -> tuple[dict[str, Any], dict[str, pl.DataFrame]] | None:
    """Read one message; None at the end of the stream, also in the middle of a message."""
    if (header := read_header(stream)) is None:
        return None
    frames = {}
    for name, sizes in header.pop("frames").items():
        pieces = [stream.read(n_bytes) for n_bytes in sizes]
        if sum(map(len, pieces)) < sum(sizes):
            return None
        frames[name] = pl.concat(pl.read_ipc_stream(io.BytesIO(piece)) for piece in pieces)
    return header, frames


def _pack(frame: pl.DataFrame) -> list[bytes]:
    size = int(frame.estimated_size())
    if size <= LARGE:
        return [_stream(frame, "uncompressed")]
    return [_stream(part, "lz4") for part in frame.iter_slices(max(1, frame.height * LARGE // size))]


def _stream(frame: pl.DataFrame, compression: Literal["uncompressed", "lz4"]) -> bytes:
    buffer = io.BytesIO()
    frame.write_ipc_stream(buffer, compression=compression)
    return buffer.getvalue()
