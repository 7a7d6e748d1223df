"""Options that several exporters have, declared once: each call makes a field of its own for one record."""

from typing import Any

from smalti.core.options import option

__all__ = [
    "axes_option",
    "compressor_option",
    "fits_option",
    "level_option",
    "memory_option",
    "workers_option",
]


def axes_option(metavar: str, group: str) -> Any:
    """``axes: str | None``."""
    meaning = "Axes of images that have so many, instead of what their files say."
    return option(None, meaning, metavar=metavar, usual="as the files say", group=group)


def fits_option(group: str) -> Any:
    """``fits_ext: tuple[str, ...]``."""
    meaning = "HDUs of FITS files, by number or name; several become channels."
    return option((), meaning, metavar="X", title="FITS HDUs", usual="the first with an image", group=group)


def compressor_option(group: str) -> Any:
    """``compressor: Literal[…]`` of `smalti.writers.compressors.COMPRESSORS`."""
    return option("blosc-zstd", "How pixels are packed; lz4 is faster to read, zstd smaller.", group=group)


def level_option(group: str) -> Any:
    """``clevel: int | None``."""
    facts = {"least": 0, "most": 22, "metavar": "N", "title": "Compression level", "usual": "1"}
    return option(None, "Level of the compressor.", group=group, **facts)


def memory_option(group: str) -> Any:
    """``memory: str | None``."""
    meaning = "Memory for decoded images; one that takes more than a quarter of it fails."
    return option(None, meaning, metavar="SIZE", usual="half of the machine's", group=group)


def workers_option(meaning: str, group: str) -> Any:
    """``workers: int``; 0 for all cores."""
    return option(0, meaning, least=0, most=256, metavar="N", usual="all cores", group=group)
