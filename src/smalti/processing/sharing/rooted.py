"""Where the file of a row lies now."""

import os
from pathlib import Path

from smalti.core.errors import SmaltiError, UsageError
from smalti.core.remote import below

__all__ = ["locate"]


def locate(uri: str | None, path: str, base: str, moved_to: str | None, *, trusted: bool) -> str:
    """The absolute path or URL of a row's file.

    Parameters
    ----------
    uri, path
        As the row has them; ``uri`` may be relative, or null.
    base
        Base folder, as the project was written; may be empty.
    moved_to
        Base folder as the user says it, which counts before what is written down.
    trusted
        Whether the row was written on this machine by this user. Other rows may name files of this machine,
        but nothing is asked of another one unless the user names it.

    Raises
    ------
    UsageError
        Nothing says where the file lies; or it lies on another machine, and only an untrusted row says so.
    SmaltiError
        There is no such file.
    """
    if moved_to is not None:
        place = _below(moved_to, _relative(uri, path, base))
    elif uri and (_is_remote(uri) or Path(uri).is_absolute()):
        place = uri
    elif base:
        place = _below(base, uri or path)
    else:
        raise UsageError(f"nothing says where {path} lies; {_ADVICE}")
    if not _is_remote(place):
        if not os.path.exists(place):  # noqa: PTH110  # also for what Path cannot hold
            raise SmaltiError(f"{path} is not at {place}; if the images have moved, {_ADVICE}")
    elif moved_to is None and not trusted:
        raise UsageError(
            f"{path} lies at {place}; no other machine is asked because a file says so: "
            f"to read it from there, {_ADVICE}"
        )
    return place


_ADVICE = "give their base folder: smalti.open(…, base=DIR) or smalti explore … --base DIR"


def _is_remote(place: str) -> bool:
    """Whether looking at a place asks another machine: a URL, or a share of Windows."""
    return "://" in place or place.startswith(("\\\\", "//"))


def _relative(uri: str | None, path: str, base: str) -> str:
    """A row's file relative to the base folder; of a stack its first file, which its path does not name."""
    if not uri:
        return path
    if base and uri.startswith(base):
        return uri.removeprefix(base).lstrip("/\\") or path
    return path if _is_remote(uri) or Path(uri).is_absolute() else uri


def _below(base: str, path: str) -> str:
    if "://" in base:
        return below(base, path)
    if Path(path).name == Path(base).name and Path(base).is_file():  # the project of one file
        return base
    return os.path.join(base, path)  # noqa: PTH118  # an absolute path stays as it is
