"""Frames that are in memory already, into training shards."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import xxhash

from smalti.core.errors import UsageError
from smalti.core.progress import Progress
from smalti.export.about import plain
from smalti.export.dtypes import DTYPES
from smalti.export.limits import ChannelLimits
from smalti.export.report import Report
from smalti.export.shards.before import check_free
from smalti.export.shards.options import ShardOptions
from smalti.export.shards.plan import plan_lines
from smalti.export.shards.recordings import Recording, limited
from smalti.export.shards.records import Movie
from smalti.export.shards.run import running
from smalti.export.shards.samples import Item, item, schema_of

__all__ = ["Frames", "Given", "given", "write_frames"]

Frames = np.ndarray | Sequence[np.ndarray]
"""One array (frames, height, width), with colours last where it has any; or a list of frames."""


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """A recording in memory.

    Parameters
    ----------
    name
        What its samples say they are of.
    frames
        Each (height, width) or (height, width, colours).
    facts
        Of each frame; empty for none.
    """

    name: str
    frames: Frames
    facts: Sequence[Mapping[str, Any]] = ()


def given(images: Frames | Mapping[str, Frames], metadata: Any = None) -> list[Given]:
    """Recordings as people give them: frames of one, or of several by name.

    Raises
    ------
    UsageError
        Something is no frame, or there is not a row of metadata for each.
    """
    named = images if isinstance(images, Mapping) else {"memory": images}
    rows = _rows(metadata)
    total = sum(len(frames) for frames in named.values())
    if not total:
        raise UsageError("there is no frame in images; give an array (frames, height, width)")
    if rows and len(rows) != total:
        raise UsageError(f"image_metadata has {len(rows):,} rows for {total:,} frames; give one for each")
    made, at = [], 0
    for name, frames in named.items():
        for number, frame in enumerate(frames):
            _check(name, number, frame)
        made.append(Given(str(name), frames, rows[at : at + len(frames)]))
        at += len(frames)
    return made


def _rows(metadata: Any) -> list[dict[str, Any]]:
    if metadata is None:
        return []
    is_pandas = hasattr(metadata, "to_dict") and not isinstance(metadata, pl.DataFrame)
    table = pl.DataFrame(metadata.to_dict("list") if is_pandas else metadata)
    return [plain(row) for row in table.iter_rows(named=True)]


def _check(name: str, number: int, frame: Any) -> None:
    """Raise UsageError for what is no frame."""
    shape, dtype = getattr(frame, "shape", ()), str(getattr(frame, "dtype", type(frame).__name__))
    if len(shape) not in (2, 3) or 0 in shape:
        raise UsageError(
            f"frame {number} of {name} is of shape {shape}; give (height, width), or with colours last"
        )
    if np.ma.is_masked(frame):
        raise UsageError(f"frame {number} of {name} has masked pixels, which no sample states; fill them")
    if np.dtype(dtype).newbyteorder("=").name not in DTYPES:
        raise UsageError(f"frame {number} of {name} is {dtype}; known: {', '.join(DTYPES)}")


def write_frames(recordings: Sequence[Given], out: str, options: ShardOptions, progress: Progress) -> Report:
    """Write frames in memory as `smalti.export.shards.write.shards` writes those of files.

    Raises
    ------
    UsageError
        There are shards, or something else, in the folder.
    """
    try:
        name = check_free(out, options)
        known = [_recording(number, one, options) for number, one in enumerate(recordings)]
        schema = options.schema or ("frame" if schema_of(known, None) == "image" else schema_of(known, None))
        if options.dry_run:
            return Report(name, plan=plan_lines(known, [], schema, options))
        creation = options.creation() | {
            "schema": schema,
            "sources": ["memory"],
            "digest": _digest(recordings),
        }
        with running(out, options, creation, schema, progress) as run:
            return run.take(_items(known, recordings, schema), sum(one.n_frames for one in known))
    finally:
        progress.close()


def _recording(number: int, one: Given, options: ShardOptions) -> Recording:
    first = one.frames[0]
    dtype = first.dtype.newbyteorder("=")
    movie = Movie(
        source=one.name,
        dtype=dtype.name,
        axes="TYXS"[: first.ndim + 1],
        size_x=first.shape[1],
        size_y=first.shape[0],
        size_z=1,
        size_c=1,
        size_t=len(one.frames),
        colours="?" * first.shape[2] if first.ndim == 3 else "",
        channels=(None,),
    )
    made = Recording(number, one.name, 0, movie, (len(one.frames), 1, 1), (0,))
    return limited(made, (_limits(one, options),) if options.uint8 else None)


def _limits(one: Given, options: ShardOptions) -> tuple[float, float] | None:
    if options.fixed_limits:
        return options.fixed_limits
    types = sorted({frame.dtype.newbyteorder("=").name for frame in one.frames})
    if len(types) > 1:
        said = f"frames of {one.name} are {', '.join(types)}, which have no common range"
        raise UsageError(f"{said}; give --uint8-limits LOW,HIGH")
    if one.frames[0].dtype == np.uint8 and not options.uint8_percent:
        return 0.0, 255.0
    limits = ChannelLimits(options.uint8_percent or 0.0)
    for frame in one.frames:
        limits.add(np.asarray(frame))
    return limits.limits


def _items(known: Sequence[Recording], recordings: Sequence[Given], schema: str) -> Iterator[Item]:
    for one, recording in zip(recordings, known, strict=True):
        for number, frame in enumerate(one.frames):
            yield item(
                recording, np.asarray(frame), (number, 0, 0), schema, one.facts[number] if one.facts else {}
            )


def _digest(recordings: Sequence[Given]) -> str:
    """Of all pixels and facts, which a run that goes on must find as they were."""
    digest = xxhash.xxh3_64()
    for one in recordings:
        digest.update(repr((one.name, len(one.frames), list(one.facts))).encode())
        for frame in one.frames:
            digest.update(np.ascontiguousarray(frame).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()
