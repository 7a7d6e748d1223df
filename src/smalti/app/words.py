"""How values and names are written on the page; everything that comes from a file is escaped."""

from datetime import date, datetime
from html import escape
from typing import Any

__all__ = ["count", "glyph", "status_mark", "title", "value_text"]

GLYPHS = {"ok": "✓", "skipped": "–", "partial": "◐"}
"""A sign for each status, so that it is told apart without colour; ✕ for all others."""


def value_text(value: Any) -> str:
    """A value of the table as plain text: numbers to four significant digits, nothing as a dash."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if 1e4 <= abs(value) < 1e9 else f"{value:.4g}"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return ", ".join(map(value_text, value))
    return str(value)


def glyph(status: str) -> str:
    """The sign of a status."""
    return GLYPHS.get(status, "✕")


def status_mark(status: str) -> str:
    """A status as HTML: sign, word and colour."""
    kind = status if status in GLYPHS else "failed"
    return (
        f'<span class="status {kind}"><span aria-hidden="true">{glyph(status)}</span> {escape(status)}</span>'
    )


def title(column: str, unit: str) -> str:
    """A column's name with its unit, as HTML."""
    said = f' <span class="unit">{escape(unit)}</span>' if unit else ""
    return f"{escape(column)}{said}"


def count(n: int, unit: str = "image") -> str:
    """A number with its unit: ``"1 image"``, ``"2,000 images"``."""
    return f"{n:,} {unit}" if n == 1 else f"{n:,} {unit}s"
