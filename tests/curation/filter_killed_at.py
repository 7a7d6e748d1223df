"""Run by tests: trains a filter and filters two sets, and is killed at the n-th thing that it does to files.

``python filter_killed_at.py FOLDER STEPS N before|after``; STEPS with commas. Each is printed when it is
done; with 0 for N all come to their end, and at last how many things were done to files is printed.
"""

import shutil
import sys
from pathlib import Path

from dying import Dying
from labelled_sets import done

from smalti.curation import adding

STEPS = {
    "train": lambda folder: done("train-filter", folder / "a", folder / "new", model="logistic"),
    "filter": lambda folder: done("filter", folder / "b", model=str(folder / "model")),
    "filter to": lambda folder: done("filter", folder / "c", folder / "kept", model=str(folder / "model")),
}


def main() -> None:
    folder, steps, number, when = sys.argv[1:]
    dying = Dying(number, when)
    dying.at_paths("replace", "rename", "mkdir", "unlink", "write_text", "write_bytes")
    shutil.rmtree = dying.or_die(shutil.rmtree)
    adding.PART_SECONDS = 0.0  # else so few patches are one part
    for step in steps.split(","):
        STEPS[step](Path(folder))
        print(step, flush=True)  # noqa: T201 - it is what the test reads
    print(dying.count)  # noqa: T201


if __name__ == "__main__":
    main()
