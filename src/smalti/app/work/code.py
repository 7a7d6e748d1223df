"""What is asked for as Python that anybody can run, and as a command line."""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from smalti.app.field_html import written
from smalti.app.work.wish import Wish
from smalti.table.choice import View
from smalti.table.code import to_command, to_python
from smalti.table.conditions import selection_text
from smalti.table.filters import Filter
from smalti.table.link import refuse_many
from smalti.table.source import python

__all__ = ["command_of", "python_of"]


def python_of(wish: Wish) -> str:
    """A script that does the same with the same images and options.

    Raises
    ------
    UsageError
        The images are named one by one, too many of them, or by columns that no file holds.
    """
    table, view = wish.snapshot.table, _written_out(wish)
    to_python(table, view)  # refuses columns of frames in memory
    lines = ["import smalti", "", f"project = smalti.open({python(table.source)})"]
    lines += [f"project.view.add_columns_from({python(template)})" for template in view.templates]
    lines += [f"project.view.join({python(join.file)}, {python(join.on)})" for join in view.joins]
    lines += [f"project.view.add_expression({python(filter_.text)})" for filter_ in view.filters]
    asked = [python(wish.plugin.name), python(str(wish.path))]
    if wish.rows == "selected":
        lines.append(f"project.view.select_where({python(selection_text(table, view.selection))})")
        asked.append("images=project.view.selected")
    asked += [f"{name}={python(value)}" for name, value in wish.changed.items()]
    method = "curate" if wish.plugin.kind == "step" else "export_images"
    return "\n".join([*lines, f"project.{method}({', '.join(asked)})", ""])


def command_of(wish: Wish) -> str:
    """A line for the shell that does the same.

    Raises
    ------
    UsageError
        As for `python_of`.
    """
    step = wish.plugin.kind == "step"
    command, *fixed = ("curate", wish.plugin.name) if step else wish.plugin.options["command"].split()
    smalti, command, *chosen = shlex.split(to_command(wish.snapshot.table, _written_out(wish), command))
    named = [smalti, command, *fixed, *chosen] if step else [smalti, command, *chosen, *fixed]
    return shlex.join([*named, "--out", str(wish.path), *_flags(wish.changed)])


def _written_out(wish: Wish) -> View:
    """What decides on the images, each filter as the text of an expression that needs no group beside it."""
    view, group = wish.view, wish.snapshot.view.group_by
    refuse_many(view, "code")
    texts = [filter_.expression(group) for filter_ in view.filters if filter_.enabled]
    return replace(view, filters=tuple(Filter(f"rule {n}", text=text) for n, text in enumerate(texts)))


def _flags(changed: Mapping[str, Any]) -> Iterator[str]:
    for name, value in changed.items():
        flag = name.replace("_", "-")
        if isinstance(value, bool):
            yield f"--{flag}" if value else f"--no-{flag}"
        elif isinstance(value, tuple) and value and isinstance(value[0], str):
            for one in value:
                yield from (f"--{flag}", one)
        else:
            yield from (f"--{flag}", written(value).replace(", ", ","))
