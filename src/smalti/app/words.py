"""How values and names are written on the page; everything that comes from a file is escaped."""

import re
from datetime import date, datetime
from html import escape
from typing import Any

from smalti.core.options import options_of

__all__ = ["glyph", "in_labels", "sentence", "status_mark", "title", "value_text"]

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


def sentence(words: object) -> str:
    """What an error says, with a capital and a full stop; a name at its beginning stays as it is."""
    text = str(words).strip()
    first = text.split(" ", 1)[0]
    start = text[:1].upper() + text[1:] if first.isalpha() and first.islower() else text
    return start if start.endswith((".", "!", "?", ":")) else f"{start}."


def in_labels(words: str, record: type) -> str:
    """What an error says of options by their flags, said as the form calls them."""
    labels = {one.flag: one.label for one in options_of(record)}
    return re.sub(r"--[a-z][a-z0-9-]*", lambda flag: labels.get(flag[0], flag[0]), words)
