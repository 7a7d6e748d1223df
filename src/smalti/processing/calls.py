"""Metrics called one after the other; what one of them does wrong costs its own values only."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import numpy as np

from smalti.core.errors import UsageError
from smalti.core.plugin import Plugin
from smalti.processing.fit import PLAIN, MisfitError, fit
from smalti.processing.frames import reason

__all__ = ["Call", "call_all", "call_along", "call_given", "one_a_column"]


@dataclass(frozen=True, slots=True)
class Call:
    """A metric made ready: how to call it, and which types of result need no second look."""

    metric: Plugin
    function: Callable[[Mapping[str, Any]], Any]
    plain: tuple[frozenset[type], ...]


def call_given(metric: Plugin) -> Call:
    """A call with what the metric needs; null without a call when any of it is None."""
    return _call(metric, _only_with_all(metric.function, metric.needs))


def call_along(metric: Plugin) -> Call:
    """A call with what a metric of images needs; null without a call where an axis it looks along is short.

    What is given holds, beside the needs, the length of each axis by its letter.
    """
    function, needs, over = metric.function, metric.needs, metric.options["over"]

    def call(given: Mapping[str, Any]) -> Any:
        if any(given[axis] == 1 for axis in over):
            return None
        return function(*(given[name] for name in needs))

    return _call(metric, call)


def _call(metric: Plugin, function: Callable[[Mapping[str, Any]], Any]) -> Call:
    return Call(metric, function, tuple(PLAIN[column.dtype] for column in metric.columns))


def _only_with_all(
    function: Callable[..., Any], needs: tuple[str, ...]
) -> Callable[[Mapping[str, Any]], Any]:
    if not needs:
        return lambda given: function()
    pick = itemgetter(*needs)
    if len(needs) == 1:
        return lambda given: None if pick(given) is None else function(pick(given))

    def call(given: Mapping[str, Any]) -> Any:
        arguments = pick(given)
        return None if any(a is None for a in arguments) else function(*arguments)

    return call


def call_all(calls: Sequence[Call], given: Mapping[str, Any]) -> tuple[list[Any], str | None]:
    """Values of all metrics in a row, and what was wrong with the first that went wrong (None if none).

    A metric that raises or gives too few or too many values gives nulls, a value that does not fit its
    column is null.
    """
    values: list[Any] = []
    trouble = None
    for call in calls:
        try:
            found = one_a_column(call, call.function(given))
            if not all(map(frozenset.__contains__, call.plain, map(type, found))):
                found, wrong = _fitted(call, found)
                trouble = trouble or wrong
        except Exception as error:  # somebody's metric; it costs its own values only
            trouble = trouble or f"metric {call.metric.name}: {reason(error)}"
            found = (None,) * len(call.plain)
        values.extend(found)
    return values, trouble


def one_a_column(call: Call, result: Any) -> Any:
    """What a metric gave, as a sequence with something for each of its columns.

    Raises
    ------
    UsageError
        It gave more or less.
    """
    n_columns = len(call.plain)
    if n_columns == 1:
        return (result,)
    if type(result) is tuple and len(result) == n_columns:
        return result
    if result is None:
        return (None,) * n_columns
    several = isinstance(result, (tuple, list, np.ndarray))
    if not several or len(result) != n_columns:
        got = f"{len(result)} values" if several else f"one {type(result).__name__}"
        raise UsageError(f"it gave {got} for {n_columns} columns; return a tuple in the order declared")
    return result


def _fitted(call: Call, found: Sequence[Any]) -> tuple[list[Any], str | None]:
    values, trouble = [], None
    for column, value in zip(call.metric.columns, found, strict=True):
        try:
            values.append(fit(column, value))
        except MisfitError as error:
            trouble = trouble or f"metric {call.metric.name}: {error}"
            values.append(None)
    return values, trouble
