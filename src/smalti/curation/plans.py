"""How an image is cut, as the run that cuts asks for it: pieces that are read, and boxes in them."""

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from smalti.core.image import Image
from smalti.curation import manifest
from smalti.curation.grey import Window
from smalti.curation.names import Patch2d, Patch3d, Span
from smalti.curation.sources import Source

__all__ = ["Box", "Plan", "SkipError"]


class SkipError(Exception):
    """It is right that an image is not cut; says why."""


@dataclass(frozen=True, slots=True)
class Box:
    """Patches at one place of several slices.

    Parameters
    ----------
    rows, columns
        Of the slice.
    axis
        Of the slices: 0 xy, 1 xz, 2 yz; None of an image.
    slices
        Their indices; of an image None alone.
    time, channel
        What it is cut from; `channel` None for luma.
    frame
        Number of the plane, of an image with several.
    """

    rows: Span
    columns: Span
    axis: int | None = None
    slices: tuple[int | None, ...] = (None,)
    time: int = 0
    channel: int | None = None
    frame: int | None = None

    def ids(self, source: Source, series: int) -> list[str]:
        """Of its patches."""
        where = f"{self.time}/{self.channel}/{self.axis}"
        place = f"{self.rows[0]}-{self.rows[1]}/{self.columns[0]}-{self.columns[1]}"
        return [manifest.patch_id(source.ref.path, series, f"{where}/{at}/{place}") for at in self.slices]

    def of(self, ids: set[str], source: Source, series: int) -> "Box | None":
        """The part of it whose patches are among some; None for nothing."""
        named = zip(self.ids(source, series), self.slices, strict=True)
        slices = tuple(at for name, at in named if name in ids)
        return replace(self, slices=slices) if slices else None

    def names(self, source: Source, digits: int) -> list[str]:
        """Of its patches, for people."""
        if self.axis is None:
            return [Patch2d(source.name, self.rows, self.columns, self.frame).format()]
        return [
            Patch3d(source.name, self.axis, at or 0, self.rows, self.columns).format(digits)
            for at in self.slices
        ]


class Plan(Protocol):
    """How one image is cut, in pieces that are read one by one."""

    @property
    def image(self) -> Image:
        """What is cut."""

    @property
    def n_pieces(self) -> int:
        """How many pieces there are."""

    @property
    def window(self) -> Window:
        """What becomes black and white."""

    @property
    def voxel_size(self) -> list[float] | None:
        """Along z, y and x in µm; None if unknown."""

    @property
    def digits(self) -> int:
        """Of the highest slice."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know."""

    def boxes(self, piece: int) -> list[Box]:
        """What a piece holds; empty for nothing."""

    def read(self, piece: int) -> np.ndarray:
        """All pixels of a piece, as bytes."""

    def patches(self, piece: int, pixels: np.ndarray, box: Box) -> np.ndarray:
        """Those of a box, uint8 (slices, height, width), filled up where that is asked for.

        Called by several threads at once.
        """
