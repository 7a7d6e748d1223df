"""Where in a store each image goes: its root, a group by number, or a field of a plate."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from smalti.core.errors import UsageError
from smalti.core.image import Image, ImageRef
from smalti.export.images import Chosen

__all__ = ["Plate", "Well", "plate_of", "plate_part", "plate_that_stores_state", "well_part"]


@dataclass(frozen=True, slots=True)
class Well:
    """A well: row and column by name."""

    row: str
    column: str

    @property
    def path(self) -> str:
        """In the plate."""
        return f"{self.row}/{self.column}"


@dataclass(frozen=True, slots=True)
class Plate:
    """A plate: its name, and the well of each image by path and series."""

    name: str
    wells: Mapping[tuple[str, int], Well]

    def well(self, ref: ImageRef) -> Well:
        """Where an image belongs; the series of a file are of one well where nothing else is known."""
        return self.wells.get((ref.path, ref.series)) or self.wells[ref.path, 0]


def plate_of(images: Chosen) -> Plate | None:
    """The plate that images are of; None where not all of them have a well.

    Raises
    ------
    UsageError
        They are of several plates, or a well has no row and column.
    """
    facts = images.frame
    if "well" not in facts.columns or not facts.height or facts["well"].null_count():
        return None
    if "plate" not in facts.columns:
        facts = facts.with_columns(plate=pl.lit(None))
    return _plate(facts.select("path", "series", pl.col("plate", "well").cast(pl.String)).rows())


def plate_that_stores_state(images: Iterable[Image]) -> Plate | None:
    """The plate that the images of OME-Zarr stores are fields of; None where not all of them are.

    Raises
    ------
    UsageError
        They are of several plates.
    """
    rows = []
    for image in images:
        if "well" not in image.metadata:
            return None
        rows.append((image.ref.path, image.ref.series, image.metadata.get("plate"), image.metadata["well"]))
    return _plate(rows) if rows else None


def _plate(rows: Sequence[tuple[Any, ...]]) -> Plate:
    """The plate of images, given path, series, plate and well of each."""
    names = list(dict.fromkeys(name for _, _, name, _ in rows if name is not None))
    if len(names) > 1:
        raise UsageError(
            f"images of {len(names)} plates, {names[0]} and {names[1]} among them; choose those of one, "
            f"such as --where \"plate == '{names[0]}'\""
        )
    wells = {(path, series): _well(well) for path, series, _, well in rows}
    return Plate(names[0] if names else "plate", wells)


def _well(text: str) -> Well:
    found = re.fullmatch(r"([A-Za-z]+)[ /_-]?(\d+)", text.strip())
    if not found:
        raise UsageError(f"well {text!r} has no row and column; wells are called as A1 or B/03")
    return Well(found[1].upper(), found[2])


def plate_part(name: str, fields: Mapping[Well, Sequence[str]]) -> dict[str, Any]:
    """Metadata of a plate: its rows, columns and wells that have images."""
    rows = sorted({well.row for well in fields}, key=lambda row: (len(row), row))
    columns = sorted({well.column for well in fields}, key=int)
    wells = sorted(fields, key=lambda well: (rows.index(well.row), columns.index(well.column)))
    return {
        "name": name,
        "field_count": max(map(len, fields.values())),
        "rows": [{"name": row} for row in rows],
        "columns": [{"name": column} for column in columns],
        "wells": [
            {
                "path": well.path,
                "rowIndex": rows.index(well.row),
                "columnIndex": columns.index(well.column),
            }
            for well in wells
        ],
    }


def well_part(fields: Sequence[str]) -> dict[str, Any]:
    """Metadata of a well: its fields."""
    return {"images": [{"path": field} for field in fields]}
