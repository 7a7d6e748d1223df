"""What a plugin must keep, as test classes to inherit; needs pytest.

::

    from smalti.testing.conformance import LoaderSuite, MetricSuite

    class TestMyLoader(LoaderSuite):
        loader = my_loader

        def make_file(self, folder):
            path = folder / "made.my"
            ...
            return path, pixels

    class TestMyMetric(MetricSuite):
        metric = my_metric

Each test's name is the rule it holds, and each failure says what was found and what to do.
"""

from smalti.testing._loader_suite import LoaderSuite
from smalti.testing._metric_suite import MetricSuite

__all__ = ["LoaderSuite", "MetricSuite"]
