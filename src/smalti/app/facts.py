"""What is known of one image, as HTML: its name and size, its metrics, what its file states."""

import json
from collections.abc import Mapping
from html import escape
from typing import Any

from smalti.app.words import status_mark, title, value_text
from smalti.core.columns import Column
from smalti.core.words import count
from smalti.table.schema import IMAGE_COLUMNS

__all__ = ["facts", "heading", "metadata_tree", "metrics"]

KNOWN = frozenset(column.name for column in IMAGE_COLUMNS)

LONGEST_TEXT = 400
"""Characters of one value that are shown; OME-XML may have a million."""

MOST_LINES = 400


def heading(row: Mapping[str, Any]) -> str:
    """Name and status of an image."""
    series = f" · {escape(row['series_name'])}" if row.get("series_name") else ""
    name = escape(row["name"])
    return f'<h2 class="one" title="{name}">{name}{series}</h2><div>{status_mark(row["status"])}</div>'


def facts(row: Mapping[str, Any]) -> str:
    """Size, type, axes and pixel size of an image in one line; and how the file wants to be shown."""
    said = [_size(row), escape(row["dtype"] or ""), _stack(row), _pixel_size(row)]
    notes = "".join(f'<div class="faint">{note}</div>' for note in _notes(_stated(row)))
    axes = (
        f' <span class="faint" title="Axes in stored order">{escape(row["axes"])}</span>'
        if row["axes"]
        else ""
    )
    return f"<div>{' · '.join(filter(None, said))}{axes}</div>{notes}"


def metrics(row: Mapping[str, Any], columns: Mapping[str, Column]) -> str:
    """The values measured, each with its meaning as a tooltip; those without a value are left out."""
    lines = [
        f'<dt title="{escape(columns[name].meaning if name in columns else "")}">{_named(name, columns)}</dt>'
        f"<dd>{escape(value_text(value))}</dd>"
        for name, value in row.items()
        if name not in KNOWN and value is not None
    ]
    if not lines:
        return '<div class="faint">No metric has a value for this image.</div>'
    return f'<dl class="metrics">{"".join(lines)}</dl>'


def metadata_tree(row: Mapping[str, Any]) -> str:
    """What the file states beside its pixels, as a tree of the dotted names."""
    stated = _stated(row)
    if not stated:
        return '<div class="faint">The file states nothing more.</div>'
    items = list(stated.items())
    left = f'<li class="faint">and {len(items) - MOST_LINES:,} more</li>' if len(items) > MOST_LINES else ""
    return f'<ul class="tree">{_branch(_tree(dict(items[:MOST_LINES])))}{left}</ul>'


def _named(name: str, columns: Mapping[str, Column]) -> str:
    return title(name, columns[name].unit if name in columns else "")


def _size(row: Mapping[str, Any]) -> str:
    if row["size_x"] is None:
        return ""
    return f"{row['size_x']:,} × {row['size_y']:,} px"


def _stack(row: Mapping[str, Any]) -> str:
    units = {"size_t": "time point", "size_c": "channel", "size_z": "z position"}
    return " · ".join(count(row[name], unit) for name, unit in units.items() if (row[name] or 1) > 1)


def _pixel_size(row: Mapping[str, Any]) -> str:
    x, y = row["pixel_size_x_um"], row["pixel_size_y_um"]
    if not x:
        return '<span class="faint">no pixel size stated</span>' if row["size_x"] else ""
    return f"{x:.4g} × {y:.4g} µm a pixel" if y and abs(x - y) > 1e-6 * x else f"{x:.4g} µm a pixel"


def _notes(stated: Mapping[str, Any]) -> list[str]:
    """What a viewer might do to the stored values before it shows them, and this one does not."""
    notes = {
        "palette": "The file has a palette; its indices are shown in grey.",
        "miniswhite": "In this file 0 is white; the stored values are shown.",
    }
    said = [note for key, note in notes.items() if stated.get(key)]
    if stated.get("exif_orientation", 1) != 1 or "orientation" in stated:
        said.append("The file asks to be turned; it is shown as stored.")
    return said


def _stated(row: Mapping[str, Any]) -> dict[str, Any]:
    try:
        found = json.loads(row["metadata"] or "{}")
    except ValueError:  # a table that another program wrote
        return {"metadata": row["metadata"]}
    return found if isinstance(found, dict) else {"metadata": found}


def _tree(flat: Mapping[str, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for key, value in flat.items():
        *folders, name = str(key).split(".")
        place = tree
        for folder in folders:
            inner = place.setdefault(folder, {})
            if not isinstance(inner, dict):  # a value of that name too
                inner = place[folder] = {"": inner}
            place = inner
        place[name] = {"": value} | place[name] if isinstance(place.get(name), dict) else value
    return tree


def _branch(tree: Mapping[str, Any]) -> str:
    return "".join(
        f"<li><details><summary>{escape(str(key))}</summary><ul>{_branch(value)}</ul></details></li>"
        if isinstance(value, dict)
        else f"<li><b>{escape(str(key))}</b> {_short(value)}</li>"
        for key, value in tree.items()
    )


def _short(value: Any) -> str:
    text = value_text(value) if not isinstance(value, list) else ", ".join(map(str, value))
    cut = text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]} …"
    return escape(cut)
