"""What is known of a recording and of its planes, out of what its file says."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import product
from typing import Any

from smalti.core.image import ImageRef
from smalti.export.about import plain
from smalti.export.shards.records import Movie

__all__ = ["Index", "movie_of", "planes_of"]

Index = tuple[int, int, int]
"""Of a plane along T, C and Z."""


def movie_of(ref: ImageRef, row: Mapping[str, Any], about: Mapping[str, Any], lengths: Index) -> Movie:
    """The record of a recording.

    Parameters
    ----------
    ref, row, about
        Where its image is, its row of `smalti.export.reading.FOUND`, and what `about_text` told of it.
    lengths
        Along T, C and Z.
    """
    details, (t, c, z) = about["details"], lengths
    names = about["channel_names"] or ()
    channels = tuple(names[number] if number < len(names) else None for number in range(c))
    return Movie(
        source=plain(ref.path),
        series=ref.series,
        series_name=plain(ref.series_name),
        format=row["format"],
        reader=row["reader"],
        uuid=details.get("uuid"),
        acquired_at=_time(details.get("acquired_at")) or _time(about["acquired_at"]),
        dtype=row["dtype"],
        axes=row["axes"],
        size_x=row["shape"][2],
        size_y=row["shape"][1],
        size_z=z,
        size_c=c,
        size_t=t,
        **_scale(about),
        time_interval_s=about["time_interval_s"],
        channels=channels,
        channel_facts=tuple(details.get("channels", ())),
        annotations=tuple(details.get("annotations", ())),
        colours=about["samples"] if row["n_samples"] > 1 else "",
        metadata={key: value for key, value in about["metadata"].items() if key != "format"},
    )


def _scale(about: Mapping[str, Any]) -> dict[str, Any]:
    """Sizes of a pixel in the units that are stated, else in µm."""
    in_um = {axis: {"value": size, "unit": "µm"} for axis, size in about["pixel_size_um"].items()}
    stated = in_um | about["details"].get("scale", {})
    named = {f"scale_{axis.lower()}": size["value"] for axis, size in stated.items()}
    return named | {f"scale_{axis.lower()}_unit": size["unit"] for axis, size in stated.items()}


def _time(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None


def planes_of(about: Mapping[str, Any], name: str, lengths: Index) -> dict[Index, dict[str, Any]]:
    """What is stated of each plane, by its place in this file.

    OME-XML of a set of files tells of all of them in each; those of this one are its pages in their order.
    """
    stated = about["details"].get("planes", ())
    own = [plane for plane in stated if plane.get("file") == name and "ifd" in plane]
    others = [plane for plane in stated if plane.get("file") not in (None, name)]
    places = list(_places(about["axes"], lengths))
    if others and len(own) == len(places):
        return dict(zip(places, sorted(own, key=lambda plane: plane["ifd"]), strict=True))
    return {(plane["t"], plane["c"], plane["z"]): plane for plane in stated}


def _places(axes: str, lengths: Index) -> Iterable[Index]:
    """Planes in the order in which they are stored."""
    length = dict(zip("TCZ", lengths, strict=True))
    stored = [axis for axis in axes if axis in length]
    for at in product(*(range(length[axis]) for axis in stored)):
        place = dict(zip(stored, at, strict=True))
        yield place.get("T", 0), place.get("C", 0), place.get("Z", 0)
