"""Nanoseconds a pixel of all metrics together, by type: one thread, one plane of 1024² in memory."""

import time
from dataclasses import dataclass

import numpy as np

from smalti.kernels.measure import accumulate_many, warm
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
    return {dtype: _of_plane(synthetic("nuclei", 0, (1024, 1024), dtype)) for dtype in LIMITS}


def _of_plane(plane: np.ndarray) -> Found:
    metrics = choose_metrics(Settings())
    sums = accumulate_many(plane[None], metrics.wants)
    kernels = best(lambda: accumulate_many(plane[None], metrics.wants))
    rest = best(lambda: metrics.measure_many(plane[None], sums))
    return Found(kernels / plane.size * 1e9, rest / plane.size * 1e9)


def main() -> None:
    """Print what each type costs a pixel, and the cost of a tiny plane."""
    print("| plane | ns a pixel | of which metrics | limit |")
    print("|---|---:|---:|---:|")
    for dtype, found in measured().items():
        print(f"| {dtype} 1024² | {found.whole:.2f} | {found.metrics:.2f} | {LIMITS[dtype]} |")
    tiny = np.arange(256, dtype=np.uint8).reshape(16, 16)
    print(f"\nOne 16×16 plane: {_of_plane(tiny).whole * tiny.size / 1e3:.0f} µs")


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
