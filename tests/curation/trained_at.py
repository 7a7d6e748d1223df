"""Run by tests: trains a ResNet34, and is killed when the n-th file takes its place.

``python trained_at.py OUT N``; of 0 it comes to its end.
"""

import os
import signal
import sys
from pathlib import Path

import numpy as np

from smalti.core.progress import Silent
from smalti.curation.network import course, training, weight_file
from smalti.curation.network.training import ResnetTraining, train_resnet

HOW = ResnetTraining(epochs=2, batch=4, seed=1, device="cpu")


def patch(row):
    """Noise of a size of its own, or a smooth slope."""
    size = 60 + row
    noise = np.random.default_rng(row).integers(0, 256, (size, size), np.uint8)
    slope = np.linspace(0, 255, size).astype(np.uint8)
    return noise if row % 2 else np.broadcast_to(slope, (size, size))


def main() -> None:
    out, number = Path(sys.argv[1]), int(sys.argv[2])
    count = [0]
    saved = weight_file.saved

    def saved_or_die(values, path):
        count[0] += 1
        if count[0] == number:
            os.kill(os.getpid(), signal.SIGKILL)
        saved(values, path)

    course.saved = training.saved = saved_or_die
    rows = np.arange(12)
    scores = train_resnet(patch, rows % 2, rows[:8], rows[8:], HOW, out, Silent())
    np.save(out.with_suffix(".npy"), scores)


if __name__ == "__main__":
    main()
