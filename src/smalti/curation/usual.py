"""Options that several steps have, declared once: each call makes a field of its own for one record."""

from typing import Any

from smalti.core.options import option

__all__ = ["memory_option", "seed_option", "workers_option"]


def seed_option(meaning: str) -> Any:
    """``seed: int``."""
    return option(0, meaning, least=0, most=2**32 - 1, metavar="N")


def workers_option() -> Any:
    """``workers: int``; 0 for all cores."""
    return option(0, "Threads that work.", least=0, most=256, metavar="N", usual="all cores")


def memory_option() -> Any:
    """``memory: str | None``, for `smalti.curation.reading.bytes_of`."""
    return option(None, "Memory for one slab of a volume.", metavar="SIZE", usual="128MB")
