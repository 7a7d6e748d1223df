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
    picks = [_pick(table, item) for item in record.get("selection", ())]
    stale = []
    if record.get("table", table.fingerprint) != table.fingerprint:
        stale.append("this view was made with another state of the table; its rules were applied anew")
    if missing := sum(missing for _, missing in picks):
        stale.append(f"{missing:,} of its selected images are not in this table")
    view = View(
        filters=tuple(_filter(item) for item in record.get("filters", ())),
        selection=tuple(pick for pick, _ in picks),
        dims=dict(record.get("dims", {})),
        templates=tuple(record.get("templates", ())),
        joins=tuple(Join(**_known(item, Join)) for item in record.get("joins", ())),
    )
    return replace(view, **{name: record[name] for name in _PLAIN if name in record}), "; ".join(stale)


def _short(item: Any, usual: Any) -> dict[str, Any]:
    """Fields of a frozen record that are not as usual."""
    found = {field.name: getattr(item, field.name) for field in fields(item)}
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in found.items()
        if value != getattr(usual, name) or type(value) is not type(getattr(usual, name))
    }


def _known(item: Any, kind: type) -> dict[str, Any]:
    """The fields of a record of `kind`, checked by name."""
    names = [field.name for field in fields(kind)]
    if not isinstance(item, Mapping):
        raise UsageError(f"expected a mapping with {', '.join(names)}; got {item!r:.80}")
    for name in item:
        if name not in names:
            raise UnknownNameError(f"part of a {kind.__name__.lower()}", str(name), names)
    return dict(item)


def _filter(item: Any) -> Filter:
    found = _known(item, Filter)
    return Filter(**{**found, "name": str(found.get("name", "")), "value": plain(found.get("value"))})


def _pick_record(table: Table, pick: Pick) -> dict[str, Any]:
    record = {"how": pick.how, "mode": pick.mode}
    if pick.text:
        return record | {"text": pick.text} | ({"said": pick.said} if pick.said else {})
    return record | {"ids": table.images["image_id"].gather(pick.row_numbers).to_list()}


def _pick(table: Table, item: Any) -> tuple[Pick, int]:
    """A pick, and how many of its images the table does not have."""
    found = dict(item) if isinstance(item, Mapping) else {}
    ids = found.pop("ids", [])
    pick = Pick(**{"how": "code"} | _known(found, Pick))
    if pick.text or not ids:
        return pick, 0
    wanted = pl.Series("image_id", ids, pl.String)
    rows = np.flatnonzero(table.images["image_id"].is_in(wanted.implode()).to_numpy())
    return replace(pick, rows=row_set(rows)), max(0, wanted.n_unique() - len(rows))
