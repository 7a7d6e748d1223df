"""The table against independent readers: minimum, maximum, mean and spread of real files."""

import math
import re

import pytest

import smalti
from smalti.core.progress import Silent

EXTENSIONS = ("png", "jpg", "jpeg", "bmp", "gif", "webp", "tif", "tiff")
ALPHA = ("RGBA", "LA", "PA", "RGBa", "La")
FOLDERS = (
    "skimage",
    "microscopy_neubias",
    "odd_valid",
    "format_zoo",
    "ometiff",
    "bioio_samples",
    "qc_degraded",
)


@pytest.fixture(scope="module")
def table(data, tmp_path_factory):
    project = smalti.process(
        data,
        output=tmp_path_factory.mktemp("expected") / "x.smalti",
        conditions=FOLDERS,
        extensions=EXTENSIONS,
        metrics=["intensity"],
        progress=Silent(),
    )
    columns = ("path", "series", "status", "min", "max", "mean", "std", "size_s")
    return {(row[0], row[1]): row[2:] for row in project.images.select(columns).collect().iter_rows()}


def comparable(row):
    """Whole images without alpha, as the table counts series: not frames of a film, not complex means."""
    whole = row["item"].startswith("series") or row["n_items"] == "1"
    mode = re.search(r"mode=(\w+)", row["item"])
    alpha = (mode and mode[1] in ALPHA) or row["shape"].endswith("x4") or row["shape"].endswith("x2")
    alpha = alpha or "RGBa" in row["path"]  # planar: the samples come first
    return whole and row["path"].startswith(FOLDERS) and row["min"] and not alpha


@pytest.mark.slow
def test_the_table_agrees_with_independent_readers_where_there_is_no_alpha(expected, table):
    wrong, compared = [], 0
    for row in expected:
        series = re.match(r"series(\d+)", row["item"])
        key = (row["path"], int(series[1]) if series else 0)
        if not row["path"].lower().endswith(EXTENSIONS) or not comparable(row) or key not in table:
            continue
        compared += 1
        status, *found = table[key][:5]
        true = [float(row[name]) for name in ("min", "max", "mean", "std")]
        close = all(
            math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-9)
            for a, b in zip(found, true, strict=True)
            if a is not None
        )
        if status != "ok" or None in found or not close:
            wrong.append((key, status, found, true))
    assert compared > 250
    assert not wrong
