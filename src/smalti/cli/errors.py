"""What an error is to whoever typed the command: one sentence, and an exit code."""

import errno
import re
import sys

from smalti.core.errors import SmaltiError

__all__ = ["FAULT", "WRONG", "explain"]

WRONG = 2
"""The command, or the place it was to read or write, is wrong; also Typer's code for a wrong option."""

FAULT = 70
"""A fault of smalti's own: EX_SOFTWARE of BSD's sysexits.h."""

_ROOM = "make room there or give another path, then run the same command again"
_RIGHTS = "change its permissions or give a path you may use"
_ADVICE = {
    errno.ENOENT: "check the path, or make its folder first",
    errno.ENOTDIR: "a part of this path is a file; give another path",
    errno.EISDIR: "give the name of a file",
    errno.EEXIST: "a file, or a link to nothing, is in the way; remove it or give another path",
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EROFS: "nothing can be written there; give another path",
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EMFILE: "allow more open files (ulimit -n), or give fewer --workers",
}


def explain(error: BaseException) -> tuple[str, int]:
    """The sentence that tells what was found and what to do, and the exit code."""
    if isinstance(error, SmaltiError):
        return str(error), WRONG
    if isinstance(error, MemoryError):
        return "memory ran out; give a smaller --memory, or fewer --workers", WRONG
    if isinstance(error, OSError):
        advice = _ADVICE.get(_number(error) or 0, "check the path and the disk it is on")
        return f"{_found(error)}; {advice}", WRONG
    if _is_of_polars(error):
        remedy = "check --where, or measure anew with: smalti process --fresh"
        return f"the table: {_line(error)}; {_ADVICE.get(_number(error) or 0, remedy)}", WRONG
    kind = type(error).__name__
    return f"a fault of smalti's own: {kind}: {_line(error)}; run again with --debug and report it", FAULT


def _found(error: OSError) -> str:
    if error.strerror is None:  # one that Polars made
        return _line(error)
    return error.strerror if error.filename is None else f"{error.filename}: {error.strerror}"


def _line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]


def _number(error: BaseException) -> int | None:
    """The system's number of the error, which Polars only writes into its text."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    if isinstance(error, IsADirectoryError):
        return errno.EISDIR
    written = re.search(r"\(os error (\d+)\)", str(error))
    return int(written[1]) if written else None


def _is_of_polars(error: BaseException) -> bool:
    polars = sys.modules.get("polars")  # not imported for this: it may be what is broken
    return polars is not None and isinstance(error, polars.exceptions.PolarsError)
