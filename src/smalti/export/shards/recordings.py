"""The recordings that files hold, numbered, with what is known of each."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from smalti.core.errors import UnknownNameError
from smalti.core.image import ImageRef
from smalti.export.about import plain
from smalti.export.images import Chosen
from smalti.export.shards.movies import Index, movie_of, planes_of
from smalti.export.shards.options import ShardOptions
from smalti.export.shards.records import Limits, Movie

__all__ = ["Recording", "limited", "recordings_of"]


@dataclass(frozen=True, slots=True)
class Recording:
    """One image of a file, of which every plane becomes a sample.

    Parameters
    ----------
    number
        In the set.
    of
        Which of the references that were looked into it is from.
    series
        Which image of its file.
    movie
        What is known of it.
    lengths
        Along T, C and Z; all channels that the file has.
    channels
        Numbers of those that are exported.
    planes
        What is stated of single planes; of a set of files, ``t``, ``c``, ``z`` are those in the set.
    limits
        For 8 bits, by channel; None where pixels stay as they are.
    error
        Why it cannot be exported; empty when it can.
    """

    number: int
    of: str
    series: int
    movie: Movie
    lengths: Index
    channels: tuple[int, ...]
    planes: Mapping[Index, Mapping[str, Any]] = field(default_factory=dict)
    limits: tuple[tuple[float, float] | None, ...] | None = None
    error: str = ""

    @property
    def n_frames(self) -> int:
        """Samples that it makes."""
        t, _, z = self.lengths
        return 0 if self.error else t * z * len(self.channels)

    def key(self, frame: int) -> str:
        """Name of a sample."""
        return f"sample-{self.number:06d}-{frame:03d}"

    @property
    def keys(self) -> list[str]:
        """Names of all its samples."""
        return [self.key(frame) for frame in range(self.n_frames)]

    def frame(self, t: int, c: int, z: int) -> int:
        """Number of the frame of a plane: by t, then z, then channel."""
        return (t * self.lengths[2] + z) * len(self.channels) + self.channels.index(c)


def recordings_of(
    found: Sequence[Mapping[str, Any]],
    images: Chosen,
    fields: Mapping[str, Mapping[str, Any]],
    options: ShardOptions,
) -> list[Recording]:
    """The recordings of files that were looked into, in the order of the files.

    Parameters
    ----------
    found
        A row of `smalti.export.reading.FOUND` an image, with ``about`` and the greatest ``t`` and ``z``.
    images
        Where they came from.
    fields
        By path, what the name says.
    options
        Which channels, and how they are scaled.
    """
    refs = {ref.image_id: ref for ref in images.refs}
    facts = _facts(images)
    made: list[Recording] = []
    for row in found:
        if row["error"] is not None or not row["about"]:
            continue
        ref = replace(refs[row["of"]], series=row["series"], series_name=row["series_name"])
        beside = facts.get((ref.path, ref.series if images.single else None), {})
        one = _recording(len(made), ref, row, options)
        told = {"fields": dict(fields[row["path"]]), "facts": beside}
        made.append(replace(one, movie=one.movie.model_copy(update=told)))
    return made


def _facts(images: Chosen) -> dict[tuple[str, int | None], dict[str, Any]]:
    """What is known beside the files; of files that were found, one row for all their images."""
    keyed = {}
    for row in images.frame.iter_rows(named=True):
        path, series = row.pop("path"), row.pop("series")
        keyed[path, series if images.single else None] = plain(row)
    return keyed


def _recording(number: int, ref: ImageRef, row: Mapping[str, Any], options: ShardOptions) -> Recording:
    about = json.loads(row["about"])
    n_channels = row["shape"][0] // row["n_samples"]
    lengths = (1 + (row["t"] or 0), n_channels, 1 + (row["z"] or 0))
    movie = movie_of(ref, row, about, lengths)
    planes = planes_of(about, ref.uri.rpartition("/")[2], lengths)
    try:
        channels, error = _chosen(movie, options.channels), ""
    except UnknownNameError as wrong:
        channels, error = (), str(wrong)
    limits = None
    if options.uint8:
        limits = (options.fixed_limits or (0.0, 255.0),) * n_channels
    made = Recording(number, row["of"], ref.series, movie, lengths, channels, planes, error=error)
    return limited(made, limits)


def limited(one: Recording, limits: tuple[tuple[float, float] | None, ...] | None) -> Recording:
    """A recording with its limits, which its metadata tell."""
    if limits is None:
        return one
    told = tuple(pair and Limits(low=pair[0], high=pair[1]) for pair in limits)
    return replace(one, limits=limits, movie=one.movie.model_copy(update={"uint8": told}))


def _chosen(movie: Movie, wanted: Sequence[str]) -> tuple[int, ...]:
    """Numbers of the channels that are asked for; all where none is."""
    asked = [name.strip() for text in wanted for name in text.split(",")]
    known = {str(number): number for number in range(movie.size_c)}
    known |= {name: number for number, name in enumerate(movie.channels) if name}
    for name in asked:
        if name not in known:
            raise UnknownNameError("channel", name, known)
    return tuple(sorted({known[name] for name in asked})) if asked else tuple(range(movie.size_c))
