"""Pyramids of images far larger than the memory in which they are written."""

import json
import subprocess
import sys

import numpy as np
import pytest
import zarr

from smalti.writers.pyramid import reduced

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="other systems count the peak in other units"),
]

MOST_MB = 250

WRITE = """
import json, resource, sys
import numpy as np
import smalti

STEPS = (5, 7, 13)

class Slopes:
    # Pixels that cost nothing to keep: sums of a number for each plane, row and column.
    def __init__(self, shape):
        self.shape, self.ndim, self.dtype = shape, len(shape), np.dtype("uint16")

    def __getitem__(self, region):
        pixels = np.zeros([side.stop - side.start for side in region], np.uint16)
        for axis, (side, step) in enumerate(zip(region, STEPS[-self.ndim:])):
            line = (np.arange(side.start, side.stop) * step % 20_000).astype(np.uint16)
            pixels += line.reshape([-1 if axis == other else 1 for other in range(self.ndim)])
        return pixels

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6

side, n, store, method, ngff = sys.argv[1:]
options = {"method": method, "ngff": ngff, "overwrite": True}
smalti.write_pyramid(Slopes((600,) * int(n) if n == "2" else (70,) * 3), store, **options)
before = peak()
smalti.write_pyramid(Slopes((int(side),) * int(n)), store, **options)
print(json.dumps(peak() - before))
"""


def slopes(region):
    lines = [
        (np.arange(side.start, side.stop) * step % 20_000).astype(np.uint16)
        for side, step in zip(region, (5, 7, 13)[-len(region) :], strict=True)
    ]
    return sum(np.meshgrid(*lines, indexing="ij"))


@pytest.mark.parametrize(
    ("side", "n_axes", "method", "ngff"),
    [
        *((16_384, 2, "mean", "0.5"), (16_384, 2, "mean", "0.4"), (16_384, 2, "gaussian", "0.5")),
        *((1024, 3, "mean", "0.5"), (1024, 3, "mode", "0.5")),
    ],
)
def test_a_large_image_is_written_in_little_memory(side, n_axes, method, ngff, tmp_path):
    store = tmp_path / "large.zarr"
    command = [sys.executable, "-c", WRITE, *map(str, (side, n_axes, store, method, ngff))]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)
    assert json.loads(done.stdout) < MOST_MB
    coarse = zarr.open_array(store / "scale1" / "image", mode="r")
    assert coarse.shape == (side // 2,) * n_axes
    cut = (slice(side // 2 - 40, side // 2),) * n_axes
    fine = slopes(tuple(slice(2 * one.start - 8, 2 * one.stop) for one in cut))
    expected = reduced(method, fine, (2,) * n_axes)[(slice(4, None),) * n_axes]
    np.testing.assert_array_equal(coarse[cut], expected)
