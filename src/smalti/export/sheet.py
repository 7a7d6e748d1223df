"""Tiles with their captions on one sheet of paper."""

from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from smalti.export.tiles import TILE

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

__all__ = ["Cell", "sheet"]

GAP = 16
LINE = 17
INK, FAINT, PAPER, BED = (29, 37, 43), (86, 98, 107), (255, 255, 255), (238, 241, 243)
MOST_COLUMNS = 6


class Cell(NamedTuple):
    """A picture (height, width, 3) of uint8, and two lines below it."""

    picture: np.ndarray
    name: str
    facts: str


def sheet(cells: Sequence[Cell]) -> "Picture":
    """Cells side by side and below each other, as wide as leaves the fewest holes."""
    from PIL import Image, ImageDraw, ImageFont

    columns = _columns(len(cells))
    height = TILE + 2 * LINE + GAP
    size = (columns * (TILE + GAP) + GAP, ceil(len(cells) / columns) * (height + GAP) + GAP)
    paper = Image.new("RGB", size, PAPER)
    draw, font = ImageDraw.Draw(paper), ImageFont.load_default(12)
    for number, cell in enumerate(cells):
        x = number % columns * (TILE + GAP) + GAP
        y = number // columns * (height + GAP) + GAP
        draw.rectangle((x, y, x + TILE - 1, y + TILE - 1), BED)
        picture = Image.fromarray(cell.picture)
        paper.paste(picture, (x + (TILE - picture.width) // 2, y + (TILE - picture.height) // 2))
        draw.text((x, y + TILE + 6), _cut(cell.name, draw, font), INK, font)
        # Pillow's own font has no ×
        draw.text((x, y + TILE + 6 + LINE), _cut(cell.facts.replace("×", "x"), draw, font), FAINT, font)
    return paper


def _columns(n: int) -> int:
    """Of the widths that look well, the one with the fewest holes in the last row, then the widest."""
    usual = range(min(n, 2), min(n, MOST_COLUMNS) + 1)
    fitting = [columns for columns in usual if ceil(n / columns) <= columns] or [MOST_COLUMNS]
    return min(fitting, key=lambda columns: (-n % columns, -columns if n <= MOST_COLUMNS // 2 else columns))


def _cut(text: str, draw: Any, font: Any) -> str:
    """A text without its middle where it is wider than a tile."""
    for n in range(len(text), 0, -1):
        shown = text if n == len(text) else f"{text[: n // 2]}…{text[len(text) - (n + 1) // 2 :]}"
        if draw.textlength(shown, font) <= TILE:
            return shown
    return ""
