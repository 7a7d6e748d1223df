"""A view as Python that anybody can run, and as a command line."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from smalti.core.errors import UsageError
from smalti.table.choice import View
from smalti.table.conditions import filter_source, selection_source, selection_text
from smalti.table.joins import READERS
from smalti.table.link import refuse_many
from smalti.table.names import template_columns
from smalti.table.source import Source, python
from smalti.table.whole import Table

__all__ = ["to_command", "to_python", "view_text"]


def to_python(table: Table, view: View) -> str:
    """Polars code that ends with the filtered rows in ``images``, and the selected ones in ``selected``.

    It opens the table's project or Parquet file; for a table in memory it goes on from a frame ``images``.

    Raises
    ------
    UsageError
        The view needs columns that were joined from a frame in memory.
    """
    filters = [filter_source(table, f, view.group_by) for f in view.filters if f.enabled]
    picks = [selection_source(table, view.selection)] if view.selection else []
    _refuse_memory(table, view, [*filters, *picks])
    lines = [*_opened(table), *_added(view), *_sorted(table, view)]
    if filters:
        lines += ["keep = (", *_each("&", [source.code for source in filters]), ")"]
    if picks:
        lines += [f"selection = {picks[0].code}"]
        lines += [f"selected = images.filter({'keep & ' if filters else ''}selection)"]
    if filters:
        lines += ["images = images.filter(keep)"]
    body = "\n".join(lines)
    imports = ["import datetime", ""] if "datetime.datetime(" in body else []
    imports.append("import polars as pl")
    if "smalti.open" in body:
        imports.append("import smalti")
    return "\n".join([*imports, "", body, ""])


def _opened(table: Table) -> list[str]:
    source = table.source
    if not source:
        return ["# images: the frame that the view was made over"]
    if table.home == source and Path(source).suffix.lower() == ".parquet":
        return [f"images = pl.read_parquet({python(source)}, glob=False).fill_nan(None)"]
    return [f"images = smalti.open({python(source)}).images.collect()"]


def _added(view: View) -> list[str]:
    """Lines that add columns of templates and joined files."""
    lines = []
    for template in view.templates:
        columns = [f"    {name}={source.code}," for name, source in template_columns(template).items()]
        lines += ["images = images.with_columns(", *columns, ")"]
    for join in view.joins:
        read = READERS[Path(join.file).suffix.lower()].format(path=python(join.file))
        lines += [
            f"metadata = {read}.fill_nan(None)",
            f"key = images[{python(join.on)}].dtype",
            f"metadata = metadata.with_columns(pl.col({python(join.on)}).cast(key, strict=False))",
            f'images = images.join(metadata, on={python(join.on)}, how="left", maintain_order="left")',
        ]
    return lines


def _sorted(table: Table, view: View) -> list[str]:
    if view.sort_by == "path" and not view.descending:
        return []
    by = table.term(view.sort_by).code
    options = f"descending={view.descending}, nulls_last=True, maintain_order=True"
    return [f"images = images.sort({by}, {options})"]


def _each(symbol: str, codes: Sequence[str]) -> list[str]:
    return [f"    {codes[0]}", *(f"    {symbol} {code}" for code in codes[1:])]


def view_text(table: Table, view: View) -> str:
    """What a view keeps as one condition, as a person may read it; empty where it keeps all."""
    parts = [filter_.expression(view.group_by) for filter_ in view.filters if filter_.enabled]
    if view.selection:
        by_hand = any(not pick.text for pick in view.selection)
        parts.append("selected one by one" if by_hand else selection_text(table, view.selection))
    return " and ".join(f"({part})" for part in parts) if len(parts) > 1 else "".join(parts)


def to_command(table: Table, view: View, command: str = "table") -> str:
    """A line for the shell that prints the rows selected, or, where none are, the filtered ones.

    Raises
    ------
    UsageError
        The table is in memory only, or the view names more than 200 images one by one.
    """
    if not table.source:
        raise UsageError("this table is in memory only; write it to a file and open that")
    refuse_many(view, "a command line")
    _refuse_memory(table, view, [filter_source(table, f, view.group_by) for f in view.filters])
    parts = ["smalti", command, table.source]
    for filter_ in view.filters:
        if filter_.enabled:
            parts += ["--where", filter_.expression(view.group_by)]
    parts += _selecting(table, view)
    for template in view.templates:
        parts += ["--columns-from", template]
    for join in view.joins:
        parts += ["--join", join.file, "--on", join.on]
    if view.group_by is not None:
        parts += ["--group-by", view.group_by]
    if view.sort_by != "path" or view.descending:
        parts += ["--sort-by", view.sort_by, *(["--descending"] if view.descending else [])]
    return shlex.join(parts)


def _selecting(table: Table, view: View) -> list[str]:
    picks = view.selection
    if not picks:
        return []
    if len(picks) == 1 and not picks[0].text:
        ids = table.images["image_id"].gather(picks[0].row_numbers)
        return ["--select-ids", ",".join(ids)]
    return ["--select-where", selection_text(table, picks)]


def _refuse_memory(table: Table, view: View, sources: Sequence[Source]) -> None:
    """UsageError if a view needs columns that no file holds."""
    needed = {name for source in sources for name in source.expr.meta.root_names()}
    needed |= {name for name in (view.group_by, view.sort_by) if name}
    if lost := sorted(needed & table.in_memory):
        raise UsageError(
            f"column {lost[0]!r} was joined from a frame in memory, which nobody else has; "
            "write that frame to a CSV or Parquet file and join the file"
        )
