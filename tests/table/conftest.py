"""A table with everything that can stand in one: null, NaN, infinities, quotes, odd names."""

from datetime import date, datetime

import polars as pl
import pytest

from smalti.processing.record import Record
from smalti.table import store
from smalti.table.view import Table

INF, NAN = float("inf"), float("nan")

NAMES = [f"im{n:02d}_{n % 3}.tif" for n in range(11)]

ROWS = {
    "image_id": [f"{number:016x}" for number in range(12)],
    "path": [*(f"{'ab'[n % 2]}/{'x' if n < 6 else 'y/z'}/{name}" for n, name in enumerate(NAMES)), "top.tif"],
    "name": [*NAMES, "top.tif"],
    "condition": ["a", "a", "b", "b", "ünï 'q' \"d\"", "a", None, "b", "a", "c\\n", "a", ""],
    "mean": [1.0, 2.5, NAN, INF, -INF, None, 0.0, 2.5, -3.25, 100.0, 2.75, 1.5],
    "std": [0.5, 0.25, 1.0, 2.0, None, 3.0, 0.0, 0.75, 1.25, 4.0, NAN, 0.5],
    "n": [3, None, 5, 5, 7, 0, -2, 5, 9, 11, 3, 4],
    "bits": [8, 16, 16, None, 8, 12, 0, 2**63, 1, 2, 3, 4],
    "flat": [True, False, None, False, True, True, False, None, False, False, True, True],
    "day": [date(2025, 1, 1 + n) if n % 4 else None for n in range(12)],
    "acquired_at": [datetime(2026, 1, 1, n) if n % 5 else None for n in range(12)],
    "odd name": [1, 2, 3, 4, 5, 6, None, 8, 9, 10, 11, 12],
    "µ": [0.5] * 6 + [None] + [1.5] * 5,
    "channel_names": [["DAPI"], ["GFP", "DAPI"], [], None] * 3,
    "empty": [None] * 12,
    "same": [7.0] * 12,
    "size_x": [64, 64, 128, 128, 64, 64, None, 256, 64, 64, 64, 64],
    "size_y": [64, 64, 64, 128, 64, 64, 64, 256, 64, 32, 64, 64],
}


@pytest.fixture(scope="session")
def rows():
    schema = {"mean": pl.Float32, "bits": pl.UInt64, "empty": pl.Float64}
    return pl.DataFrame(ROWS, schema_overrides=schema, strict=False)


@pytest.fixture(scope="session")
def table(rows):
    return Table(rows)


@pytest.fixture(scope="session")
def project(rows, tmp_path_factory):
    """The same rows as a project on disk."""
    path = tmp_path_factory.mktemp("view") / "o'clock.smalti"
    path.mkdir()
    store.write_part(path, 1, {"images": rows})
    Record(name="rows", base=str(path.parent), files=rows.height, finished=True).write(path)
    return path


@pytest.fixture(scope="session")
def project_table(project):
    from smalti.processing.project import open as open_project

    return Table(open_project(project).images.collect(), source=str(project))
