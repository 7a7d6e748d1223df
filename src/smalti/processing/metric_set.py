"""The metrics of a run: chosen by name, sorted by what they measure."""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from importlib import import_module
from types import CodeType
from typing import Any

import numpy as np
import polars as pl

from smalti.core.columns import Column
from smalti.core.errors import PluginClashError, UnknownNameError, UsageError
from smalti.core.image import Image
from smalti.core.plugin import IMAGE_NEEDS, Plugin, collect, metric_set_version, plugins
from smalti.kernels.several import Several
from smalti.processing.calls import Call, call_all, call_along, call_given
from smalti.processing.frames import Values
from smalti.processing.glimpses import Glimpses
from smalti.processing.many import Troubles, call_planes
from smalti.processing.settings import Settings
from smalti.table.rollup import WEIGHT
from smalti.table.schema import PLANE_KEYS

__all__ = ["MetricSet", "choose_metrics"]

_STORED = frozenset({"histogram", "thumbnail"})
"""Accumulators that are stored beside the table, whatever the metrics ask for."""


@dataclass(frozen=True)
class MetricSet:
    """Metrics of planes and of images, and the columns they fill.

    Parameters
    ----------
    of_planes, of_images
        The metrics, by what they measure.
    live
        Those of them written in ``__main__``, as in a notebook: their code may change between two runs.
    """

    of_planes: tuple[Plugin, ...]
    of_images: tuple[Plugin, ...]
    live: tuple[Plugin, ...] = ()

    @cached_property
    def plane_columns(self) -> tuple[Column, ...]:
        """In the order of `of_planes`."""
        return tuple(column for metric in self.of_planes for column in metric.columns)

    @cached_property
    def planes_table(self) -> tuple[Column, ...]:
        """Columns of a table with one row a plane."""
        return (*PLANE_KEYS, *self.plane_columns)

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
    def wants_of_images(self) -> frozenset[str]:
        """What metrics of images ask for, out of `IMAGE_NEEDS`."""
        return frozenset(need for metric in self.of_images for need in metric.needs)

    @cached_property
    def trouble_without_plane(self) -> str | None:
        """What is missing where no plane is held whole; None when nothing is."""
        names = [metric.name for metric in self.of_planes if "plane" in metric.needs]
        few = f"metric{'s' * (len(names) > 1)} {', '.join(names)}"
        return f"{few}: no value, the planes are too large to be held whole" if names else None

    @cached_property
    def version(self) -> str:
        """Changes when a metric is added, removed or numbered anew, or a live one has other code.

        What a live metric calls or reads from outside its own body does not count.
        """
        version = metric_set_version([*self.of_planes, *self.of_images])
        if not self.live:
            return version
        codes = sorted(_code(metric.function) for metric in self.live)
        return blake2b("\n".join([version, *codes]).encode(), digest_size=4).hexdigest()

    @cached_property
    def _calls(self) -> list[Call]:
        return [call_given(metric) for metric in self.of_planes]

    @cached_property
    def _image_calls(self) -> list[Call]:
        return [call_along(metric) for metric in self.of_images]

    def asked_of(self, length: Mapping[str, int]) -> frozenset[str]:
        """What those metrics ask for that are called for an image of these lengths of axes."""
        called = (m for m in self.of_images if all(length[axis] > 1 for axis in m.options["over"]))
        return frozenset(need for metric in called for need in metric.needs)

    @cached_property
    def leaves_out_single_planes(self) -> bool:
        """Whether no metric of images is called for one of a single plane."""
        return all(metric.options["over"] for metric in self.of_images)

    @cached_property
    def no_image_values(self) -> list[Any]:
        """Those of an image for which no metric is called; not to be changed."""
        return [None] * len(self.image_columns)

    def measure_many(
        self, planes: np.ndarray | None, several: Several, beats: Sequence[Callable[[], None]] = ()
    ) -> tuple[list[Values], Troubles]:
        """What metrics say of planes of one shape and type.

        Parameters
        ----------
        planes
            (N, Y, X) or (N, Y, X, S); None where they are not held: metrics that ask for a plane then have
            no value.
        several
            Their sums.
        beats
            One a plane, called before it is given to metrics that take one at a time.

        Returns
        -------
        values : list
            Those of each column, in the order of `plane_columns`: an array (N,), in which NaN is null, or a
            list of Python's values.
        troubles : dict of int to str
            Why some are missing, by the place of the plane.
        """
        return call_planes(self._calls, planes, several, beats)

    def measure_whole(
        self, image: Image, planes: Callable[[], pl.DataFrame], seen: Glimpses
    ) -> tuple[list[Any], str | None]:
        """Values in the order of `image_columns`, and why some are missing.

        `planes`, in the columns of `planes_table`, is called when a metric needs it; `seen` saw all planes.
        """
        return call_all(self._image_calls, _Given(image, planes, seen))


class _Given(dict[str, Any]):
    """What metrics of images may ask for, made when first asked for."""

    def __init__(self, image: Image, planes: Callable[[], pl.DataFrame], seen: Glimpses) -> None:
        super().__init__(image.sizes, image=image)
        self._planes = planes
        self._seen = seen

    def __missing__(self, name: str) -> Any:
        self[name] = self._planes() if name == "planes" else getattr(self._seen, name)
        return self[name]


def _code(function: Callable[..., Any]) -> str:
    return _text(getattr(inspect.unwrap(function), "__code__", None))


def _text(code: CodeType | None) -> str:
    """What a function does, as text that is the same each time the same cell is run."""
    if code is None:  # a class or another object that can be called
        return ""
    constants = [_text(c) if isinstance(c, CodeType) else repr(c) for c in code.co_consts]
    return "\n".join([code.co_code.hex(), *constants, *code.co_names])


def choose_metrics(settings: Settings, extra: Sequence[Plugin] = ()) -> MetricSet:
    """The metrics that `settings` name, out of all installed, those of its modules, and `extra`.

    A column's name stands for the metric that fills it, and its other columns come or go with it. The metric
    that counts finite pixels is always among them: roll-ups weigh by it.

    Raises
    ------
    PluginClashError
        Two different metrics have one name.
    UnknownNameError
        There is no metric or column of a name that `settings` asks for or leaves out.
    UsageError
        The same, where modules were given in which it might have stood.
    """
    known = plugins("metric")
    for metric in (*_of_modules(settings.modules), *extra):
        other = known.setdefault(metric.name, metric)
        if other.function is not metric.function:
            raise PluginClashError("metric", metric.name, other.module, metric.module)
    asked = tuple(known) if settings.metrics is None else settings.metrics
    names = set() if asked == ("none",) else _names(asked, known, settings.modules)
    weighing = {m.name for m in known.values() if names and any(c.name == WEIGHT for c in m.columns)}
    wanted = (names - _names(settings.exclude, known, settings.modules)) | weighing
    chosen = [metric for metric in known.values() if metric.name in wanted]
    of_images = tuple(m for m in chosen if m.needs and set(m.needs) <= set(IMAGE_NEEDS))
    of_planes = tuple(m for m in chosen if m not in of_images)
    live = tuple(m for m in extra if m.name in wanted and m.module == "__main__")
    return MetricSet(of_planes, of_images, live)


def _names(asked: Iterable[str], known: Mapping[str, Plugin], modules: Sequence[str]) -> set[str]:
    """Names of metrics; one of its columns may be asked for in place of a metric."""
    owners = {column.name: metric.name for metric in known.values() for column in metric.columns}
    owners |= {name: name for name in known}
    for name in asked:
        if name not in owners:
            raise _unknown(name, owners, modules)
    return {owners[name] for name in asked}


def _unknown(name: str, known: Iterable[str], modules: Sequence[str]) -> UsageError:
    error = UnknownNameError("metric", name, known)
    if not modules:
        return error
    return UsageError(
        f"{error}. A metric given as a function must stand at module level, here of {', '.join(modules)}, "
        "not inside another function: the worker process looks for it there"
    )


def _of_modules(modules: Sequence[str]) -> list[Plugin]:
    return [p for name in modules for p in collect(import_module(name)) if p.kind == "metric"]
