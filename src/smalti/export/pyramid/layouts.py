"""How images share a store: paths for them as they come, and groups around them at the end."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from smalti.core.image import ImageRef
from smalti.export.pyramid.places import Plate, Well, plate_part, well_part

__all__ = ["Layout", "Numbered", "Plated", "Single"]

Group = Callable[[str, Mapping[str, Any] | None], None]
"""Makes a group of a path with metadata; see `smalti.export.pyramid.writing.Writer.group`."""


class Layout(Protocol):
    """Where images go."""

    def path(self, ref: ImageRef) -> str:
        """The path of the next image, which is not taken before `took`."""

    def took(self, ref: ImageRef) -> None:
        """Say that an image was written."""

    def finish(self, group: Group) -> None:
        """Make the groups around the images."""


class Single:
    """One image, the store itself."""

    def path(self, ref: ImageRef) -> str:
        """See `Layout`."""
        return ""

    def took(self, ref: ImageRef) -> None:
        """See `Layout`."""

    def finish(self, group: Group) -> None:
        """See `Layout`."""


class Numbered:
    """Several images, ``0``, ``1``, …, as bioformats2raw has them."""

    def __init__(self) -> None:
        self._n = 0

    def path(self, ref: ImageRef) -> str:
        """See `Layout`."""
        return str(self._n)

    def took(self, ref: ImageRef) -> None:
        """See `Layout`."""
        self._n += 1

    def finish(self, group: Group) -> None:
        """See `Layout`."""
        group("OME", {"series": [str(number) for number in range(self._n)]})
        group("", {"bioformats2raw.layout": 3})


class Plated:
    """Fields of a plate, ``A/1/0``."""

    def __init__(self, plate: Plate) -> None:
        self._plate = plate
        self._fields: dict[Well, list[str]] = {}

    def path(self, ref: ImageRef) -> str:
        """See `Layout`."""
        well = self._plate.well(ref)
        return f"{well.path}/{len(self._fields.get(well, ()))}"

    def took(self, ref: ImageRef) -> None:
        """See `Layout`."""
        fields = self._fields.setdefault(self._plate.well(ref), [])
        fields.append(str(len(fields)))

    def finish(self, group: Group) -> None:
        """See `Layout`."""
        for row in {well.row for well in self._fields}:
            group(row, None)
        for well, fields in self._fields.items():
            group(well.path, {"well": well_part(fields)})
        group("", {"plate": plate_part(self._plate.name, self._fields)})
