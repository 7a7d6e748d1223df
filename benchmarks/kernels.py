"""Nanoseconds a pixel of all metrics together, by type: one thread, one plane of 1024² in memory."""

import time

import numpy as np

from smalti.kernels.measure import accumulate, warm
from smalti.processing.metric_set import choose_metrics
from smalti.processing.settings import Settings
from smalti.testing.synthetic import synthetic

LIMITS = {"uint8": 4.0, "uint16": 4.0, "float32": 7.0}


def main() -> None:
    """Print the best of seven runs for each type, and the cost of a tiny plane."""
    warm()
    metrics = choose_metrics(Settings())
    print("| plane | ns a pixel | of which metrics | limit |")
    print("|---|---:|---:|---:|")
    for dtype, limit in LIMITS.items():
        plane = synthetic("nuclei", 0, (1024, 1024), dtype)
        sums = accumulate(plane, metrics.wants)
        kernels = best(lambda plane=plane: accumulate(plane, metrics.wants)) / plane.size * 1e9
        rest = best(lambda plane=plane, sums=sums: metrics.measure(plane, sums)) / plane.size * 1e9
        print(f"| {dtype} 1024² | {kernels + rest:.2f} | {rest:.2f} | {limit} |")
    tiny = np.arange(256, dtype=np.uint8).reshape(16, 16)
    sums = accumulate(tiny, metrics.wants)
    whole = best(lambda: accumulate(tiny, metrics.wants)) + best(lambda: metrics.measure(tiny, sums))
    print(f"\nOne 16×16 plane: {whole * 1e6:.0f} µs")


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
