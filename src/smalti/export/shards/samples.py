"""Pictures that were read become samples: pixels of one plane, and the record of what is known of it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from smalti.export.shards.recordings import Recording
from smalti.export.shards.records import RECORDS, SLICE_FIELDS
from smalti.export.shards.scaling import to_uint8
from smalti.export.stream import Stored

__all__ = ["Failure", "Item", "item", "items", "schema_of"]

CHANGED = "it changed while it was read; give the same command again"


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """One sample to be written.

    Parameters
    ----------
    pixels
        Height and width, and colours where it has them.
    record
        Of one of `smalti.export.shards.records.RECORDS`.
    source, series
        Its file, and which image in it.
    """

    pixels: np.ndarray
    record: Any
    source: str
    series: int


@dataclass(frozen=True, slots=True)
class Failure:
    """A file, an image or a frame that gave no sample; a frame has a key."""

    source: str
    series: int | None
    error: str
    key: str | None = None


def schema_of(recordings: Iterable[Recording], asked: str | None) -> str:
    """Which of `RECORDS` tells what is there."""
    known = list(recordings)
    if asked:
        return asked
    if any(set(one.movie.fields) & {"mouse", "slice", "intervention", "replicate"} for one in known):
        return "slice"
    plain = known and all(one.lengths[::2] == (1, 1) and not one.planes for one in known)
    return "image" if plain else "frame"


def items(
    stored: Iterable[Stored], recordings: Mapping[tuple[str, int], Recording], schema: str, single: bool
) -> Iterator[Item | Failure]:
    """A sample for each channel of each picture, in order."""
    for one in stored:
        path, series = one.ref.path, one.ref.series if single else one.facts["series"]
        recording = recordings.get((one.ref.image_id, one.facts["series"]))
        if one.pixels is None:
            yield from _failures(path, series, one.facts, recording)
            continue
        if recording is None or not _fits(recording, one.facts):
            yield Failure(path, series, CHANGED)
            continue
        t, z, n_samples = one.facts["t"] or 0, one.facts["z"] or 0, one.facts["n_samples"]
        planes = one.pixels.reshape(-1, n_samples, *one.pixels.shape[1:])
        for c in recording.channels:
            pixels = planes[c, 0] if n_samples == 1 else np.moveaxis(planes[c], 0, -1)
            yield item(recording, pixels, (t, c, z), schema)


def _failures(
    path: str, series: int | None, facts: Mapping[str, Any], recording: Recording | None
) -> Iterator[Failure]:
    """A file that failed as a whole, or the frames of a plane that did."""
    t, z = facts["t"] or 0, facts["z"] or 0
    if facts["series"] is None or recording is None or t >= recording.lengths[0] or z >= recording.lengths[2]:
        yield Failure(path, series, facts["error"])
        return
    for c in recording.channels:
        key = recording.key(recording.frame(t, c, z))
        yield Failure(path, series, f"{key}: {facts['error']}", key)


def _fits(recording: Recording, facts: Mapping[str, Any]) -> bool:
    """Whether a picture is of the recording as it was when it was looked into."""
    movie, (t, c, z) = recording.movie, recording.lengths
    shape = [c * facts["n_samples"], movie.size_y, movie.size_x]
    place = (facts["t"] or 0) < t and (facts["z"] or 0) < z
    return place and facts["stored_shape"] == shape and facts["stored_dtype"] == movie.dtype


def item(
    recording: Recording,
    pixels: np.ndarray,
    at: tuple[int, int, int],
    schema: str,
    facts: Mapping[str, Any] = MappingProxyType({}),
) -> Item:
    """The sample of one plane, by its place along T, C and Z; `facts` are what was given with it."""
    if recording.limits is not None:
        pixels = to_uint8(pixels, recording.limits[at[1]])
    record = RECORDS[schema].model_validate(_told(recording, pixels, at, schema) | {"facts": dict(facts)})
    return Item(pixels, record, recording.movie.source, recording.series)


def _told(recording: Recording, pixels: np.ndarray, at: tuple[int, int, int], schema: str) -> dict[str, Any]:
    """All that is known of one plane."""
    movie, frame = recording.movie, recording.frame(*at)
    stated = recording.planes.get(at, {})
    t, c, z = (stated.get(axis, index) for axis, index in zip("tcz", at, strict=True))
    own = {name: movie.fields.get(name) for name in SLICE_FIELDS} if schema == "slice" else {}
    return {
        "key": recording.key(frame),
        "recording": recording.number,
        "frame": frame,
        "t": t,
        "c": c,
        "z": z,
        "channel": movie.channels[at[1]],
        "height": pixels.shape[0],
        "width": pixels.shape[1],
        "stored_dtype": pixels.dtype.name,
        "uuid": stated.get("uuid"),
        **_positions(stated),
        "image" if schema == "image" else "movie": movie,
        **own,
    }


def _positions(stated: Mapping[str, Any]) -> dict[str, Any]:
    """Positions and times with their units."""
    quantities = {f"position_{axis.lower()}": place for axis, place in stated.get("position", {}).items()}
    quantities |= {name: stated[name] for name in ("delta_t", "exposure") if name in stated}
    found = {name: quantity["value"] for name, quantity in quantities.items()}
    return found | {f"{name}_unit": quantity["unit"] for name, quantity in quantities.items()}
