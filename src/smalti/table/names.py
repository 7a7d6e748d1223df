r"""Columns read from file names by a template such as ``{well:[A-H]\d\d}_{site:int}``."""

import re
from collections.abc import Iterator

import polars as pl

from smalti.core.errors import UsageError
from smalti.table.source import Source, col

__all__ = ["is_template", "template_columns"]

_TYPES: dict[str, tuple[str, pl.DataType | None]] = {
    "": (r"[^\s_./-]+", None),  # up to the next separator
    "int": (r"\d+", pl.Int64()),
    "float": (r"[+-]?\d+(?:\.\d+)?", pl.Float64()),
}
"""Pattern and type of a field by what stands after its colon; anything else there is a pattern itself."""


def is_template(text: str) -> bool:
    """Whether a text holds a field in braces."""
    return bool(re.search(r"\{\w+[:}]", text))


def template_columns(template: str) -> dict[str, Source]:
    r"""The columns of a template, as expressions of ``name`` (of ``path``, if the template has a slash).

    The first place where the template fits counts; a name it fits nowhere gives null. ``{well}`` takes what
    comes before the next ``_ - . /`` or blank, ``{site:int}`` and ``{dose:float}`` numbers,
    ``{well:[A-H]\d\d}`` what the pattern (a Rust regex) fits.

    Raises
    ------
    UsageError
        It has no field, a brace too many, a name twice, or a pattern that is none.
    """
    pattern, types = "", dict[str, pl.DataType | None]()
    for text, field, kind in _pieces(template):
        pattern += re.escape(text)
        if not field:
            continue
        if not field.isidentifier():
            raise UsageError(f"{{{field}}} in {template!r}: a field is named by letters, digits and _")
        if field in types:
            raise UsageError(f"{{{field}}} is twice in {template!r}; name each field once")
        fits, types[field] = _TYPES.get(kind, (kind, None))
        pattern += f"(?P<{field}>{fits})"
    if not types:
        raise UsageError(f"{template!r} has no field; write one like {{well}} or {{site:int}}")
    _try(pattern, template)
    found = col("path" if "/" in template else "name").call("str.extract_groups", pattern)
    fields = {name: found.call("struct.field", name) for name in types}
    return {
        name: field if (dtype := types[name]) is None else field.cast(dtype, strict=False)
        for name, field in fields.items()
    }


def _pieces(template: str) -> Iterator[tuple[str, str, str]]:
    """Text before each field, the field's name and what follows its colon; at last the text after all."""
    start = 0
    while (opened := template.find("{", start)) >= 0:
        closed = _closing(template, opened)
        name, _, kind = template[opened + 1 : closed].partition(":")
        yield template[start:opened], name, kind
        start = closed + 1
    yield template[start:], "", ""


def _closing(template: str, opened: int) -> int:
    r"""Place of the brace that ends a field; patterns may hold braces too, ``\d{2}``."""
    depth = 0
    for place in range(opened, len(template)):
        depth += {"{": 1, "}": -1}.get(template[place], 0)
        if not depth:
            return place
    raise UsageError(f"a brace in {template!r} is not closed")


def _try(pattern: str, template: str) -> None:
    try:
        pl.Series(["", "x"]).str.extract_groups(pattern)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        reason = str(error).replace("\n", " ")
        raise UsageError(f"{template!r} holds a pattern that cannot be read: {reason}") from None
