"""Run by tests: samples volumes, and is killed at the n-th thing that it reads or does to files.

``python sample_killed_at.py VOLUMES OUT N before|after``; of 0 it comes to its end and prints how many.
"""

import sys
from pathlib import Path

from dying import Dying

from smalti.core.progress import Silent
from smalti.curation.api import curate
from smalti.curation.ledger import Ledger
from smalti.curation.sampling.reading import Reach

ASKED = {"crop": "8,16,16", "intensity": "percentile", "total": 1.2e-5, "gigabytes": 1e-5, "workers": 2}


def work(volumes: Path, out: Path):
    """The same command every time."""
    return curate("sample", volumes / "list.csv", out, progress=Silent(), **ASKED)


def main() -> None:
    volumes, out, number, when = sys.argv[1:]
    dying = Dying(number, when)
    dying.at_paths("replace", "rename", "unlink")
    Ledger._write = dying.or_die(Ledger._write)
    Reach.json_of, Reach.pixels = dying.or_die(Reach.json_of), dying.or_die(Reach.pixels)
    work(Path(volumes), Path(out))
    sys.stdout.write(str(dying.count))


if __name__ == "__main__":
    main()
