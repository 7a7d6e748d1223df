"""A project in numbers and sentences."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from smalti.processing.record import Record

__all__ = ["summarise", "tell"]

FAILED = ("unreadable", "partial", "timeout", "crashed")


def summarise(record: Record, images: pl.LazyFrame) -> dict[str, Any]:
    """Counts of a project.

    Returns
    -------
    dict
        ``files`` (found), ``images`` (rows), ``ok``, ``failed``, ``skipped``, ``by_status``, ``clutter``
        (count by name), ``planes``, ``conditions`` and ``formats`` (images of each), ``seconds``,
        ``finished``, ``problems``, ``name``, ``flavor``, ``description``, ``base``, ``version``.
    """
    table = images.select("status", "error", "condition", "format", "n_planes_ok").collect()
    by_status = counts(table["status"])
    return {
        "name": record.name,
        "flavor": record.flavor,
        "description": record.description,
        "base": record.base,
        "files": record.files,
        "images": table.height,
        "ok": by_status.get("ok", 0),
        "failed": sum(by_status.get(status, 0) for status in FAILED),
        "skipped": by_status.get("skipped", 0),
        "by_status": by_status,
        "clutter": dict(record.clutter),
        "planes": int(table["n_planes_ok"].sum()),
        "conditions": counts(table["condition"]),
        "formats": counts(table["format"]),
        "problems": [*record.problems, *remarks(table)],
        "seconds": record.seconds,
        "finished": record.finished,
        "version": record.version,
    }


def remarks(table: pl.DataFrame) -> list[str]:
    """Images that are ok, but for which something, such as a metric, failed."""
    noted = table.filter((pl.col("status") == "ok") & pl.col("error").is_not_null())
    return (
        [f"ok with a remark: {noted.height:,} images; the first says: {noted['error'][0]}"]
        if noted.height
        else []
    )


def counts(values: pl.Series) -> dict[str, int]:
    """How often each value occurs, most frequent first; nulls are left out."""
    table = values.drop_nulls().value_counts(sort=True)
    return dict(zip(table[:, 0], table[:, 1], strict=True))


def tell(facts: Mapping[str, Any]) -> str:
    """The summary as a few lines for people."""
    failed = ", ".join(f"{n:,} {status}" for status, n in facts["by_status"].items() if status in FAILED)
    flavor = f" [{facts['flavor']}]" if facts["flavor"] else ""
    lines = [
        f"{facts['name']}{flavor}: {facts['images']:,} images in {facts['files']:,} files, "
        f"{facts['planes']:,} planes measured in {facts['seconds']:.1f} s",
        f"  ok       {facts['ok']:,}",
        f"  failed   {facts['failed']:,}{f' ({failed})' if failed else ''}",
    ]
    if facts["description"]:
        lines.insert(1, "\n".join(f"  {line}" for line in facts["description"].splitlines()))
    if facts["skipped"]:
        lines.append(f"  skipped  {facts['skipped']:,}")
    lines += [f"  {label}  {listed(facts[key])}" for label, key in _LISTS if facts[key]]
    lines += [f"  note     {problem}" for problem in facts["problems"]]
    if not facts["finished"]:
        lines.append("  The run was not finished; process again to go on.")
    return "\n".join(lines)


_LISTS = (("groups ", "conditions"), ("formats", "formats"), ("clutter", "clutter"))


def listed(numbers: Mapping[str, int], most: int = 8) -> str:
    """``"PNG 120, TIFF 30"``; what is beyond `most` is counted."""
    shown = [f"{name} {n:,}" for name, n in list(numbers.items())[:most]]
    if len(numbers) > most:
        shown.append(f"and {len(numbers) - most} more")
    return ", ".join(shown)
