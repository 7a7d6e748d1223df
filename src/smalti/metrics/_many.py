"""Arithmetic of metrics that take many planes at once: NaN and infinity are no value."""

import numpy as np

__all__ = ["ratio"]


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Part over whole; no value when the whole is 0 or infinite: part / ∞ would pass for 0."""
    return part / np.where(np.isinf(whole), np.nan, whole)
