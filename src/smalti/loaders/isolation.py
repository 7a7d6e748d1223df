"""Which files are opened in a process of their own, and how long that process is waited for."""

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["PATIENCE", "Isolation"]

PATIENCE = 60.0
"""Seconds that a person who looks at an image waits for one answer of its reader."""


def _nothing() -> None:
    """Nobody waits."""


@dataclass(frozen=True, slots=True)
class Isolation:
    """Which files are opened in a process of their own, and how long that process is waited for.

    Parameters
    ----------
    everything
        Every file; else those only whose loader states it.
    seconds
        How long that process may take to open a file, to find the next image in it, or to read a region.
    waiting
        Called about twice a second while it is waited for.
    """

    everything: bool = False
    seconds: float = PATIENCE
    waiting: Callable[[], None] = _nothing
