"""Run by tests: writes made-up images to a store, and is killed at the n-th file that is put in place.

``python killed_at.py STORE begin|append|shards N before|after``; of 0 it comes to its end and prints how
many.
"""

import os
import signal
import sys

import numpy as np

import smalti
from smalti.core.progress import Silent
from smalti.export import collection
from smalti.writers.target import LocalTarget

IMAGES = np.random.default_rng(0).integers(0, 4000, (23, 1, 9, 11)).astype(np.uint16)


def main() -> None:
    store, stage, number, when = sys.argv[1:]
    put, count = LocalTarget.put, [0]

    def put_or_die(self, name, file):
        count[0] += 1
        if count[0] == int(number) and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        put(self, name, file)
        if count[0] == int(number):
            os.kill(os.getpid(), signal.SIGKILL)

    LocalTarget.put = put_or_die
    collection.COMMIT_BYTES = 0  # else so few pixels are one commit
    write(store, stage)
    sys.stdout.write(str(count[0]))


def write(store: str, stage: str) -> None:
    if stage == "shards":
        smalti.write_shards(images=IMAGES[:, 0], output_dir=store, shard_size="6kB", progress=Silent())
    elif stage == "append":
        smalti.convert(images=IMAGES[11:], output_dir=store, append=True, progress=Silent())
    else:
        smalti.convert(images=IMAGES[:11], output_dir=store, shard_images=4, progress=Silent())


if __name__ == "__main__":
    main()
