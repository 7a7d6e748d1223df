"""What a bioio reader says of its scenes."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from smalti.loaders._about import About
from smalti.loaders._ome import read_ome

__all__ = ["about_scene", "about_scenes"]


def about_scenes(reader: Any) -> list[About]:
    """One record a scene: out of the OME metadata where the reader makes some, empty otherwise."""
    empty = [About() for _ in reader.scenes]
    try:
        found = read_ome(reader.ome_metadata.to_xml())
    except Exception:  # most readers have none, some fail to translate their own; pixels do not depend on it
        return empty
    return [_as_read(about) for about in found] if len(found) == len(empty) else empty


def _as_read(about: About) -> About:
    """Without the creator, which is the library that translated the metadata, not what wrote the file."""
    return replace(about, metadata={k: v for k, v in about.metadata.items() if k != "software"})


def about_scene(reader: Any, about: About, n_channels: int) -> About:
    """A record made whole with what the reader says by other ways of its present scene."""
    if not about.lengths:
        about = replace(about, **_standard(reader))
    names = about.channel_names or reader.channel_names
    sizes = reader.physical_pixel_sizes
    stated = {axis: getattr(sizes, axis) for axis in "XYZ"}
    return replace(
        about,
        channel_names=tuple(map(str, names)) if names and len(names) == n_channels else None,
        pixel_size_um=about.pixel_size_um or {axis: float(size) for axis, size in stated.items() if size},
    )


def _standard(reader: Any) -> Mapping[str, Any]:
    """Time and interval out of the record that all readers offer, as far as they fill it."""
    try:
        stated = reader.standard_metadata
    except Exception:  # a reader may fail on a file that lacks what it expects
        return {}
    found: dict[str, Any] = {}
    if isinstance(stated.imaging_datetime, datetime):
        found["acquired_at"] = stated.imaging_datetime.replace(tzinfo=None)
    if isinstance(stated.timelapse_interval, timedelta) and stated.timelapse_interval > timedelta():
        found["time_interval_s"] = stated.timelapse_interval.total_seconds()
    if stated.objective:
        found["metadata"] = {"objective": str(stated.objective)}
    return found
