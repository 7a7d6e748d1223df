"""``project.json``: what a project is, how it was made, and what its last run found."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from smalti import __version__
from smalti.core.errors import SmaltiError

__all__ = ["FILE_NAME", "Record"]

FILE_NAME = "project.json"


@dataclass(frozen=True, slots=True)
class Record:
    """The facts of a project that are not in its tables.

    Parameters
    ----------
    name, base
        Title; absolute path of the base folder.
    paths, extensions
        Conditions and extensions asked for.
    settings
        How the images were read and measured.
    files, clutter, conditions, problems
        What the last look at the base folder found.
    seconds
        Time the runs took together.
    finished
        False while a run is under way or was stopped.
    metrics
        Version of each metric by name.
    version
        The smalti that wrote it.
    """

    name: str
    base: str
    paths: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    files: int = 0
    clutter: Mapping[str, int] = field(default_factory=dict)
    conditions: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    seconds: float = 0.0
    finished: bool = False
    metrics: Mapping[str, int] = field(default_factory=dict)
    version: str = __version__

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """The record of a project folder; None when there is none yet."""
        path = folder / FILE_NAME
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            for name in ("paths", "extensions", "conditions", "problems"):
                values[name] = tuple(values[name])
            return cls(**values)
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError) as error:
            raise SmaltiError(
                f"{path} is no record that smalti wrote ({error}); process the folder again to make it anew"
            ) from error

    def write(self, folder: Path) -> None:
        """Write it whole or not at all."""
        temporary = folder / f"{FILE_NAME}.tmp"
        with temporary.open("w", encoding="utf-8") as file:
            json.dump(asdict(self), file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(folder / FILE_NAME)
