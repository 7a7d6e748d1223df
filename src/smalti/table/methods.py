"""The methods an expression may call: what each works on, what it takes, what it gives."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from smalti.core.errors import UsageError
from smalti.table.source import Source
from smalti.table.terms import Kind, Term, comparable, computed

__all__ = ["METHODS", "Method", "call"]

_Check = Callable[[Term, Term], object]
"""``check(argument, owner)`` gives what Polars is handed, or raises UsageError."""


@dataclass(frozen=True, slots=True)
class Method:
    """One allowed method.

    Parameters
    ----------
    of
        Kind of term it is called on; None for any.
    gives
        Kind of its result; None for that of the term.
    takes
        Its parameters in order, with their checks.
    defaults
        Values of the parameters that may be left out.
    """

    of: Kind | None
    gives: Kind | None
    takes: Mapping[str, _Check] = field(default_factory=dict)
    defaults: Mapping[str, object] = field(default_factory=dict)


def call(name: str, owner: Term, args: Sequence[Term], named: Mapping[str, Term], text: str) -> Term:
    """The term that a method of `METHODS` gives.

    Raises
    ------
    UsageError
        It does not fit its owner, or its arguments do not fit it.
    """
    method = METHODS[name]
    if method.of not in (None, owner.kind) and owner.kind != "unknown":
        raise UsageError(f"`{text}`: {name}() works on a {method.of}, `{owner.text}` is a {owner.kind}")
    given = dict(zip(method.takes, args, strict=False)) | dict(named)
    required = set(method.takes) - set(method.defaults)
    if len(args) + len(named) != len(given) or not required <= set(given) <= set(method.takes):
        takes = ", ".join(f"[{p}]" if p in method.defaults else p for p in method.takes)
        raise UsageError(f"`{text}`: {name}({takes}) was given {len(args) + len(named)} argument(s)")
    values = {p: method.takes[p](argument, owner) for p, argument in given.items()}
    on = owner.number if method.of == "number" else owner.source
    source = on.call(name, **{**method.defaults, **values})
    if method.gives == "number" != method.of:
        source = source.cast(pl.Int64())  # counts and parts of dates come in types of 8 and 32 bits
    elif method.gives == "number":
        return computed(source, text)
    return Term(source, method.gives or owner.kind, text)


def _alike(argument: Term, owner: Term) -> Source:
    return comparable(owner, argument)[1]


def _share(argument: Term, _: Term) -> float:
    if (
        isinstance(argument.value, bool)
        or not isinstance(argument.value, (int, float))
        or not 0 <= argument.value <= 1
    ):
        raise UsageError(f"`{argument.text}` is no share; give a number from 0 to 1")
    return argument.value


def _decimals(argument: Term, _: Term) -> int:
    if (
        isinstance(argument.value, bool)
        or not isinstance(argument.value, int)
        or not 0 <= argument.value <= 15
    ):
        raise UsageError(f"`{argument.text}` is no number of decimals; give 0 to 15")
    return argument.value


def _text(argument: Term, _: Term) -> str:
    if not isinstance(argument.value, str):
        raise UsageError(f"`{argument.text}` is not text; put it in quotes")
    return argument.value


def _yes_or_no(argument: Term, _: Term) -> bool:
    if not isinstance(argument.value, bool):
        raise UsageError(f"`{argument.text}` is neither True nor False")
    return argument.value


def _closed(argument: Term, _: Term) -> str:
    if argument.value not in ("both", "left", "right", "none"):
        raise UsageError(f"`{argument.text}`: closed is 'both', 'left', 'right' or 'none'")
    return str(argument.value)


_NUMBER = Method("number", "number")
_TEXT = Method("text", "text")
_PART = Method("time", "number")
_FIX = Method("text", "condition", {"prefix": _text})

METHODS: dict[str, Method] = {
    "is_null": Method(None, "condition"),
    "is_not_null": Method(None, "condition"),
    "is_duplicated": Method(None, "condition"),
    "is_unique": Method(None, "condition"),
    "fill_null": Method(None, None, {"value": _alike}),
    "is_between": Method(
        None,
        "condition",
        {"lower_bound": _alike, "upper_bound": _alike, "closed": _closed},
        {"closed": "both"},
    ),
    "is_nan": Method("number", "condition"),
    "is_not_nan": Method("number", "condition"),
    "is_finite": Method("number", "condition"),
    **dict.fromkeys(("abs", "sign", "log", "log10", "sqrt", "exp", "floor", "ceil"), _NUMBER),
    **dict.fromkeys(("min", "max", "mean", "median", "std", "sum", "rank"), _NUMBER),
    "round": Method("number", "number", {"decimals": _decimals}, {"decimals": 0}),
    "quantile": Method("number", "number", {"quantile": _share}),
    "str.contains": Method("text", "condition", {"pattern": _text, "literal": _yes_or_no}, {"literal": True}),
    "str.starts_with": _FIX,
    "str.ends_with": Method("text", "condition", {"suffix": _text}),
    "str.to_lowercase": _TEXT,
    "str.to_uppercase": _TEXT,
    "str.len_chars": Method("text", "number"),
    **dict.fromkeys(("dt.year", "dt.month", "dt.day", "dt.hour", "dt.weekday"), _PART),
    "list.len": Method("list", "number"),
}
"""Methods by dotted name, each that of a Polars expression. ``is_in`` and ``over`` stand beside them in
`smalti.table.expression`, since they take lists and column names."""
