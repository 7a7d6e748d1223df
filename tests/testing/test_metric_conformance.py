"""The built-in metrics keep the rules that plugins are asked to keep, and the suite sees those who do not."""

import numpy as np
import pytest

from smalti.core.columns import Column
from smalti.core.plugin import PLANE_NEEDS, metric, plugins
from smalti.kernels.accumulators import Moments, Profiles
from smalti.testing.conformance import MetricSuite

BUILT_IN = {
    name: plugin
    for name, plugin in plugins("metric").items()
    if plugin.module.startswith("smalti.metrics") and set(plugin.needs) <= set(PLANE_NEEDS)
}

for name, plugin in BUILT_IN.items():  # one class a metric, as a plugin author would write it
    suite = type(f"Test{name.title().replace('_', '')}", (MetricSuite,), {"metric": plugin.function})
    globals()[suite.__name__] = suite


def test_every_group_of_metrics_is_covered():
    covered = {column.name for plugin in BUILT_IN.values() for column in plugin.columns}
    assert {"mean", "laplacian_variance", "blockiness", "noise_sigma", "content_hash", "dhash"} <= covered


@metric(Column("share_of_mean", "Float32", "", "A share."))
def not_finite(moments: Moments) -> float:
    """NaN for a black image."""
    with np.errstate(all="ignore"):
        return float(np.float64(moments.min) / moments.mean)


@metric(Column("first_row", "Float32", "", "A row."))
def meddling(profiles: Profiles) -> float | None:
    """Changes what it shares with other metrics."""
    profiles.row_mean[:] += 1
    return None


@metric(Column("n_samples", "Int64", "", "A count", "pooled_std"))
def misdeclared(moments: Moments) -> float:
    """A float for a count."""
    return float(moments.n)


@metric(Column("n_a", "Int64", "", "One."), Column("n_b", "Int64", "", "Two."))
def too_few(moments: Moments) -> tuple[int]:
    """One value for two columns."""
    return (moments.n,)


@metric(
    Column("n_odd", "Int64", "", "A count.", "sum"),
    Column("is_odd", "Boolean", "", "Whether there are any.", "any"),
    Column("own_hash", "String", "", "The hash of the plane.", "same"),
    Column("own_ratio", "Float32", "", "NaN for a black plane."),
    many=True,
)
def of_many(plane: np.ndarray, digest: np.ndarray, moments: Moments[np.ndarray]) -> tuple[np.ndarray, ...]:
    """Takes many planes at once."""
    odd = np.count_nonzero(np.abs(plane) % 2 == 1, axis=tuple(range(1, plane.ndim)))
    return odd, odd > 0, digest, moments.min / moments.mean


class TestOfMany(MetricSuite):
    metric = of_many


@metric(Column("above", "Float64", "", "Above the mean of all."), many=True)
def knowing_others(moments: Moments[np.ndarray]) -> np.ndarray:
    """Compares planes with each other."""
    return moments.mean - moments.mean.mean()


@metric(Column("first_mean", "Float64", "", "A mean."), many=True)
def one_for_all(moments: Moments[np.ndarray]) -> float:
    """One number for all planes."""
    return float(moments.mean[0])


@metric(Column("half", "Int64", "", "A count."), many=True)
def no_count(moments: Moments[np.ndarray]) -> np.ndarray:
    """A count that is no whole number."""
    return moments.n_finite / 2


@pytest.mark.parametrize(
    ("function", "rule", "word"),
    [
        (not_finite, "test_values_are_plain_and_finite_or_none", "return None"),
        (meddling, "test_it_gives_the_same_twice_and_leaves_its_inputs_alone", "profiles"),
        (meddling, "test_it_is_defined_for_an_ordinary_image", "first_row"),
        (misdeclared, "test_values_are_plain_and_finite_or_none", r"return int\(value\)"),
        (misdeclared, "test_columns_are_named_and_explained", "sentence"),
        (too_few, "test_it_gives_one_value_for_each_column", "1 values for 2 columns"),
        (knowing_others, "test_planes_do_not_know_each_other", "among others"),
        (one_for_all, "test_one_that_takes_many_planes_gives_arrays", r"is a float; return an array \(9,\)"),
        (no_count, "test_values_are_plain_and_finite_or_none", r"half is Int64, got float"),
        (len, "test_it_is_marked_and_says_what_it_measures", "@metric"),
    ],
)
def test_a_metric_that_breaks_a_rule_is_caught_and_told_what_to_do(function, rule, word):
    suite = type("Broken", (MetricSuite,), {"metric": function})()
    with pytest.raises(AssertionError, match=word):
        getattr(suite, rule)()
