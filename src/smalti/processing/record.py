"""``project.json``: what a project is, how it was made, and what its last run found."""

import json
import os
from collections.abc import Mapping
from dataclasses import Field, asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self, get_origin

from smalti import __version__
from smalti.core.errors import SmaltiError, UsageError
from smalti.core.remote import shown
from smalti.processing.sharing.private import plain_record
from smalti.table.palette import check_palette

__all__ = ["FILE_NAME", "Record", "with_facts"]

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
    group_template, stack_by, metadata, on
        Columns and stacks made of the files' names, and the table joined to them; see
        `smalti.sources.columns.Asked`.
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
    joined
        Columns of the images table that came with the files in the last run that ended.
    version
        The smalti that wrote it.
    flavor
        Label shown beside the title, such as the method or the lab.
    description
        What the images are, in a few sentences.
    cmap
        Colours of values in plots; empty for the usual ones.
    omit_base_dir
        Whether what is written says nothing of where the images lie; `base` is then empty when read.
    """

    name: str
    base: str
    paths: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    group_template: str = ""
    stack_by: str = ""
    metadata: str = ""
    on: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    files: int = 0
    clutter: Mapping[str, int] = field(default_factory=dict)
    conditions: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    seconds: float = 0.0
    finished: bool = False
    metrics: Mapping[str, int] = field(default_factory=dict)
    joined: tuple[str, ...] = ()
    version: str = __version__
    flavor: str = ""
    description: str = ""
    cmap: str = ""
    omit_base_dir: bool = False

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """The record of a project folder; None when there is none yet."""
        path = folder / FILE_NAME
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            known = [field for field in fields(cls) if field.name in values]  # a later version may write more
            return cls(**{field.name: _fitting(field, values[field.name]) for field in known})
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise SmaltiError(
                f"{path} is no record that smalti wrote ({error}); process the folder again to make it anew"
            ) from error

    def write(self, folder: Path) -> None:
        """Write it whole or not at all; credentials in a URL are left out."""
        temporary = folder / f"{FILE_NAME}.tmp"
        values = asdict(self) | {"base": shown(self.base), "metadata": shown(self.metadata)}
        with temporary.open("w", encoding="utf-8") as file:
            json.dump(plain_record(values, self.base) if self.omit_base_dir else values, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(folder / FILE_NAME)


def with_facts(record: Record, options: Mapping[str, Any]) -> tuple[Record, dict[str, Any]]:
    """A record with the facts for people that are among `options`, and the other options.

    ``flavor``, ``description``, ``cmap`` and ``omit_base_dir``; None leaves one as it is.

    Raises
    ------
    UsageError
        There is no such palette, or a text is none.
    """
    given = {name: options[name] for name in _FACTS if options.get(name) is not None}
    for name, value in given.items():
        if type(value) is not _FACTS[name]:
            raise UsageError(f"{name} is {value!r}; give {_WORDS[_FACTS[name]]}")
    if given.get("cmap"):
        check_palette(given["cmap"])
    return replace(record, **given), {name: options[name] for name in options if name not in _FACTS}


_FACTS: Mapping[str, type] = {"flavor": str, "description": str, "cmap": str, "omit_base_dir": bool}
_WORDS: Mapping[type, str] = {str: "text", bool: "True or False"}


def _fitting(field: "Field[Any]", value: Any) -> Any:
    """A value as JSON has it, as its field wants it; the file may come from anyone."""
    kind: Any = get_origin(field.type) or field.type
    if kind is tuple and isinstance(value, list) and all(isinstance(part, str) for part in value):
        return tuple(value)
    if kind is float and type(value) is int:
        return float(value)
    wanted = dict if kind is Mapping else kind
    if isinstance(wanted, type) and type(value) is not wanted:
        raise TypeError(f"{field.name} is {value!r:.40}")
    return value
