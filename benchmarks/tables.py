"""Made-up QC tables of any length."""

from pathlib import Path

import numpy as np
import polars as pl

from smalti.processing.record import Record
from smalti.table import store

__all__ = ["made_project", "made_table"]

NUMBERS = 30


def made_table(n: int, seed: int = 0) -> pl.DataFrame:
    """An images table of `n` rows: 5 conditions, 30 metrics of many shapes, one row in a hundred without."""
    chance = np.random.default_rng(seed)
    rows = np.arange(n)
    group = chance.integers(0, 5, n)
    shapes = (
        lambda: chance.normal(100 + 10 * group, 15),
        lambda: chance.lognormal(1 + 0.2 * group, 0.8),
        lambda: chance.beta(1, 60, n),
        lambda: chance.integers(0, 4096, n).astype(float),
    )
    metrics = {f"metric_{i:02d}": shapes[i % len(shapes)]() for i in range(NUMBERS)}
    frame = pl.DataFrame(
        {
            "image_id": np.char.mod("%016x", rows),
            "path": np.char.mod("made/%07d.tif", rows),
            "name": np.char.mod("%07d.tif", rows),
            "condition": np.array(["control", "drug a", "drug b", "heat", "cold"])[group],
            "status": np.where(chance.random(n) < 0.01, "unreadable", "ok"),
            "dtype": np.where(group < 3, "uint8", "uint16"),
            "size_x": chance.choice([256, 512, 1024], n),
            "size_y": chance.choice([256, 512, 1024], n),
            "size_bytes": chance.integers(10_000, 2_000_000, n),
        }
        | metrics
    )
    holes = pl.lit(pl.Series(chance.random(n) < 0.01))
    return frame.with_columns(pl.when(~holes).then(pl.col("^metric_.*$")))


def made_project(folder: Path, n: int) -> Path:
    """A finished project of `n` made-up rows, without pictures."""
    path = folder / f"made-{n}.smalti"
    if not path.exists():
        path.mkdir(parents=True)
        store.write_part(path, 1, {"images": made_table(n)})
        Record(name=f"{n:,} made-up images", base=str(folder), files=n, finished=True).write(path)
    return path
