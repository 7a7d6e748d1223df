"""A view as the query of a URL, and back."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from smalti.core.errors import UsageError
from smalti.table.choice import View
from smalti.table.filters import free_name
from smalti.table.record import to_record
from smalti.table.saved import read_record
from smalti.table.whole import Table

__all__ = ["MOST_IDS", "from_query", "refuse_many", "to_query"]

MOST_IDS = 200
"""Images that a URL or command line names one by one."""

_MANY = {"where": "filters", "filter": "filters", "pick": "selection", "columns_from": "templates"}
"""Parameters that may be there several times, and the part of a record each adds to."""


def to_query(table: Table, view: View) -> str:
    """A view as ``where=mean+%3E+20&group_by=condition``, without a question mark.

    Raises
    ------
    UsageError
        It names more than 200 images one by one, or joins a file, which a link cannot carry.
    """
    refuse_many(view, "a link")
    if view.joins:
        raise UsageError(
            f"a link cannot carry the columns joined from {view.joins[0].file}; save the view by "
            "name and share the project"
        )
    record = to_record(table, view)
    pairs: list[tuple[str, str]] = []
    names: list[str] = []
    for filter_ in record.pop("filters", []):
        if set(filter_) == {"name", "text"} and filter_["name"] == free_name("rule", names):
            pairs.append(("where", filter_["text"]))
        else:
            pairs.append(("filter", _json(filter_)))
        names.append(filter_["name"])
    pairs += [("pick", _json(pick)) for pick in record.pop("selection", [])]
    pairs += [("columns_from", template) for template in record.pop("templates", [])]
    pairs += [(f"dim_{name}", str(place)) for name, place in record.pop("dims", {}).items()]
    record["descending"] = "1" if record.pop("descending", False) else ""
    del record["format"]
    fingerprint = record.pop("table")
    pairs += [(name, value) for name, value in record.items() if value]
    return urlencode([*pairs, ("table", fingerprint)]) if pairs else ""


def from_query(query: str, project: str = "") -> dict[str, Any]:
    """The record of a query; parameters that are none of a view's are left to whom they belong.

    Parameters
    ----------
    query
        With or without its question mark. ``view=NAME`` begins with a saved view, to which others add.
    project
        Folder that saved views are read from.

    Raises
    ------
    UsageError
        A parameter cannot be read.
    """
    pairs = parse_qsl(query.removeprefix("?"), keep_blank_values=True)
    saved = dict(pairs).get("view")
    record: dict[str, Any] = read_record(project, saved) if saved else {}
    for name, value in pairs:
        if name in _MANY:
            part = record.setdefault(_MANY[name], [])
            part.append(_item(name, value, part))
        elif name.startswith("dim_"):
            record.setdefault("dims", {})[name.removeprefix("dim_")] = _whole(name, value)
        elif name == "descending":
            record[name] = value not in ("", "0", "false")
        elif name in ("group_by", "color_by", "sort_by", "palette", "unit", "table"):
            record[name] = value
    return record


def _item(name: str, value: str, before: list[Any]) -> Any:
    if name == "where":
        taken = [str(item.get("name")) for item in before if isinstance(item, dict)]
        return {"name": free_name("rule", taken), "text": value}
    return value if name == "columns_from" else _parsed(name, value)


def _json(record: Mapping[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def _parsed(name: str, value: str) -> Any:
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"{name}={value:.80} in the link cannot be read ({error}); copy the link anew"
        ) from None


def _whole(name: str, value: str) -> int:
    if not value.isdecimal():
        raise UsageError(f"{name}={value:.80} in the link is no position; give a whole number from 0")
    return int(value)


def refuse_many(view: View, where: str) -> None:
    """UsageError if a view names more images one by one than `where` should hold."""
    picked = sum(len(pick.rows) // 4 for pick in view.selection)
    listed = max((len(f.value) for f in view.filters if isinstance(f.value, tuple)), default=0)
    if max(picked, listed) > MOST_IDS:
        raise UsageError(
            f"{max(picked, listed):,} images or values are named one by one, {where} takes {MOST_IDS}; "
            "save the view by name and give the name, or select by a rule"
        )
