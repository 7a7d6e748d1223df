"""Options of a command made from a record of options, so that each is declared once."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import MISSING
from types import MappingProxyType
from typing import Annotated, Any

import typer

from smalti.core.options import Option, options_of

__all__ = ["with_options_of"]

Command = Callable[..., None]


def with_options_of(
    *records: type, more: Mapping[str, Any] = MappingProxyType({}), sparse: bool = False
) -> Callable[[Command], Command]:
    """Give a command the options of records where it takes ``**options``; those of one name are one.

    Values come as texts, lists of texts and flags, for `smalti.core.options.read_options`.

    Parameters
    ----------
    records
        Whose options.
    more
        Annotations of further options by name, which are None when they are not given.
    sparse
        Whether options that are not given are None, and flags can be taken back by ``--no-…``: for a command
        whose options may also stand in a file.
    """

    def give(function: Command) -> Command:
        own = [p for p in inspect.signature(function).parameters.values() if p.kind is not p.VAR_KEYWORD]
        known = {one.name: one for record in records for one in options_of(record)}
        made = [_parameter(one, sparse) for one in known.values()]
        made += [_optional(name, annotation) for name, annotation in more.items()]
        required = [p for p in own if p.default is p.empty]
        ordered = [*required, *made, *(p for p in own if p.default is not p.empty)]
        function.__signature__ = inspect.Signature(ordered)  # type: ignore[attr-defined]  # what Typer reads
        function.__annotations__ = {p.name: p.annotation for p in ordered} | {"return": None}
        return function

    return give


def _optional(name: str, annotation: Any) -> inspect.Parameter:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Parameter(name, kind, default=None, annotation=annotation)


def _parameter(one: Option, sparse: bool) -> inspect.Parameter:
    assert one.default is not MISSING
    return inspect.Parameter(
        one.name,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        default=None if sparse else _default(one),
        annotation=_typed(one, sparse),
    )


def _default(one: Option) -> Any:
    if one.kind == "bool":
        return one.default
    return None if one.usual or one.default in (None, (), "") else str(one.default)


def _typed(one: Option, sparse: bool) -> Any:
    twin = one.default is True or (sparse and one.kind == "bool")
    usual = one.usual or (str(one.default) if sparse and one.default not in (None, (), "") else "")
    shown = typer.Option(
        f"{one.flag}/--no-{one.flag[2:]}" if twin else one.flag,
        *([one.short] if one.short else ()),
        help=one.meaning + (" Repeatable." if one.kind == "strs" else ""),
        metavar=None if one.kind == "bool" else one.metavar or "|".join(one.choices) or "N",
        show_default=one.kind != "bool" and (usual or True),
        rich_help_panel=one.group or None,
    )
    kinds: dict[str, Any] = {"bool": bool | None if sparse else bool, "strs": list[str] | None}
    return Annotated[kinds.get(one.kind, str | None), shown]
