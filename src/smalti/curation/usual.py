"""Options that several steps have, declared once: each call makes a field of its own for one record."""

from typing import Any, Literal

from smalti.core.options import option
from smalti.curation.grey import PERCENTILES

__all__ = [
    "Device",
    "channel_option",
    "crop_size_option",
    "device_option",
    "edge_option",
    "fresh_option",
    "high_option",
    "intensity_option",
    "low_option",
    "memory_option",
    "min_size_option",
    "seed_option",
    "weights_option",
    "workers_option",
]

Device = Literal["auto", "cpu", "cuda"]
"""What a network computes on."""


def channel_option() -> Any:
    """``channel: str``."""
    return option("luma", "Channel to take; luma mixes colours.", metavar="luma|0…")


def crop_size_option() -> Any:
    """``crop_size: int``."""
    return option(224, "Side of a patch in pixels.", least=1, most=65_535, metavar="PX", title="Patch size")


def device_option() -> Any:
    """``device: Device``."""
    return option("auto", "What a network computes on; auto takes a GPU where there is one.")


def edge_option() -> Any:
    """``edge: Edge``."""
    meaning = "A patch that reaches over the edge is kept shorter, dropped, or padded by reflection."
    return option("keep", meaning, title="At the edge")


def fresh_option(meaning: str = "Forget what an earlier run made, and begin anew.") -> Any:
    """``fresh: bool``."""
    return option(False, meaning, title="Begin anew")


def high_option() -> Any:
    """``high: float``."""
    return option(PERCENTILES[1], "Percentile that becomes white.", least=0, most=100, metavar="%")


def intensity_option() -> Any:
    """``intensity: Intensity``."""
    return option("range", "What becomes black and white where pixels are no bytes.")


def low_option() -> Any:
    """``low: float``."""
    return option(PERCENTILES[0], "Percentile that becomes black.", least=0, most=100, metavar="%")


def memory_option() -> Any:
    """``memory: str | None``, for `smalti.processing.settings.parse_size`."""
    return option(None, "Memory for one slab of a volume.", metavar="SIZE", usual="128MB")


def min_size_option() -> Any:
    """``min_size: int | None``."""
    meaning = "The shortest side of a patch at the edge."
    facts = {"least": 1, "metavar": "PX", "usual": "half of a patch", "title": "Least size"}
    return option(None, meaning, **facts)


def seed_option(meaning: str, group: str = "") -> Any:
    """``seed: int``."""
    return option(0, meaning, least=0, metavar="N", group=group)


def weights_option(meaning: str) -> Any:
    """``weights: str | None``."""
    return option(None, meaning, metavar="PATH|URL|cem", names_files=True)


def workers_option() -> Any:
    """``workers: int``; 0 for all cores."""
    return option(0, "Threads that work.", least=0, most=256, metavar="N", usual="all cores")
