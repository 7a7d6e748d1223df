"""Run by tests: trains a filter and filters two sets, and is killed at the n-th thing that it does to files.

``python filter_killed_at.py FOLDER STEPS N before|after``; STEPS with commas. Each is printed when it is
done; with 0 for N all come to their end, and at last how many things were done to files is printed.
"""

import os
import shutil
import signal
import sys
from pathlib import Path
from threading import Lock

from labelled_sets import done

from smalti.curation import adding

STEPS = {
    "train": lambda folder: done("train-filter", folder / "a", folder / "new", model="logistic"),
    "filter": lambda folder: done("filter", folder / "b", model=str(folder / "model")),
    "filter to": lambda folder: done("filter", folder / "c", folder / "kept", model=str(folder / "model")),
}


def main() -> None:
    folder, steps, number, when = sys.argv[1:]
    count, one = [0], Lock()

    def or_die(does):
        def doing(*arguments, **options):
            with one:
                count[0] += 1
                mine = count[0]
            if mine == int(number) and when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            found = does(*arguments, **options)
            if mine == int(number):
                os.kill(os.getpid(), signal.SIGKILL)
            return found

        return doing

    for name in ("replace", "rename", "mkdir", "unlink", "write_text", "write_bytes"):
        setattr(Path, name, or_die(getattr(Path, name)))
    shutil.rmtree = or_die(shutil.rmtree)
    adding.PART_SECONDS = 0.0  # else so few patches are one part
    for step in steps.split(","):
        STEPS[step](Path(folder))
        print(step, flush=True)  # noqa: T201 - it is what the test reads
    print(count[0])  # noqa: T201


if __name__ == "__main__":
    main()
