"""Which stored value is drawn black and which white."""

from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from smalti.app.picture import Picture
from smalti.app.theme import html, side_by_side, stacked
from smalti.app.words import value_text

__all__ = ["Contrast"]

STEPS = 1_000
"""Positions of the slider over the range of a plane whose values are not whole numbers."""


class Contrast(pn.viewable.Viewer):  # type: ignore[misc]  # panel is untyped
    """A slider with two ends, and a switch that fits them to every plane.

    While `auto` is on the window follows each plane; moving an end turns it off, and the window then stays
    for the planes and images that follow, so that they can be compared.
    """

    window = param.NumericTuple(default=(0.0, 1.0), doc="Stored values drawn black and white.")
    auto = param.Boolean(default=True, doc="Whether the window is that of the plane's percentiles.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._slider = pmui.RangeSlider(
            label="", start=0.0, end=1.0, value=(0.0, 1.0), show_value=False, size="small", tooltips=False,
            margin=(0, 8), sizing_mode="stretch_width",
        )  # fmt: skip
        self._switch = pmui.Switch.from_param(
            self.param.auto, label="Auto", size="small", margin=0, description="", sizing_mode=None
        )
        self._fitting = False
        self._slider.param.watch(self._moved, "value")

    @property
    def wanted(self) -> tuple[float, float] | None:
        """The window to draw with; None for the plane's own."""
        return None if self.auto else self.window

    def fit(self, picture: Picture, window: tuple[float, float]) -> None:
        """Take over what a plane was drawn with."""
        low, high = min(picture.low, *window), max(picture.high, *window)
        step = 1.0 if picture.whole and high - low >= STEPS / 10 else (high - low) / STEPS
        self._fitting = True
        try:
            self._slider.param.update(start=low, end=high, step=step, value=window)
            self.window = window
        finally:
            self._fitting = False

    def _moved(self, event: Any) -> None:
        if not self._fitting:
            self.param.update(window=tuple(map(float, event.new)), auto=False)

    @param.depends("window")  # type: ignore[untyped-decorator]
    def _said(self) -> str:
        low, high = map(value_text, self.window)
        return f'<span class="label">Contrast</span> <span class="faint">{low} – {high}</span>'

    def __panel__(self) -> Any:
        return stacked(side_by_side(html(self._said), self._switch), self._slider, gap=0)
