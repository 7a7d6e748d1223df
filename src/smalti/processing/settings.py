"""What a run may be told; travels to the worker as JSON."""

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from operator import index
from typing import Any, Self

from smalti.core.errors import UnknownNameError, UsageError
from smalti.processing.machine import machine_memory, usable_cores

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


LONGEST = 1e9
"""Seconds; clocks of the system overflow at some more."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How images are read and measured.

    Parameters
    ----------
    loader
        The reader for all files; None chooses by content; ``"none"`` lists files without opening them.
    metrics, exclude
        Names of metrics or of columns they fill: only these (None for all), and all but these.
    modules
        Importable modules whose marked metrics are used beside the installed ones.
    workers
        Worker processes; 0 for one a core.
    memory
        Bytes that decoded planes may take together; 0 for half of the machine's.
    timeout
        Seconds an image may go without finishing a plane.
    isolate
        Whether every file is opened in a process of its own, apart from the worker's; otherwise those are
        whose reader is known to crash or hang.
    """

    loader: str | None = None
    metrics: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    workers: int = 0
    memory: int = 0
    timeout: float = 300.0
    isolate: bool = False

    def __post_init__(self) -> None:
        if self.workers < 0:
            raise UsageError(f"workers is {self.workers}; give 1 or more, or 0 for one a core")
        if self.memory < 0:
            raise UsageError(f"memory is {self.memory}; give bytes or a size such as '4GB'")
        if not 0 < self.timeout <= LONGEST:
            raise UsageError(f"timeout is {self.timeout}; give seconds above 0, at most {LONGEST:.0e}")

    @property
    def processes(self) -> int:
        """Worker processes that will run."""
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
        """A copy with some settings changed; None gives the default, one name stands for a list.

        Raises
        ------
        UnknownNameError
            There is no such setting.
        UsageError
            A value is none that the setting can have.
        """
        known: dict[str, Any] = {field.name: field.default for field in fields(self)}
        for name in changes:
            if name not in known:
                raise UnknownNameError("setting", name, known)
        given = {
            name: known[name] if value is None else _read(name, value) for name, value in changes.items()
        }
        return replace(self, **given)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The settings that `to_dict` gave."""
        return cls().set(**values)


def _read(name: str, value: Any) -> Any:
    """A setting's value as it is kept."""
    if name not in _READERS:
        return value
    read, expected = _READERS[name]
    try:
        return read(value)
    except (TypeError, ValueError, OverflowError):
        raise UsageError(f"{name} is {value!r}; give {expected}") from None


def _size(value: Any) -> int:
    return parse_size(value) if isinstance(value, str) else int(value)


def _seconds(value: Any) -> float:
    return float(value + 0)  # text that looks like a number is refused, as it is for workers


def _yes_or_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _names(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


_READERS: Mapping[str, tuple[Callable[[Any], Any], str]] = {
    "metrics": (_names, "names of metrics"),
    "exclude": (_names, "names of metrics"),
    "modules": (_names, "names of modules"),
    "workers": (index, "a whole number of processes, or 0 for one a core"),
    "memory": (_size, "bytes or a size such as '4GB'"),
    "timeout": (_seconds, "seconds above 0"),
    "isolate": (_yes_or_no, "True or False"),
}


def parse_size(text: str) -> int:
    """Bytes from ``"4GB"``, ``"512 MiB"`` or ``"1e9"``."""
    match = re.fullmatch(r"\s*([0-9.]+(?:e[0-9]+)?)\s*([kmgt]?i?)b?\s*", text, re.IGNORECASE)
    try:
        if match and match[2].lower() in _UNITS:
            return int(float(match[1]) * _UNITS[match[2].lower()])
    except (ValueError, OverflowError):
        pass
    raise UsageError(f"{text!r} is no size; write it as 4GB, 512MiB or a number of bytes")
