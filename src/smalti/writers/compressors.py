"""Compressors by the names users give them, and the levels each has."""

from smalti.core.errors import UnknownNameError, UsageError

__all__ = ["COMPRESSORS", "check_level", "family_of"]

COMPRESSORS = ("blosc-zstd", "blosc-lz4", "zstd", "lz4", "gzip", "none")
"""Zarr 3 has lz4 only inside Blosc: ``lz4`` is that without shuffling, ``blosc-lz4`` with it."""

_LEVELS = {"zstd": (1, 22), "gzip": (0, 9), "blosc": (0, 9)}


def family_of(name: str) -> str:
    """The library behind a compressor: ``"zstd"``, ``"gzip"`` or ``"blosc"``."""
    if name not in COMPRESSORS:
        raise UnknownNameError("compressor", name, COMPRESSORS)
    return name if name in _LEVELS else "blosc"


def check_level(name: str, level: int | None) -> None:
    """Raise UsageError when a compressor has no such level; None, the usual one, each has."""
    low, high = _LEVELS[family_of(name)]
    if level is not None and name != "none" and not low <= level <= high:
        raise UsageError(f"{name} has no level {level}; give one of {low} to {high}")
