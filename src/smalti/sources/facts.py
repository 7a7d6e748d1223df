"""What a listing tells of a remote file."""

from dataclasses import dataclass

__all__ = ["Facts"]


@dataclass(frozen=True, slots=True)
class Facts:
    """Size in bytes (None when not known) and time of change (seconds since 1970) of a remote file."""

    size: int | None = None
    mtime: float = 0.0
