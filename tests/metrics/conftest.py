"""Measures a plane by all built-in metrics of planes at once, or a stack by processing it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import smalti.metrics
from smalti.core.plugin import PLANE_NEEDS, collect
from smalti.kernels.measure import EVERYTHING, accumulate

Measure = Callable[..., dict[str, Any]]

METRICS = [plugin for plugin in collect(smalti.metrics) if set(plugin.needs) <= set(PLANE_NEEDS)]


@pytest.fixture(scope="session")
def measure() -> Measure:
    """Column name to value, of one plane and the metrics of planes."""

    def measured(plane: np.ndarray, samples: str = "") -> dict[str, Any]:
        found = accumulate(plane, EVERYTHING, samples)
        row: dict[str, Any] = {}
        for plugin in METRICS:
            given = {need: plane if need == "plane" else getattr(found, need) for need in plugin.needs}
            values = plugin.function(**given)
            values = values if len(plugin.columns) > 1 else (values,)
            row |= dict(zip((column.name for column in plugin.columns), values, strict=True))
        return row

    return measured


@pytest.fixture(scope="session")
def degraded(data: Path, measure: Measure) -> dict[str, dict[str, dict[str, Any]]]:
    """Rows of the degraded images, by level ("reference", "blur_sigma1", …) and file name."""
    return {
        level.name: {path.name: measure(np.array(Image.open(path))) for path in sorted(level.iterdir())}
        for level in sorted((data / "qc_degraded").iterdir())
    }
