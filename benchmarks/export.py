"""The table of exports: smalti against images_to_zarr 0.3.5; same images, same machine, one run.

``python benchmarks/export.py --write`` measures all rows and writes them into EXPORT.md, between its two
marks; what stands around them is kept. The minutes of kills are left out unless written or asked for by
``--rows kills``.
"""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

from asked import Sizes, claims
from converters import PEER, Converters, Made
from datasets import colour_folder
from export_rows import ROWS as CONVERSIONS
from line import Line
from shard_rows import shards
from speed_table import head, machine, printed, put_between, row

RESULTS = Path(__file__).with_name("EXPORT.md")
HEAD = ("job", "by", "wall", "CPU", "peak", "images/s", "files", "size", "asked", "found", "met")
ROWS = CONVERSIONS | {"shards": shards}
QUICK = [name for name in ROWS if name != "kills"]


def main() -> None:
    """Print one Markdown table, line by line as it is measured."""
    arguments = _arguments()
    who = Converters(arguments.scratch, arguments.repeats, not arguments.no_peer)
    if set(arguments.rows) - {"shards", "kills"}:
        who.smalti(
            colour_folder(who.scratch, 2)
        )  # compiles what is imported, which all runs but the first have
        who.peer(colour_folder(who.scratch, 2))
    lines = printed(_table(who, Sizes(arguments.scale), arguments.rows))
    if arguments.write:
        put_between(RESULTS, lines)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()) / "smalti-benchmark")
    parser.add_argument("--rows", nargs="+", choices=ROWS, help="all but kills, with --write all")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the images, to try this script")
    parser.add_argument(
        "--repeats", type=int, default=3, help="runs of a command, of which the median counts"
    )
    parser.add_argument("--no-peer", action="store_true", help="leave images_to_zarr out")
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS.name}")
    arguments = parser.parse_args()
    arguments.rows = arguments.rows or ([*ROWS] if arguments.write else QUICK)
    if arguments.write and (arguments.scale != 1 or arguments.no_peer or len(arguments.rows) < len(ROWS)):
        parser.error("--write takes all rows, at full size, against images_to_zarr")
    return arguments


def _table(who: Converters, sizes: Sizes, rows: list[str]) -> Iterator[str]:
    yield machine(PEER.replace("==", " "))
    yield from head(HEAD)
    for name in rows:
        for line in ROWS[name](who, sizes):
            yield from map(row, _rows(line))


def _rows(line: Line) -> Iterator[tuple[str, ...]]:
    """A row for each who did the job; what is asked stands in smalti's."""
    job, asked = line.name, tuple(claims(line.asked))
    for by, made in line.made.items():
        yield (job, by, *_told(made), *asked)
        job, asked = "", ("", "", "")
    if not line.made:
        yield (job, "smalti", *_told(None), *asked)


def _told(made: Made | None) -> tuple[str, ...]:
    if made is None:
        return ("–",) * 6
    cost = made.cost
    return (
        _seconds(cost.wall),
        _seconds(cost.cpu),
        f"{cost.peak_mb:,.0f} MB",
        f"{made.rate:,.0f} {made.unit}".strip(),
        f"{made.files:,}",
        f"{made.n_bytes / 1e6:,.0f} MB",
    )


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1e3:,.0f} ms"


if __name__ == "__main__":
    main()
