"""Run by tests: writes a made-up pyramid, and is killed at the n-th file that is put in place, or rename.

``python pyramid_killed_at.py STORE NGFF N before|after``; of 0 it comes to its end and prints how many.
"""

import os
import signal
import sys
from pathlib import Path
from threading import Lock

import numpy as np

import smalti
from smalti.writers.target import LocalTarget

IMAGE = np.random.default_rng(0).integers(0, 4000, (70, 90)).astype(np.uint16)


def main() -> None:
    store, ngff, number, when = sys.argv[1:]
    count, one = [0], Lock()  # threads put files; it dies at the n-th all the same

    def or_die(step):
        def stepped(*arguments):
            with one:
                count[0] += 1
                if count[0] == int(number) and when == "before":
                    os.kill(os.getpid(), signal.SIGKILL)
                step(*arguments)
                if count[0] == int(number):
                    os.kill(os.getpid(), signal.SIGKILL)

        return stepped

    LocalTarget.put = or_die(LocalTarget.put)
    Path.rename = or_die(Path.rename)
    write(store, ngff)
    sys.stdout.write(str(count[0]))


def write(store: str, ngff: str) -> None:
    labels = {"cells": (IMAGE > 2000).astype(np.uint8)}
    smalti.write_pyramid(
        IMAGE, store, ngff, scale_factors=[2, 2], chunks=(32, 32), labels=labels, overwrite=True
    )


if __name__ == "__main__":
    main()
