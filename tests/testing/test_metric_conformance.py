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


@pytest.mark.parametrize(
    ("function", "rule", "word"),
    [
        (not_finite, "test_values_are_plain_and_finite_or_none", "return None"),
        (meddling, "test_it_gives_the_same_twice_and_leaves_its_inputs_alone", "profiles"),
        (meddling, "test_it_is_defined_for_an_ordinary_image", "first_row"),
        (misdeclared, "test_values_are_plain_and_finite_or_none", r"return int\(value\)"),
        (misdeclared, "test_columns_are_named_and_explained", "sentence"),
        (too_few, "test_it_gives_one_value_for_each_column", "1 values for 2 columns"),
        (len, "test_it_is_marked_and_says_what_it_measures", "@metric"),
    ],
)
def test_a_metric_that_breaks_a_rule_is_caught_and_told_what_to_do(function, rule, word):
    suite = type("Broken", (MetricSuite,), {"metric": function})()
    with pytest.raises(AssertionError, match=word):
        getattr(suite, rule)()
