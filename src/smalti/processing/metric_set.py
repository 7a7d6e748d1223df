"""The metrics of a run: chosen by name, sorted by what they measure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from operator import itemgetter
from typing import Any

from smalti.core.columns import Column
from smalti.core.errors import UnknownNameError
from smalti.core.plugin import IMAGE_NEEDS, PLANE_NEEDS, Plugin, collect, metric_set_version, plugins
from smalti.kernels.accumulators import Accumulated
from smalti.processing.settings import Settings
from smalti.table.rollup import WEIGHT

__all__ = ["MetricSet", "choose_metrics"]

_STORED = frozenset({"histogram", "thumbnail"})
"""Accumulators that are stored beside the table, whatever the metrics ask for."""


@dataclass(frozen=True)
class MetricSet:
    """Metrics of planes and of images, and the columns they fill."""

    of_planes: tuple[Plugin, ...]
    of_images: tuple[Plugin, ...]

    @cached_property
    def plane_columns(self) -> tuple[Column, ...]:
        """In the order of `of_planes`."""
        return tuple(column for metric in self.of_planes for column in metric.columns)

    @cached_property
    def image_columns(self) -> tuple[Column, ...]:
        """In the order of `of_images`."""
        return tuple(column for metric in self.of_images for column in metric.columns)

    @cached_property
    def wants(self) -> frozenset[str]:
        """Accumulators to compute for each plane; none when nothing is measured."""
        asked = frozenset(need for metric in self.of_planes for need in metric.needs)
        return (asked | _STORED) - {"plane"} if self.of_planes else frozenset()

    @cached_property
    def version(self) -> str:
        """Changes when a metric is added, removed or numbered anew."""
        return metric_set_version([*self.of_planes, *self.of_images])

    @cached_property
    def _calls(self) -> list[tuple[Plugin, Callable[[dict[str, Any]], Any]]]:
        return [(metric, _caller(metric)) for metric in self.of_planes]

    def measure(self, plane: Any, sums: Accumulated) -> tuple[list[Any], str | None]:
        """Values in the order of `plane_columns`, and why some are missing (None when none is)."""
        given = {name: getattr(sums, name) for name in PLANE_NEEDS if name != "plane"} | {"plane": plane}
        return call_all(self._calls, given)


def call_all(
    calls: Sequence[tuple[Plugin, Callable[[dict[str, Any]], Any]]], given: dict[str, Any]
) -> tuple[list[Any], str | None]:
    """Values of all metrics in a row; a metric that raises gives nulls and its message."""
    values: list[Any] = []
    trouble = None
    for metric, call in calls:
        try:
            result = call(given)
        except Exception as error:  # somebody's metric; it costs its own values only
            trouble = f"metric {metric.name}: {type(error).__name__}: {error}"
            result = None
        if len(metric.columns) == 1:
            values.append(result)
        else:
            values.extend(result if result is not None else [None] * len(metric.columns))
    return values, trouble


def _caller(metric: Plugin) -> Callable[[dict[str, Any]], Any]:
    function, needs = metric.function, metric.needs
    if not needs:
        return lambda given: function()
    pick = itemgetter(*needs)
    if len(needs) == 1:
        return lambda given: None if pick(given) is None else function(pick(given))

    def call(given: dict[str, Any]) -> Any:
        arguments = pick(given)
        return None if any(a is None for a in arguments) else function(*arguments)

    return call


def choose_metrics(settings: Settings, extra: Sequence[Plugin] = ()) -> MetricSet:
    """The metrics that `settings` name, out of all installed, those of its modules, and `extra`.

    The metric that counts finite pixels is always among them: roll-ups weigh by it.
    """
    known = (
        plugins("metric") | {m.name: m for m in _of_modules(settings.modules)} | {m.name: m for m in extra}
    )
    names = tuple(known) if settings.metrics is None else settings.metrics
    if names == ("none",):
        names = ()
    for name in (*names, *settings.exclude):
        if name not in known:
            raise UnknownNameError("metric", name, known)
    weighing = {m.name for m in known.values() if names and any(c.name == WEIGHT for c in m.columns)}
    wanted = (set(names) - set(settings.exclude)) | weighing
    chosen = [metric for metric in known.values() if metric.name in wanted]
    of_images = tuple(m for m in chosen if m.needs and set(m.needs) <= set(IMAGE_NEEDS))
    return MetricSet(tuple(m for m in chosen if m not in of_images), of_images)


def _of_modules(modules: Sequence[str]) -> list[Plugin]:
    return [p for name in modules for p in collect(import_module(name)) if p.kind == "metric"]
