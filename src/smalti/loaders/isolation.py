"""Which files are opened in a process of their own, and how long that process is waited for."""

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Isolation"]


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
    seconds: float = 60.0
    waiting: Callable[[], None] = _nothing
