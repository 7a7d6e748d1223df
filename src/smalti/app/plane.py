"""The picture of one plane on the page: zoomed and moved in the browser, read out by its values."""

from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import param
from panel.custom import JSComponent

from smalti.app.local import Local
from smalti.app.picture import Picture
from smalti.app.theme import UNBOUNDED
from smalti.app.words import value_text
from smalti.core.image import Image

__all__ = ["Plane", "value_at"]

EMPTY = "Click an image to see it here"


class Plane(Local, JSComponent):  # type: ignore[misc]  # panel is untyped
    """A picture with zoom, scale bar and the stored value under the pointer."""

    pixels = param.Bytes(default=b"", doc="The picture as sent; nothing for none.")
    media = param.String(default="image/png")
    size_x = param.Integer(default=0, doc="Of the plane as stored, in pixels; 0 without a picture.")
    size_y = param.Integer(default=0)
    step = param.Integer(default=1, doc="Stored pixels to one of the picture; 0 for a thumbnail.")
    um = param.Number(default=0.0, doc="Width of a stored pixel in µm; 0 when not stated.")
    alt = param.String(default="", doc="What is shown, for those who do not see it.")
    empty = param.String(default=EMPTY, doc="Said in place of a picture.")
    busy = param.Boolean(default=False, doc="Whether a plane is being read; the old one stays till then.")
    value = param.Dict(default={"said": "", "n": 0}, doc="Answer to the pointer, and how many there were.")

    _esm = Path(__file__).with_name("plane.js")

    def __init__(self, **options: Any) -> None:
        sheet = Path(__file__).with_name("plane.css").read_text(encoding="utf-8")
        looks = {"margin": 0, "sizing_mode": "stretch_width", "stylesheets": [sheet], "styles": UNBOUNDED}
        super().__init__(**(looks | options))
        self._picture: Picture | None = None

    def show(self, picture: Picture, image: Image, media: str, data: bytes, alt: str, *, busy: bool) -> None:
        """Show a plane as it was encoded."""
        self._picture = picture
        self.param.update(
            pixels=data,
            media=media,
            size_x=image.sizes["X"],
            size_y=image.sizes["Y"],
            step=picture.step,
            um=float(image.pixel_size_um.get("X", 0.0)),
            alt=alt,
            empty="",
            busy=busy,
        )

    def show_thumbnail(self, jpeg: bytes, alt: str, *, busy: bool) -> None:
        """Show the stored thumbnail of an image that cannot be read, or say that there is none."""
        self._picture = None
        height, width = imagecodecs.jpeg8_decode(jpeg).shape[:2] if jpeg else (0, 0)
        said = "" if jpeg else "Nothing to show"
        self.param.update(
            busy=busy,
            pixels=jpeg,
            media="image/jpeg",
            size_x=width,
            size_y=height,
            step=0,
            um=0.0,
            alt=alt,
            empty=said,
        )

    def clear(self) -> None:
        """Show nothing, and say what to do."""
        self._picture = None
        self.param.update(busy=False, pixels=b"", size_x=0, size_y=0, alt=EMPTY, empty=EMPTY)

    def _handle_msg(self, data: Any) -> None:
        place = data if isinstance(data, dict) else {}
        x, y = place.get("x"), place.get("y")
        said = ""
        if self._picture is not None and isinstance(x, int) and isinstance(y, int):
            said = value_at(self._picture, x, y)
        self.value = {"said": said, "n": self.value["n"] + 1}


def value_at(picture: Picture, x: int, y: int) -> str:
    """What is stored at a pixel in words, or the mean of the square it is in; empty outside the picture."""
    row, column = y // picture.step, x // picture.step
    if x < 0 or y < 0 or row >= picture.pixels.shape[0] or column >= picture.pixels.shape[1]:
        return ""
    exact = picture.whole and picture.step == 1
    values = np.atleast_1d(picture.pixels[row, column]).tolist()
    said = " ".join(value_text(int(v) if exact else v) if np.isfinite(v) else "NaN" for v in values)
    of = f" mean of {picture.step} × {picture.step}" if picture.step > 1 else ""
    return f"x {x:,}  y {y:,}   {said}{of}"
