"""Whose a project folder is, and who may write to it now."""

import getpass
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import filelock

from smalti.core.errors import SmaltiError, UsageError
from smalti.processing.record import Record
from smalti.table.guard import check_writable

__all__ = ["locked"]

LOCK = ".lock"
"""Made first and never removed: a folder that has one is a project's, whatever a kill left in it."""

OWNER = ".lock-owner"
"""Who holds the lock, in words. The lock file itself is emptied by whoever tries it."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Make a project folder, or take one that is a project's already, and keep other runs away.

    The lock ends with the process, however it ends.

    Raises
    ------
    UsageError
        The folder holds other things, is no folder, or another run is at work on it.
    """
    check_ours(folder)
    folder.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(folder / LOCK, blocking=False)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise UsageError(
            f"another run is at work on {folder}: {_owner(folder)}; wait for it, or give another -o"
        ) from None
    except NotImplementedError:
        raise UsageError(f"the disk of {folder} knows no file locks; give an -o on another disk") from None
    try:
        (folder / OWNER).write_text(_me(), encoding="utf-8")
        yield
    finally:
        (folder / OWNER).unlink(missing_ok=True)
        lock.release()


def _me() -> str:
    user = str(os.getuid()) if hasattr(os, "getuid") else "somebody"
    with suppress(OSError, KeyError, ImportError):  # an account without a name, as in containers
        user = getpass.getuser()
    since = datetime.now().astimezone().isoformat(" ", "seconds")
    return f"{user} on {platform.node()}, process {os.getpid()}, since {since}"


def _owner(folder: Path) -> str:
    """Who holds the lock; it may have been taken just now, or be of an account whose files stay closed."""
    with suppress(OSError, UnicodeDecodeError):
        if words := (folder / OWNER).read_text(encoding="utf-8").strip():
            return words
    return "it has not said whose"


def check_ours(folder: Path) -> None:
    """Raise UsageError when writing to `folder` could harm what is not smalti's, or is only shown there."""
    check_writable(folder)
    if folder.is_symlink() and not folder.exists():
        raise UsageError(f"{folder} is a link to nothing; remove it or give another -o")
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; give the name of a folder that may be made, such as X.smalti")
    if folder.exists() and any(folder.iterdir()) and not (folder / LOCK).exists() and not has_record(folder):
        raise UsageError(f"{folder} holds other things than a smalti project; give the name of a new folder")


def has_record(folder: Path) -> bool:
    """Whether there is a record that smalti wrote."""
    try:
        return Record.read(folder) is not None
    except SmaltiError:
        return False
