"""What a file says of one image beside its pixels."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

__all__ = ["About"]


@dataclass(frozen=True, slots=True)
class About:
    """What a file says of one image beside its pixels; fields as those of `Image`.

    Parameters
    ----------
    name
        Of the image; empty when it has none.
    lengths
        Declared lengths of the axes T, C and Z.
    details
        See `Image`.
    """

    samples: str = ""
    channel_names: tuple[str, ...] | None = None
    pixel_size_um: Mapping[str, float] = field(default_factory=dict)
    time_interval_s: float | None = None
    acquired_at: datetime | None = None
    metadata: Mapping[str, object] = field(default_factory=dict)
    lengths: Mapping[str, int] = field(default_factory=dict)
    name: str = ""
    details: Callable[[], Mapping[str, Any]] | None = None
