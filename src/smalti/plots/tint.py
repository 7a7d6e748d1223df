"""Colours of values: viridis and its like, one scale for the whole table."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from bokeh.models import BasicTicker, ColorBar, ColorMapper, LinearColorMapper, LogColorMapper

from smalti.plots.drawing import Range
from smalti.plots.look import INK
from smalti.table.palette import USUAL, value_colours

__all__ = ["Tint"]


@dataclass(frozen=True)
class Tint:
    """Values that colour points.

    Parameters
    ----------
    label
        What they are, beside the scale.
    values
        float64, one for each point; NaN is drawn in grey.
    ends
        Least and greatest value of the whole table, so that no filter changes a colour.
    log
        Whether colours follow the logarithm of the values.
    palette
        One of Bokeh's or colorcet's of 256 colours: ``"viridis"``, ``"cividis"``, ``"fire"``, …
    """

    label: str
    values: np.ndarray
    ends: Range
    log: bool = False
    palette: str = USUAL

    def mapper(self) -> ColorMapper:
        """Colours by value, as Bokeh takes them; anew for each figure."""
        kind = LogColorMapper if self.log else LinearColorMapper
        low, high = self.ends
        return kind(
            palette=value_colours(self.palette), low=low, high=high if high > low else low + 1, nan_color=INK
        )

    def scale_beside(self, plot: Any, _element: Any) -> None:
        """Put the scale of colours to the right of a plot."""
        bar = ColorBar(
            color_mapper=self.mapper(),
            title=self.label,
            width=10,
            padding=6,
            title_text_color=INK,
            title_text_font_size="11px",
            title_text_font_style="normal",
            major_label_text_color=INK,
            major_label_text_font_size="11px",
            background_fill_color=None,
        )
        if not self.log:
            bar.ticker = BasicTicker(desired_num_ticks=5)
        plot.state.add_layout(bar, "right")
