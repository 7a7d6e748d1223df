"""The speed table: smalti against PixelPatrol 0.8.0 and decoding alone; same files, same machine, one run.

``python benchmarks/process.py --write`` measures all rows and writes them into RESULTS.md, between its two
marks; what stands around them is kept.
"""

import argparse
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from asked import Sizes, claims
from contestants import PEER, Contestants
from datasets import png_folder
from meter import Cost
from rows import ROWS
from speed_table import head, machine, printed, put_between, row

from smalti.processing.hired import worker_environment

RESULTS = Path(__file__).with_name("RESULTS.md")
HEAD = ("set", "smalti", PEER.replace("==", " "), "decode alone", "asked", "found", "met")


def main() -> None:
    """Print one Markdown table, line by line as it is measured."""
    arguments = _arguments()
    who = Contestants(arguments.scratch, arguments.repeats, not arguments.no_peer)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # what is installed has its modules compiled
    # one numba cache for this process and the workers, which knows an edit in any kernel
    os.environ["NUMBA_CACHE_DIR"] = worker_environment()["NUMBA_CACHE_DIR"]
    who.smalti(png_folder(who.scratch, 2))  # compiles the kernels, which every run but a machine's first has
    lines = printed(_table(who, Sizes(arguments.scale), arguments.rows))
    if arguments.write:
        put_between(RESULTS, lines)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()) / "smalti-benchmark")
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=[*ROWS])
    parser.add_argument("--scale", type=float, default=1.0, help="share of the files, to try this script")
    parser.add_argument("--repeats", type=int, default=3, help="runs of smalti, of which the median counts")
    parser.add_argument("--no-peer", action="store_true", help="leave PixelPatrol out")
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS.name}")
    arguments = parser.parse_args()
    if arguments.write and (arguments.scale != 1 or arguments.no_peer or len(arguments.rows) < len(ROWS)):
        parser.error("--write takes all rows, at full size, against PixelPatrol")
    return arguments


def _table(who: Contestants, sizes: Sizes, rows: list[str]) -> Iterator[str]:
    yield machine(HEAD[2])
    yield from head(HEAD)
    for name in rows:
        for line in ROWS[name](who, sizes):
            costs = (_told(cost) for cost in (line.smalti, line.peer, line.decode))
            yield row((line.name, *costs, *claims(line.asked)))


def _told(cost: Cost | None) -> str:
    return "–" if cost is None else f"{cost.wall:.2f} s, {cost.cpu:.2f} CPU s, {cost.peak_mb:,.0f} MB"


if __name__ == "__main__":
    main()
