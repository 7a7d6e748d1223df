"""Nanoseconds a pixel of all metrics together, by type: one thread, as many planes at once as in a run."""

import time
from dataclasses import dataclass

import numpy as np

from smalti.kernels.layout import Layout
from smalti.kernels.measure import accumulate_many, planes_at_once, warm
from smalti.processing.metric_set import choose_metrics
from smalti.processing.settings import Settings
from smalti.testing.synthetic import synthetic

LIMITS = {"uint8": 4.0, "uint16": 4.0, "float32": 7.0}


@dataclass(frozen=True, slots=True)
class Found:
    """Nanoseconds a pixel: of the kernels, and of the metrics that finish what they sum up."""

    kernels: float
    metrics: float

    @property
    def whole(self) -> float:
        """Both together."""
        return self.kernels + self.metrics


def measured() -> dict[str, Found]:
    """The best of seven runs for each type."""
    warm()
    return {dtype: _of_planes(synthetic("nuclei", 0, (1024, 1024), dtype)) for dtype in LIMITS}


def _of_planes(plane: np.ndarray) -> Found:
    """A pixel's share where a run measures planes like this one together."""
    metrics = choose_metrics(Settings())
    n = planes_at_once(Layout.of(plane.shape, plane.dtype))
    planes = np.stack([np.roll(plane, at, axis=1) for at in range(n)])
    sums = accumulate_many(planes, metrics.wants)
    kernels = best(lambda: accumulate_many(planes, metrics.wants))
    rest = best(lambda: metrics.measure_many(planes, sums))
    return Found(kernels / planes.size * 1e9, rest / planes.size * 1e9)


def main() -> None:
    """Print what each type costs a pixel, and the cost of a tiny plane."""
    print("| plane | ns a pixel | of which metrics | limit |")
    print("|---|---:|---:|---:|")
    for dtype, found in measured().items():
        print(f"| {dtype} 1024² | {found.whole:.2f} | {found.metrics:.2f} | {LIMITS[dtype]} |")
    tiny = np.arange(256, dtype=np.uint8).reshape(16, 16)
    print(f"\nA plane of 16×16: {_of_planes(tiny).whole * tiny.size / 1e3:.0f} µs")


def best(call: object, runs: int = 7) -> float:
    """Seconds of the fastest of `runs`."""
    assert callable(call)
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return min(times)


if __name__ == "__main__":
    main()
