"""Project folders that nothing may be written into: unpacked ZIPs and tables that came alone."""

import shlex
from pathlib import Path

from smalti.core.errors import UsageError

__all__ = ["MARK", "check_writable", "mark", "origin_of"]

MARK = ".read-only"
"""File that says what such a folder was made of; its time of change, when it was opened last."""


def mark(folder: Path, origin: Path) -> None:
    """Say that a folder only shows what is in `origin`, and was opened now."""
    (folder / MARK).write_text(str(origin), encoding="utf-8", errors="replace")


def origin_of(folder: Path) -> str | None:
    """What a read-only folder was made of; None for a folder that may be written into."""
    try:
        return (folder / MARK).read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return None


def check_writable(folder: Path) -> None:
    """Raise UsageError for a read-only folder, with the way to a folder that is not."""
    origin = origin_of(folder)
    if origin is not None:
        to = str(Path(origin).with_suffix(".smalti"))
        raise UsageError(
            f"{origin} is read-only, as every ZIP and every table that comes alone; "
            f"make a folder of it first: {shlex.join(['smalti', 'export', origin, '-o', to])}"
        )
