"""One row of the table of curation, and how long a job takes."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from asked import Asked

__all__ = ["Line", "timed"]


@dataclass(frozen=True, slots=True)
class Line:
    """One job: who did it, in how many seconds (or words for them), and what was asked."""

    name: str
    made: dict[str, float | str]
    asked: tuple[Asked, ...]


def timed(job: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds that a job took, and what it found."""
    started = time.perf_counter()
    found = job()
    return time.perf_counter() - started, found
