"""One row of the table of exports."""

from dataclasses import dataclass, field

from asked import Asked
from converters import Made

__all__ = ["Line"]


@dataclass(frozen=True, slots=True)
class Line:
    """One job."""

    name: str
    asked: tuple[Asked, ...]
    made: dict[str, Made | None] = field(default_factory=dict)
    """By who made it."""
