"""What a run may be told; travels to the worker as JSON."""

import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from functools import cache
from typing import Any, Self

from smalti.core.errors import UnknownNameError, UsageError

__all__ = ["Settings", "parse_size"]

_UNITS = {
    "": 1,
    "k": 10**3,
    "m": 10**6,
    "g": 10**9,
    "t": 10**12,
    "ki": 2**10,
    "mi": 2**20,
    "gi": 2**30,
    "ti": 2**40,
}


@dataclass(frozen=True, slots=True)
class Settings:
    """How images are read and measured.

    Parameters
    ----------
    loader
        The reader for all files; None chooses by content; ``"none"`` lists files without opening them.
    metrics, exclude
        Names of metrics: only these (None for all), and all but these.
    modules
        Importable modules whose marked metrics are used beside the installed ones.
    workers
        Threads in the worker process; 0 for one a core.
    memory
        Bytes that decoded planes may take together; 0 for half of the machine's.
    timeout
        Seconds an image may go without finishing a plane.
    """

    loader: str | None = None
    metrics: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    workers: int = 0
    memory: int = 0
    timeout: float = 300.0

    def __post_init__(self) -> None:
        if self.workers < 0:
            raise UsageError(f"workers is {self.workers}; give 1 or more, or 0 for one a core")
        if self.memory < 0:
            raise UsageError(f"memory is {self.memory}; give bytes or a size such as '4GB'")
        if not self.timeout > 0:
            raise UsageError(f"timeout is {self.timeout}; give seconds above 0")

    @property
    def threads(self) -> int:
        """Threads that will run."""
        return self.workers or usable_cores()

    @property
    def memory_bytes(self) -> int:
        """Bytes that decoded planes may take together."""
        return self.memory or machine_memory() // 2

    @property
    def plane_limit(self) -> int:
        """Bytes one decoded plane may take: measuring it needs about as much again."""
        return self.memory_bytes // 2

    def set(self, **changes: Any) -> Self:
        """A copy with some settings changed; an unknown name is answered with the nearest."""
        known = {field.name for field in fields(self)}
        for name in changes:
            if name not in known:
                raise UnknownNameError("setting", name, known)
        if isinstance(changes.get("memory"), str):
            changes["memory"] = parse_size(changes["memory"])
        for name in ("metrics", "exclude", "modules"):
            if changes.get(name) is not None:
                changes[name] = tuple(changes[name])
        return replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The settings that `to_dict` gave."""
        return cls().set(**values)


def parse_size(text: str) -> int:
    """Bytes from ``"4GB"``, ``"512 MiB"`` or ``"1e9"``."""
    match = re.fullmatch(r"\s*([0-9.]+(?:e[0-9]+)?)\s*([kmgt]?i?)b?\s*", text, re.IGNORECASE)
    try:
        if match and match[2].lower() in _UNITS:
            return int(float(match[1]) * _UNITS[match[2].lower()])
    except ValueError:
        pass
    raise UsageError(f"{text!r} is no size; write it as 4GB, 512MiB or a number of bytes")


def usable_cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def machine_memory() -> int:
    """Bytes of memory in this machine; 8 GiB where it does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 8 * 2**30
