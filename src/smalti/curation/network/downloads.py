"""One file of a URL on this machine: whole or not at all; what came before a break is not fetched twice."""

import json
import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smalti.core.errors import SmaltiError, UsageError
from smalti.core.progress import Progress, State
from smalti.core.remote import contact, filesystem, is_http, path_in, said, shown
from smalti.table.parquet import commit
from smalti.writers.aside import partial_of

__all__ = ["download"]

BLOCK = 1 << 20
BREAKS = 5
"""How often a connection may break, with nothing new arriving in between, before it is given up."""


@dataclass(frozen=True, slots=True)
class _There:
    """What a server says of a file: bytes (0: it does not say), and a mark that changes with its content."""

    size: int
    mark: str


def download(url: str, target: Path, most: int, progress: Progress) -> None:
    """Fetch a file; the folder of `target` is there.

    Parameters
    ----------
    url
        http, https, s3, gs, or another that `smalti.core.remote.filesystem` knows.
    target
        Appears when all has arrived.
    most
        Bytes; a larger file is not fetched.

    Raises
    ------
    UsageError
        It is larger.
    SmaltiError
        It is not there, refused, breaks off, or cannot be written.
    """
    files = filesystem(url)
    path = path_in(files, url)
    partial, note = partial_of(target), target.with_name(f".{target.name}.begun")
    try:
        contact(files, path)
        there = _ask(files, path)
        _refuse_large(there.size, most, url)
        if _noted(note) != there:
            _forget(partial)
            note.write_text(json.dumps([there.size, there.mark]), encoding="utf-8")
        _fill(_Remote(files, path, is_http(url)), partial, there, most, progress)
    except UsageError:
        _forget(partial, note)
        raise
    except SmaltiError:
        raise
    except Exception as error:  # the libraries of clouds have errors of their own
        raise SmaltiError(f"{shown(url)} could not be fetched: {_why(error, target)}") from error
    commit(partial, target)
    note.unlink(missing_ok=True)


def _forget(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _ask(files: Any, path: str) -> _There:
    info = files.info(path)
    marks = ("ETag", "etag", "md5Hash", "Last-Modified", "LastModified", "mtime")
    mark = next((str(info[name]) for name in marks if info.get(name)), "")
    return _There(int(info.get("size") or 0), mark)


def _noted(note: Path) -> _There | None:
    """What the server said of the file that was begun; None where that cannot be relied on."""
    try:
        size, mark = json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return _There(size, mark) if mark else None


def _fill(remote: "_Remote", partial: Path, there: _There, most: int, progress: Progress) -> None:
    """Take what is missing; a connection that breaks is made anew where it broke."""
    breaks = 0
    while True:
        done = _length(partial)
        if there.size and done >= there.size:
            break
        try:
            _take(remote, partial, there, most, progress)
        except SmaltiError:
            raise
        except Exception:
            breaks = breaks + 1 if _length(partial) == done else 1
            if breaks == BREAKS:
                raise
        else:
            if _length(partial) < max(1, there.size):
                raise SmaltiError(f"{shown(remote.path)} could not be fetched: its answer ends too early")
            break
    if there.size and _length(partial) != there.size:
        partial.unlink()
        raise SmaltiError(f"{shown(remote.path)} changed while it was fetched; give the same command again")


def _take(remote: "_Remote", partial: Path, there: _There, most: int, progress: Progress) -> None:
    start, pieces = remote.pieces(_length(partial))
    with closing(pieces), partial.open("r+b" if start else "wb") as file:
        file.seek(start)
        for piece in pieces:
            file.write(piece)
            _refuse_large(file.tell(), most, remote.path)
            _tell(progress, file.tell(), there.size)
        file.flush()
        os.fsync(file.fileno())


def _tell(progress: Progress, done: int, total: int) -> None:
    progress.update(State(done >> 20, max(done, total) >> 20, message="fetching weights, MB"))


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _refuse_large(size: int, most: int, url: str) -> None:
    if size > most:
        raise UsageError(
            f"{shown(url)} has {size:,} bytes, and no more than {most:,} are fetched; give the URL of the "
            "weights alone, or a PATH"
        )


def _why(error: Exception, target: Path) -> str:
    if isinstance(error, OSError) and error.errno is not None and error.filename is not None:
        return f"{target.parent} cannot be written: {error.strerror}"
    if isinstance(error, FileNotFoundError) and error.__cause__ is not None:
        return said(error.__cause__)  # fsspec says of any failure that there is no such file
    return said(error)


@dataclass(frozen=True, slots=True)
class _Remote:
    """A file elsewhere, read from some byte on."""

    files: Any
    path: str
    is_http: bool

    def pieces(self, start: int) -> tuple[int, Any]:
        """Its bytes from `start` on, or from where the server begins; and that."""
        if not self.is_http:
            file = self.files.open(self.path, "rb", block_size=4 * BLOCK)
            file.seek(start)
            return start, _read(file)
        asked = {"headers": {"Range": f"bytes={start}-"}} if start else {}
        file = self.files.open(self.path, "rb", block_size=0, size=1, **asked)  # one answer, read as it comes
        goes_on = file.r.headers.get("Content-Range", "").startswith(f"bytes {start}-")
        return (start if start and file.r.status == 206 and goes_on else 0), _read(file)


def _read(file: Any) -> Iterator[bytes]:
    with closing(file):
        while piece := file.read(BLOCK):
            yield piece
