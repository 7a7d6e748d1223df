"""A small set of known frames, to try a training loop on."""

import numpy as np

from smalti.export.shards.memory import Given

__all__ = ["known_frame", "known_recordings"]

LENGTHS = (1, 3, 4, 8)
"""Frames of each recording; those of 3 and 4 are what careless readers take for colours."""

SIZE = 64


def known_frame(recording: int, frame: int) -> np.ndarray:
    """A ramp that no other frame has: 1000 a recording, 100 a frame, and the sum of row and column."""
    rows, columns = np.indices((SIZE, SIZE), np.uint16)
    return (1000 * recording + 100 * frame + rows + columns).astype(np.uint16)


def known_recordings() -> list[Given]:
    """All of them, with what each frame is made of."""
    return [
        Given(
            f"synthetic-{number}",
            [known_frame(number, frame) for frame in range(length)],
            [{"offset": 1000 * number + 100 * frame} for frame in range(length)],
        )
        for number, length in enumerate(LENGTHS)
    ]
