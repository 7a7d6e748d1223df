"""The rules of a metric of planes, one test each; see `smalti.testing.conformance`."""

import inspect
import re
import warnings
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import fields, is_dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

from smalti.core.plugin import IMAGE_NEEDS, PLANE_NEEDS, Plugin
from smalti.kernels.accumulators import Accumulated
from smalti.kernels.layout import Layout
from smalti.kernels.measure import accumulate, accumulate_many, planes_at_once
from smalti.kernels.several import Several
from smalti.processing.many import fit_many
from smalti.table.schema import IMAGE_COLUMNS, PLANE_KEYS
from smalti.testing._values import plain, why_not
from smalti.testing.planes import hostile_planes
from smalti.testing.synthetic import synthetic

__all__ = ["MetricSuite"]

NUMBERS = ("Float32", "Float64", "Int64", "UInt64")
ROLLUP_DTYPES = {
    "mean": NUMBERS,
    "pooled_std": ("Float32", "Float64"),
    "min": (*NUMBERS, "Boolean", "Datetime"),
    "max": (*NUMBERS, "Boolean", "Datetime"),
    "sum": NUMBERS,
    "any": ("Boolean",),
    "all": ("Boolean",),
    "combined_hash": ("String",),
}
"""Which dtypes a roll-up makes sense for; one not named here fits all."""


class MetricSuite:
    """Inherit, set `metric`; pytest then runs one test a rule, over planes that break things.

    For a metric of planes. A metric of images (`smalti.core.plugin.IMAGE_NEEDS`) is refused with a word.

    Attributes
    ----------
    metric
        The marked function.
    """

    metric: ClassVar[Callable[..., Any]]

    @property
    def plugin(self) -> Plugin:
        """What the metric's mark says."""
        found = getattr(type(self).metric, "__smalti__", None)
        assert isinstance(found, Plugin), (
            f"{type(self).__name__}.metric carries no mark; decorate it with @metric(…)"
        )
        return found

    def values(self, plane: np.ndarray, samples: str = "") -> tuple[Any, ...]:
        """The metric's values for one plane, one a column, as they come into the table."""
        found = self._call(self._given(plane[None], samples))
        return self._plain(found, 1)[0] if self._many else found

    @property
    def _many(self) -> bool:
        """Whether the metric takes many planes at once."""
        return bool(self.plugin.options["many"])

    def _given(self, planes: np.ndarray, samples: str) -> dict[str, Any]:
        """What the metric asks for, of planes (N, Y, X) or (N, Y, X, S); else of the first."""
        needs = self.plugin.needs
        if not set(needs) <= set(PLANE_NEEDS):
            pytest.fail(f"{self.plugin.name} asks for {needs}; MetricSuite tests metrics of planes only")
        wants = frozenset(needs) - {"plane"}
        sums: Accumulated | Several = (
            accumulate_many(planes, wants, samples) if self._many else accumulate(planes[0], wants, samples)
        )
        plane = planes if self._many else planes[0]
        return {need: plane if need == "plane" else getattr(sums, need) for need in needs}

    def _call(self, given: dict[str, Any]) -> tuple[Any, ...]:
        """What the metric gives for each column: a value, or those of many planes."""
        n_columns = len(self.plugin.columns)
        if any(value is None for value in given.values()):  # not defined for this plane, so never called
            return (None,) * n_columns
        with np.errstate(all="ignore" if self._many else None):
            result = type(self).metric(**given)
        return (result,) if n_columns == 1 else result

    def _plain(self, found: tuple[Any, ...], n: int) -> list[tuple[Any, ...]]:
        """Rows of what a metric gives for `n` planes at once."""
        columns = []
        for column, each in zip(self.plugin.columns, found, strict=True):
            values, troubles = fit_many(column, each, n)
            assert not troubles, next(iter(troubles.values()))
            columns.append(plain(column, values))
        return list(zip(*columns, strict=True))

    def _over_all_planes(self) -> Iterator[tuple[str, tuple[Any, ...]]]:
        for name, (plane, samples) in hostile_planes().items():
            yield name, self.values(plane, samples)

    def _groups(self) -> Iterator[tuple[str, np.ndarray, str]]:
        """Planes of one shape and type, (N, Y, X) or (N, Y, X, S), for a metric that takes many."""
        for name, (plane, samples) in hostile_planes().items() if self._many else ():
            if planes_at_once(Layout.of(plane.shape, plane.dtype, samples)) == 1:
                continue
            others = [plane[::-1], plane[:, ::-1], np.zeros_like(plane), np.roll(plane, 1, 0)]
            yield (
                name,
                np.stack([*others, plane, *others], out=np.empty((9, *plane.shape), plane.dtype)),
                samples,
            )

    def test_it_is_marked_and_says_what_it_measures(self) -> None:
        """The first line of the docstring is shown to people."""
        assert self.plugin.kind == "metric", f"the mark says {self.plugin.kind}; decorate it with @metric(…)"
        assert not set(self.plugin.needs) & set(IMAGE_NEEDS), "MetricSuite tests metrics of planes only"
        assert inspect.getdoc(type(self).metric), f"{self.plugin.name} has no docstring"

    def test_columns_are_named_and_explained(self) -> None:
        """Snake case, not a name every table has, one sentence each, a roll-up that fits the type."""
        taken = {column.name for column in (*IMAGE_COLUMNS, *PLANE_KEYS)}
        for column in self.plugin.columns:
            assert re.fullmatch(r"[a-z][a-z0-9_]*", column.name), f"{column.name!r} is not in snake case"
            assert column.name not in taken, f"every table has a column {column.name!r}; choose another name"
            assert column.meaning.endswith("."), f"{column.name}: write the meaning as a sentence"
            fit = ROLLUP_DTYPES.get(column.rollup, (column.dtype,))
            assert column.dtype in fit, (
                f"{column.name}: roll-up {column.rollup!r} does not fit {column.dtype}"
            )
        names = [column.name for column in self.plugin.columns]
        assert len(set(names)) == len(names), f"a column is declared twice: {names}"

    def test_it_gives_one_value_for_each_column(self) -> None:
        """A value for one column, else a tuple in the order declared."""
        n_columns = len(self.plugin.columns)
        for name, (plane, samples) in hostile_planes().items():
            values = self._call(self._given(plane[None], samples))
            assert isinstance(values, tuple), (
                f"{name}: returned a {type(values).__name__}, {n_columns} columns declared"
            )
            assert len(values) == n_columns, f"{name}: {len(values)} values for {n_columns} columns"

    def test_one_that_takes_many_planes_gives_arrays(self) -> None:
        """One array a column, with one value a plane."""
        for name, planes, samples in self._groups():
            for column, each in zip(
                self.plugin.columns, self._call(self._given(planes, samples)), strict=True
            ):
                got = f"an array {each.shape}" if isinstance(each, np.ndarray) else f"a {type(each).__name__}"
                assert each is None or got == f"an array {planes.shape[:1]}", (
                    f"{name}: {column.name} is {got}; return an array ({len(planes)},), a value a plane"
                )

    def test_planes_do_not_know_each_other(self) -> None:
        """A plane measured among others has, to the last bit, the values it has alone."""
        for name, planes, samples in self._groups():
            together = self._call(self._given(planes, samples))
            for at in range(len(planes)):
                alone = self._call(self._given(planes[at : at + 1], samples))
                for column, one, of_all in zip(self.plugin.columns, alone, together, strict=True):
                    own, among = (
                        None if found is None else found[i] for found, i in ((one, 0), (of_all, at))
                    )
                    assert _same(own, among), (
                        f"{name}: {column.name} of plane {at} is {own} alone, {among} among others"
                    )

    def test_values_are_plain_and_finite_or_none(self) -> None:
        """Never NaN or Inf, never a NumPy integer or boolean."""
        for name, values in self._over_all_planes():
            for column, value in zip(self.plugin.columns, values, strict=True):
                trouble = why_not(column, value)
                assert trouble is None, f"{name}: {trouble}"

    def test_it_is_defined_for_an_ordinary_image(self) -> None:
        """A metric that is None for a picture of cells and for a colour one measures nothing."""
        colour = synthetic("histology", dtype="uint8")
        seen = [self.values(synthetic("nuclei")), self.values(colour, "RGB")]
        for at, column in enumerate(self.plugin.columns):
            assert any(values[at] is not None for values in seen), (
                f"{column.name} is None for ordinary images"
            )

    def test_it_warns_of_nothing(self) -> None:
        """A warning a plane is a million lines."""
        for name, (plane, samples) in hostile_planes().items():
            given = self._given(plane[None], samples)
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                self._call(given)
            assert not caught, f"{name}: {caught[0].message}"

    def test_it_gives_the_same_twice_and_leaves_its_inputs_alone(self) -> None:
        """Accumulators are shared with all other metrics."""
        for name, (plane, samples) in hostile_planes().items():
            given = self._given(plane[None], samples)
            before = deepcopy(given)
            first, second = self._call(given), self._call(given)
            assert _same(first, second), f"{name}: first {first}, then {second}"
            changed = [need for need in given if not _same(given[need], before[need])]
            assert not changed, f"{name}: the metric changed {changed}; work on a copy"


def _same(one: object, other: object) -> bool:
    if is_dataclass(one):
        return all(_same(getattr(one, part.name), getattr(other, part.name)) for part in fields(one))
    if isinstance(one, np.ndarray):
        return np.array_equal(one, np.asarray(other), equal_nan=one.dtype.kind in "fc")
    if isinstance(one, tuple):
        return isinstance(other, tuple) and len(one) == len(other) and all(map(_same, one, other))
    return one == other or (one != one and other != other)  # NaN is itself
