"""Folders in the user's cache that show what is in a ZIP or a table: made once, found again, given up."""

import atexit
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from smalti.processing.sharing.members import NEEDED
from smalti.table.guard import MARK, mark

__all__ = ["shelved"]

DAY = 86_400.0
KEPT_DAYS = 30.0
"""How long a folder is kept after it was opened last."""

BEGUN = ".begun-"

_of_this_process: dict[str, Path] = {}
"""Folders made where the cache cannot be written; they end with the process."""


def shelved(key: str, origin: Path, make: Callable[[Path], None]) -> Path:
    """The folder that `make` fills, or filled when it was asked for before.

    It appears whole or not at all, also when several processes ask at once. Where the cache cannot be
    written, it lies in the system's folder for temporary files as long as this process lives.

    Parameters
    ----------
    key
        Stands for the content; the name of the folder.
    origin
        What it is made of, for messages.
    make
        Fills an empty folder with a project; what it raises is passed on.
    """
    from platformdirs import user_cache_path

    if key in _of_this_process:
        return _of_this_process[key]
    shelf = user_cache_path("smalti") / "opened"
    target = shelf / f"{key}.smalti"
    try:
        if _is_whole(target):
            with suppress(OSError):  # a cache that can only be read is as good
                mark(target, origin)
            return target
        shelf.mkdir(parents=True, exist_ok=True)
        begun = Path(tempfile.mkdtemp(prefix=BEGUN, dir=shelf))
    except OSError:
        return _of_this_process.setdefault(key, _temporary(origin, make))
    try:
        _place(begun, target, origin, make)
    finally:
        shutil.rmtree(begun, ignore_errors=True)
        _clear(shelf)
    return target


def _place(begun: Path, target: Path, origin: Path, make: Callable[[Path], None]) -> None:
    make(begun)
    mark(begun, origin)
    if target.exists() and not _is_whole(target):  # somebody tidied up in the cache
        shutil.rmtree(target)
    try:
        begun.rename(target)
    except OSError:
        if not _is_whole(target):  # else another process was first
            raise


def _temporary(origin: Path, make: Callable[[Path], None]) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="smalti-"))
    atexit.register(partial(shutil.rmtree, folder, ignore_errors=True))
    make(folder)
    mark(folder, origin)
    return folder


def _is_whole(folder: Path) -> bool:
    return all((folder / name).is_file() for name in (*NEEDED, MARK))


def _clear(shelf: Path) -> None:
    """Remove what was not opened for a month, and what a killed process began a day ago."""
    now = time.time()
    for folder in shelf.iterdir():
        is_begun = folder.name.startswith(BEGUN)
        with suppress(OSError):  # another process clears too
            seen = (folder if is_begun else folder / MARK).stat().st_mtime
            if now - seen > (1 if is_begun else KEPT_DAYS) * DAY:
                shutil.rmtree(folder, ignore_errors=True)
