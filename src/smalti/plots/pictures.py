"""Pictures side by side, and beneath each what was measured of it."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import holoviews as hv
import numpy as np

from smalti.plots.look import INK, NEUTRAL

__all__ = ["picture_row"]

WORDS = 1.35
"""Room for words at the left, in widths of a picture."""

LANE = 0.5
"""Height of the line of one metric, likewise."""

GAP = 0.03
CAPTION = 0.2


def picture_row(
    pictures: Sequence[np.ndarray],
    captions: Sequence[str],
    values: Mapping[str, Sequence[float | None]],
    *,
    title: str = "",
    width: int = 980,
) -> hv.Overlay:
    """Draw pictures in a row and below them a line for each metric, its value at every picture.

    Parameters
    ----------
    pictures
        (Y, X), or (Y, X, 3) of uint8. All have the contrast of the first grey one: black at its 0.1
        percentile, white at its 99.9 percentile.
    captions
        One above each picture.
    values
        By name of the metric: one for each picture; none where it is None or NaN. Each line has a scale
        of its own.
    title
        At the left of the pictures.
    width
        Of the whole, screen pixels.

    Returns
    -------
    holoviews.Overlay
        Several go below each other as ``hv.Layout(rows).cols(1).opts(shared_axes=False)``.
    """
    n = len(pictures)
    tall = max(picture.shape[0] / picture.shape[1] for picture in pictures)
    layers = [_shown(picture, i, tall, _window(pictures)) for i, picture in enumerate(pictures)]
    above = [(i + 0.5, tall + CAPTION / 2, caption) for i, caption in enumerate(captions)]
    layers += [_words(above), _words([(-WORDS, tall / 2, title)], text_align="left", text_font_style="bold")]
    for lane, (name, found) in enumerate(values.items()):
        layers += _lane(name, found, -LANE * (lane + 1))
    low, unit = -LANE * len(values), width / (n + WORDS)
    return hv.Overlay(layers).opts(
        width=width,
        height=round(unit * (tall + CAPTION - low)),
        xlim=(-WORDS, n),
        ylim=(low, tall + CAPTION),
        xaxis=None,
        yaxis=None,
        toolbar=None,
        default_tools=[],
        show_legend=False,
        hooks=[_calm],
        backend="bokeh",
    )


def _window(pictures: Sequence[np.ndarray]) -> tuple[float, float]:
    grey = next((picture for picture in pictures if picture.ndim == 2), np.zeros(1))
    low, high = np.nanpercentile(grey, (0.1, 99.9)).tolist()
    return low, high if high > low else low + 1


def _shown(picture: np.ndarray, place: int, tall: float, window: tuple[float, float]) -> Any:
    """Eight bits are enough for the eye, and an eighth of what a browser would be sent."""
    bounds = (place + GAP, 0.0, place + 1 - GAP, tall * (1 - 2 * GAP))
    if picture.ndim == 3:
        return hv.RGB(picture, bounds=bounds).opts(backend="bokeh")
    low, high = window
    grey = np.nan_to_num(255 * np.clip((picture.astype(np.float64) - low) / (high - low), 0, 1))
    return hv.Image(np.rint(grey).astype(np.uint8), bounds=bounds).opts(
        cmap="gray", clim=(0, 255), backend="bokeh"
    )


def _lane(name: str, found: Sequence[float | None], bottom: float) -> list[Any]:
    """The name, the line, its dots and their values; scaled to fill the lane."""
    y = np.array([np.nan if value is None else value for value in found], dtype=np.float64)
    known = y[np.isfinite(y)]
    low, span = (known.min(), np.ptp(known)) if known.size else (0.0, 0.0)
    at = bottom + LANE * (0.1 + 0.42 * ((y - low) / span if span else np.where(np.isfinite(y), 0.5, np.nan)))
    x = np.arange(len(y)) + 0.5
    said = [(x[i], at[i] + 0.25 * LANE, _number(y[i], known)) for i in np.flatnonzero(np.isfinite(y))]
    return [
        _words([(-WORDS, bottom + LANE / 2, name)], text_align="left"),
        hv.Curve((x, at)).opts(color=NEUTRAL, line_width=2, backend="bokeh"),
        hv.Scatter((x, at)).opts(color=NEUTRAL, size=7, backend="bokeh"),
        _words(said),
    ]


def _number(value: float, line: np.ndarray) -> str:
    """Three digits, and none below a thousandth of the largest on the line: no 5.65e-05 beside 0.3."""
    largest = float(np.abs(line).max())
    return f"{round(value, 3 - math.floor(math.log10(largest))) + 0.0:.3g}" if largest else "0"


def _words(placed: Sequence[tuple[float, float, str]], **options: Any) -> hv.Labels:
    return hv.Labels(list(placed), ["x", "y"], "text").opts(
        text_color=INK, text_font_size="12px", text_baseline="middle", backend="bokeh", **options
    )


def _calm(plot: Any, _element: Any) -> None:
    """Nothing around the pictures but the page."""
    figure = plot.state
    figure.background_fill_color = figure.border_fill_color = figure.outline_line_color = None
    figure.background_fill_alpha = 0
    figure.min_border = 0  # so that a picture is as high as its shape says
    figure.grid.visible = False
