"""The rows of training shards in the table of exports: smalti against a plain loop over tarfile."""

import json
import statistics
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from asked import Sizes, at_least, at_most
from converters import Converters, Made, made
from export_rows import Line
from meter import measure

__all__ = ["shards"]

SIZE = 512
RUNS = 7
"""Of which the median counts, after one that warms up."""

_WRITERS = Path(__file__).with_name("shard_writers.py")


def shards(who: Converters, sizes: Sizes) -> Iterator[Line]:
    """Frames in memory."""
    n = sizes.of(1000)
    own = _written(who, "smalti", n)
    peer = _written(who, "tarfile", n) if who.with_peer else None
    n_bytes = n * SIZE * SIZE * 2
    asked = (
        at_least("MB/s", 900, n_bytes / 1e6 / own.cost.wall, ""),
        at_least("of a tarfile loop", 1, peer.cost.wall / own.cost.wall if peer else None, "×", 1),
        at_most("files", 8, own.files, "", 0),
    )
    yield Line(f"{n:,} frames u16 512², in memory → tar", asked, {"smalti": own, "tarfile": peer})


def _written(who: Converters, by: str, n: int) -> Made:
    """The same frames written again and again in one process."""
    out, report = who.scratch / f"shards.{by}", who.scratch / "shards.json"
    who.scratch.mkdir(parents=True, exist_ok=True)
    script: list[str | Path] = [sys.executable, _WRITERS, by, out, str(n), str(SIZE)]
    measure([*script, str(1 + RUNS), report], watched=False)
    walls, cpus = zip(*json.loads(report.read_text())[1:], strict=True)
    whole = measure([*script, "1", report])
    cost = replace(whole, wall=statistics.median(walls), cpu=statistics.median(cpus))
    return made(cost, n, out)
