"""Views saved by name inside a project: ``views/NAME.json``."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from smalti.core.errors import UnknownNameError, UsageError
from smalti.table.guard import check_writable

__all__ = ["read_record", "saved_views", "write_record"]

_NAME = re.compile(r"\w[\w .-]{0,79}")


def saved_views(project: str | Path) -> list[str]:
    """Names of the views saved in a project folder, in order."""
    return sorted(path.stem for path in _folder(project).glob("*.json"))


def write_record(project: str | Path, name: str, record: Mapping[str, Any]) -> Path:
    """Save the record of a view; one of the same name is replaced.

    Raises
    ------
    UsageError
        No view can have this name; or there is no project folder, or a read-only one.
    """
    target = _file(project, name)
    check_writable(Path(project))
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_suffix(".tmp")
    temporary.write_text(json.dumps(record, ensure_ascii=False, indent=1), encoding="utf-8")
    temporary.replace(target)
    return target


def read_record(project: str | Path, name: str) -> dict[str, Any]:
    """The record of a saved view.

    Raises
    ------
    UnknownNameError
        There is no view of this name.
    UsageError
        Its file is damaged.
    """
    path = _file(project, name)
    if not path.is_file():
        raise UnknownNameError("saved view", name, saved_views(project))
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read ({error}); save the view anew") from error
    if not isinstance(record, dict):
        raise UsageError(f"{path} holds no view; save the view anew")
    return record


def _file(project: str | Path, name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is no name for a view; use letters, digits, blanks, dots, - and _, a letter first"
        )
    return _folder(project) / f"{name}.json"


def _folder(project: str | Path) -> Path:
    if not Path(project).is_dir():
        raise UsageError(f"{project or 'a table in memory'} is no project folder; views are saved inside one")
    return Path(project) / "views"
