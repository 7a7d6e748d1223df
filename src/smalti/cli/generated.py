"""Options of a command made from a record of options, so that each is declared once."""

import inspect
from collections.abc import Callable
from dataclasses import MISSING
from typing import Annotated, Any

import typer

from smalti.core.options import Option, options_of

__all__ = ["with_options_of"]

Command = Callable[..., None]


def with_options_of(record: type, *left_out: str) -> Callable[[Command], Command]:
    """Give a command the options of a record, less some, where it takes ``**options``.

    Values come as texts, lists of texts and flags, for `smalti.core.options.read_options`.
    """

    def give(function: Command) -> Command:
        own = [p for p in inspect.signature(function).parameters.values() if p.kind is not p.VAR_KEYWORD]
        made = [_parameter(one) for one in options_of(record) if one.name not in left_out]
        required = [p for p in own if p.default is p.empty]
        ordered = [*required, *made, *(p for p in own if p.default is not p.empty)]
        function.__signature__ = inspect.Signature(ordered)  # type: ignore[attr-defined]  # what Typer reads
        function.__annotations__ = {p.name: p.annotation for p in ordered} | {"return": None}
        return function

    return give


def _parameter(one: Option) -> inspect.Parameter:
    assert one.default is not MISSING
    return inspect.Parameter(
        one.name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=_default(one), annotation=_typed(one)
    )


def _default(one: Option) -> Any:
    if one.kind == "bool":
        return one.default
    return None if one.usual or one.default in (None, (), "") else str(one.default)


def _typed(one: Option) -> Any:
    shown = typer.Option(
        f"{one.flag}/--no-{one.flag[2:]}" if one.default is True else one.flag,
        help=one.meaning + (" Repeatable." if one.kind == "strs" else ""),
        metavar=None if one.kind == "bool" else one.metavar or "|".join(one.choices) or "N",
        show_default=one.usual or one.kind != "bool",
        rich_help_panel=one.group or None,
    )
    kinds: dict[str, Any] = {"bool": bool, "strs": list[str] | None}
    return Annotated[kinds.get(one.kind, str | None), shown]
