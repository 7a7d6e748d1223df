"""The catalogue of columns: what stands in the tables of a project, as JSON Schema."""

from typing import Any

from smalti.core.errors import UnknownNameError
from smalti.processing.batch import columns_of
from smalti.processing.metric_set import choose_metrics
from smalti.processing.settings import Settings
from smalti.table.json_schema import DIALECT, row_schema

__all__ = ["json_schema"]

_ROWS = {
    "images": "One image",
    "planes": "One 2-D plane",
    "histograms": "One plane",
    "thumbnails": "One image and channel",
}


def json_schema(settings: Settings | None = None, table: str | None = None) -> dict[str, Any]:
    """The columns of all tables, plugins' included, as JSON Schema (draft 2020-12).

    Parameters
    ----------
    settings
        Which metrics fill columns; None for all.
    table
        ``"images"``, ``"planes"``, ``"histograms"`` or ``"thumbnails"``: the schema of one row of it; None
        for that of an object with a list of rows for each table, whose rows stand under ``$defs``.

    Raises
    ------
    UnknownNameError
        There is no such table or metric.

    Examples
    --------
    >>> json_schema(table="planes")["properties"]["snr_db"]["x-unit"]
    'dB'
    """
    metrics = choose_metrics(settings or Settings())
    metric_of = {c.name: m.name for m in (*metrics.of_images, *metrics.of_planes) for c in m.columns}
    tables = columns_of(metrics)
    if table is not None and table not in tables:
        raise UnknownNameError("table", table, tables)
    rows = {
        name: row_schema(f"{_ROWS[name]}: a row of the table {name!r}", columns, metric_of)
        for name, columns in tables.items()
    }
    if table is not None:
        return {"$schema": DIALECT, **rows[table]}
    return {
        "$schema": DIALECT,
        "title": "Tables of a smalti project",
        "type": "object",
        "properties": {name: {"type": "array", "items": {"$ref": f"#/$defs/{name}"}} for name in rows},
        "$defs": rows,
    }
