"""What is known of an image beside its pixels, as JSON that travels from the process that read it."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from math import isfinite
from typing import Any

import numpy as np

from smalti.core.image import Image

__all__ = ["about_text", "plain"]

MOST = 4096
"""Numbers of an array in metadata that are kept; one that is longer becomes its shape and type."""


def about_text(image: Image) -> str:
    """All fields of an image but its reference and pixels, and all that its file says beside."""
    told = {
        "axes": image.axes,
        "sizes": image.sizes,
        "samples": image.samples,
        "guessed": image.guessed,
        "channel_names": image.channel_names,
        "pixel_size_um": image.pixel_size_um,
        "time_interval_s": image.time_interval_s,
        "acquired_at": image.acquired_at,
        "metadata": image.metadata,
        "details": {} if image.details is None else image.details(),
    }
    return json.dumps(plain(told), ensure_ascii=False, allow_nan=False)


def plain(value: Any) -> Any:
    """A value as JSON has it; a number that is none becomes null, what is of no such kind its text."""
    if value is None or isinstance(value, str | bool | int):
        return _utf8(value) if isinstance(value, str) else value
    if isinstance(value, float):
        return float(value) if isfinite(value) else None
    if isinstance(value, Mapping):
        return {_utf8(str(key)): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, np.ndarray) and value.size > MOST:
        return f"{value.dtype} array of {value.shape}"
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, datetime | date):
        return value.isoformat()
    return _utf8(str(value))


def _utf8(text: str) -> str:
    """Text that can be written as UTF-8: a lone surrogate becomes ``?``."""
    return text.encode("utf-8", "replace").decode()
