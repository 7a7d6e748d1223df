"""Measures a plane by all built-in metrics of planes at once, or a stack by processing it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import smalti.metrics
from smalti.core.plugin import PLANE_NEEDS, collect
from smalti.kernels.measure import EVERYTHING, accumulate_many
from smalti.processing.budget import Budget
from smalti.processing.measure import Batch, measure_image
from smalti.processing.metric_set import MetricSet, choose_metrics
from smalti.processing.settings import Settings
from smalti.testing._values import plain
from smalti.testing.memory import image_of

Measure = Callable[..., dict[str, Any]]

METRICS = MetricSet(tuple(m for m in collect(smalti.metrics) if set(m.needs) <= set(PLANE_NEEDS)), ())


@pytest.fixture(scope="session")
def measure() -> Measure:
    """Column name to value, of one plane and the metrics of planes."""

    def measured(plane: np.ndarray, samples: str = "") -> dict[str, Any]:
        several = accumulate_many(plane[None], EVERYTHING, samples)
        values, troubles = METRICS.measure_many(plane[None], several)
        assert not troubles
        columns = zip(METRICS.plane_columns, values, strict=True)
        return {column.name: plain(column, each)[0] for column, each in columns}

    return measured


@pytest.fixture(scope="session")
def degraded(data: Path, measure: Measure) -> dict[str, dict[str, dict[str, Any]]]:
    """Rows of the degraded images, by level ("reference", "blur_sigma1", …) and file name."""
    return {
        level.name: {path.name: measure(np.array(Image.open(path))) for path in sorted(level.iterdir())}
        for level in sorted((data / "qc_degraded").iterdir())
    }


MeasureStack = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def measure_stack() -> MeasureStack:
    """Column name to value, of a whole stack and the metrics of images, as processing measures it."""

    def measured(
        stack: np.ndarray, axes: str, metrics: tuple[str, ...] | None = None, lost: tuple[int, ...] = ()
    ) -> dict[str, Any]:
        """`lost` are indices along the first axis that cannot be read."""

        def read(at: tuple[int | slice, ...], level: int) -> np.ndarray:
            if at[0] in lost:
                raise OSError("this part of the file is gone")
            return stack[at]

        samples = "RGB" if axes.endswith("S") else ""
        image = image_of(stack, axes, samples=samples, pixels=read)
        chosen = choose_metrics(Settings(metrics=metrics))
        found = measure_image(image, Batch.of(chosen, Budget(10**9), 10**9), lambda: None)
        assert found.trouble is None
        return dict(zip((c.name for c in chosen.image_columns), found.image_values, strict=True))

    return measured
