"""Numbers as the table takes them: a float, or None where there is none."""

from math import isfinite

__all__ = ["number"]


def number(value: float) -> float | None:
    """The value as a plain float; None when it is NaN or infinite."""
    return float(value) if isfinite(value) else None
