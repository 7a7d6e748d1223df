"""A view as a plain dict, and back: what URLs, YAML files and saved views hold."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np
import polars as pl

from smalti.core.errors import UnknownNameError, UsageError
from smalti.table.choice import View
from smalti.table.filters import Filter, plain
from smalti.table.joins import Join
from smalti.table.picks import Pick, row_set
from smalti.table.whole import Table

__all__ = ["FORMAT", "from_record", "to_record"]

FORMAT = 1
"""Rises when a record can no longer be read by older versions."""

_PLAIN = ("group_by", "color_by", "sort_by", "descending", "palette", "unit")
_KEYS = ("format", "table", "filters", "selection", "dims", "templates", "joins", *_PLAIN)


def to_record(table: Table, view: View) -> dict[str, Any]:
    """A view as numbers, text, lists and dicts; what is as usual is left out.

    Rows picked one by one are named by the ids of their images, so that the record fits another table too.
    """
    usual = View()
    record: dict[str, Any] = {"format": FORMAT, "table": table.fingerprint}
    record |= {name: getattr(view, name) for name in _PLAIN if getattr(view, name) != getattr(usual, name)}
    found = {
        "filters": [_short(filter_, Filter("")) for filter_ in view.filters],
        "selection": [_pick_record(table, pick) for pick in view.selection],
        "dims": dict(view.dims),
        "templates": list(view.templates),
        "joins": [_short(join, Join("", "")) for join in view.joins],
    }
    return record | {name: value for name, value in found.items() if value}


def from_record(table: Table, record: Mapping[str, Any]) -> tuple[View, str]:
    """The view of a record, and in words what does not fit the table; empty where all does.

    Raises
    ------
    UnknownNameError
        The record has a key that no view has.
    UsageError
        It is of a later format, or not a record at all.
    """
    if not isinstance(record, Mapping):
        raise UsageError(f"a view is a mapping with filters, selection, group_by, …; got {record!r:.80}")
    for key in record:
        if key not in _KEYS:
            raise UnknownNameError("part of a view", str(key), _KEYS)
    if record.get("format", FORMAT) != FORMAT:
        raise UsageError(f"this view is of format {record['format']!r}; this smalti reads format {FORMAT}")
    picks = [_pick(table, item) for item in _list(record, "selection")]
    stale = []
    if record.get("table", table.fingerprint) != table.fingerprint:
        stale.append("this view was made with another state of the table; its rules were applied anew")
    if missing := sum(missing for _, missing in picks):
        stale.append(f"{missing:,} of its selected images are not in this table")
    view = View(
        filters=tuple(_filter(item) for item in _list(record, "filters")),
        selection=tuple(pick for pick, _ in picks),
        dims=_dims(record.get("dims", {})),
        templates=tuple(map(str, _list(record, "templates"))),
        joins=tuple(Join(**{"file": "", "on": ""} | _known(item, Join)) for item in _list(record, "joins")),
    )
    chosen = {name: _plain(name, record[name]) for name in _PLAIN if name in record}
    return replace(view, **chosen), "; ".join(stale)


def _list(record: Mapping[str, Any], key: str) -> list[Any]:
    found = record.get(key, [])
    if not isinstance(found, list | tuple):
        raise UsageError(f"{key} of a view is a list; got {found!r:.80}")
    return list(found)


def _dims(found: Any) -> dict[str, int]:
    if not isinstance(found, Mapping):
        raise UsageError(f"dims of a view is a mapping such as {{'z': 3}}; got {found!r:.80}")
    return dict(found)


def _plain(name: str, value: Any) -> Any:
    if name == "descending" and not isinstance(value, bool):
        raise UsageError(f"descending is true or false; got {value!r:.80}")
    may_be_none = name in ("group_by", "color_by")
    if name != "descending" and not (isinstance(value, str) or (value is None and may_be_none)):
        raise UsageError(f"{name} is text; got {value!r:.80}")
    return value


def _short(item: Any, usual: Any) -> dict[str, Any]:
    """Fields of a frozen record that are not as usual."""
    found = {field.name: getattr(item, field.name) for field in fields(item)}
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in found.items()
        if value != getattr(usual, name) or type(value) is not type(getattr(usual, name))
    }


def _known(item: Any, kind: type, free: tuple[str, ...] = ()) -> dict[str, Any]:
    """The parts of a filter, pick or join as written, checked by name and type; those of `free` by name."""
    usual = {field.name: field.default for field in fields(kind) if field.name != "rows"}
    if not isinstance(item, Mapping):
        raise UsageError(f"expected a mapping with {', '.join(usual)}; got {item!r:.80}")
    for name, value in item.items():
        if name not in usual and name not in free:
            raise UnknownNameError(f"part of a {kind.__name__.lower()}", str(name), [*usual, *free])
        wanted = bool if isinstance(usual.get(name), bool) else str
        if name not in free and not isinstance(value, wanted):
            raise UsageError(f"{name} of a {kind.__name__.lower()} is {_WORDS[wanted]}; got {value!r:.80}")
    return dict(item)


_WORDS = {bool: "true or false", str: "text"}


def _filter(item: Any) -> Filter:
    found = _known(item, Filter, ("value",))
    return Filter(**{"name": ""} | found | {"value": plain(found.get("value"))})


def _pick_record(table: Table, pick: Pick) -> dict[str, Any]:
    record = {"how": pick.how, "mode": pick.mode}
    if pick.text:
        return record | {"text": pick.text} | ({"said": pick.said} if pick.said else {})
    return record | {"ids": table.images["image_id"].gather(pick.row_numbers).to_list()}


def _pick(table: Table, item: Any) -> tuple[Pick, int]:
    """A pick, and how many of its images the table does not have."""
    found = _known(item, Pick, ("ids",))
    ids = found.pop("ids", [])
    if not isinstance(ids, list | tuple) or not all(isinstance(image_id, str) for image_id in ids):
        raise UsageError(f"ids of a pick are a list of texts; got {ids!r:.80}")
    pick = Pick(**{"how": "code"} | found)
    if pick.text or not ids:
        return pick, 0
    wanted = pl.Series("image_id", ids, pl.String)
    rows = np.flatnonzero(table.images["image_id"].is_in(wanted.implode()).to_numpy())
    return replace(pick, rows=row_set(rows)), max(0, wanted.n_unique() - len(rows))
