"""How a mosaic is shown when it is opened."""

from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from smalti.core.errors import UnknownNameError, UsageError
from smalti.widgets.contrast import CONTRASTS, Contrast

__all__ = ["Grouping", "Look"]

Grouping = Literal["sections", "frames", "none"]
"""Each group a section of its own, a frame in its colour around each tile, or nothing."""

SMALLEST, LARGEST = 16, 192


@dataclass(frozen=True, slots=True)
class Look:
    """What the bar above the tiles says at first; from then on it is the viewer's.

    Parameters
    ----------
    tile
        Side of a tile in screen pixels, 16 to 192.
    contrast
        ``"image"``: each image from its own darkest to its own brightest; ``"group"``, ``"all"``: one range
        for all images of a group, or of the table, that have one pixel type; ``"clipped"``: as ``"all"``
        without the 5 % darkest and brightest.
    channel
        Channel shown; an image that lacks it shows its first.
    grouping
        How groups are told apart, when the view is grouped.
    arrange
        Whether the bar offers sorting and grouping; not where the page around it does.

    Raises
    ------
    UnknownNameError, UsageError
        No such contrast or grouping; a size out of its range, a channel below 0.
    """

    tile: int = 72
    contrast: Contrast = "image"
    channel: int = 0
    grouping: Grouping = "sections"
    arrange: bool = True

    def __post_init__(self) -> None:
        if self.contrast not in CONTRASTS:
            raise UnknownNameError("contrast", self.contrast, CONTRASTS)
        if self.grouping not in get_args(Grouping):
            raise UnknownNameError("grouping", self.grouping, get_args(Grouping))
        if not SMALLEST <= self.tile <= LARGEST:
            raise UsageError(f"tiles of {self.tile} pixels; choose {SMALLEST} to {LARGEST}")
        if self.channel < 0:
            raise UsageError(f"channel {self.channel}; channels are counted from 0")

    def to_dict(self) -> dict[str, Any]:
        """Names and values, for the browser."""
        return asdict(self)
