"""Where something is written: a folder here or at a URL, each file in it there as a whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote

import filelock

from smalti.core.errors import SmaltiError, UsageError
from smalti.core.remote import below, filesystem, is_http, is_url, path_in, said, shown
from smalti.writers.claim import claimed

__all__ = ["LOCK", "SCRATCH", "LocalTarget", "RemoteTarget", "Target", "alone", "full_place", "target_at"]

SCRATCH = ".partial"
"""Folder of unfinished files in a local target; what is in it is nobody's after a kill."""
LOCK = ".lock"


class Target(Protocol):
    """A folder whose files are replaced one by one, each in one step; names are relative, with slashes."""

    name: str
    """The folder as people may read it."""
    scratch: Path
    """A folder of this machine for files that are not finished."""
    leaves_lock: bool
    """Whether there is a lock in every folder that was ever written to."""

    def place(self, name: str) -> str:
        """Where a file or folder really is, as `real` gives it."""

    def real(self, uri: str) -> str:
        """An absolute path without links, or a URL."""

    def read(self, name: str) -> bytes | None:
        """A whole file; None when it is not there."""

    def read_part(self, name: str, start: int, length: int) -> bytes:
        """Bytes of a file from `start`; a negative `start` counts from its end."""

    def here(self, name: str) -> Path:
        """A file of this machine with the same bytes, to be read only."""

    def write(self, name: str, data: bytes) -> None:
        """Make or replace a file."""

    def put(self, name: str, file: Path) -> None:
        """Make or replace a file by one of `scratch`, which is gone then."""

    def files(self, folder: str = "") -> dict[str, int]:
        """Sizes in bytes of all files below a folder, by name; nothing where there is no such folder."""

    def remove(self, name: str) -> None:
        """Take a file, or a folder with all that is in it, away."""

    def close(self) -> None:
        """Take `scratch` away."""


class LocalTarget:
    """A folder of this machine; it need not be there yet.

    Parameters
    ----------
    folder
        The folder.
    inside
        A folder in it to which all is written; unfinished files are kept there.
    """

    leaves_lock = True

    def __init__(self, folder: Path, inside: str = "") -> None:
        self.name = str(folder)
        self.folder = folder
        self.work = folder / inside
        self.scratch = self.work / SCRATCH
        self.is_ours = False
        """Whether this process alone may write here now; see `alone`."""

    def place(self, name: str) -> str:
        """See `Target`."""
        return self.real(str(self.folder / name))

    def real(self, uri: str) -> str:
        """See `Target`."""
        folder, name = os.path.split(uri.rstrip("/")) if not is_url(uri) else (uri, "")
        return os.path.join(_real(folder), name) if name else uri.rstrip("/")  # noqa: PTH118 - 1e6 of them

    def read(self, name: str) -> bytes | None:
        """See `Target`."""
        try:
            return (self.folder / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def read_part(self, name: str, start: int, length: int) -> bytes:
        """See `Target`."""
        with (self.folder / name).open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(start if start >= 0 else max(0, end + start))  # of a file that was cut, what is left
            return file.read(length)

    def here(self, name: str) -> Path:
        """See `Target`."""
        return self.folder / name

    def write(self, name: str, data: bytes) -> None:
        """See `Target`."""
        self.scratch.mkdir(parents=True, exist_ok=True)
        temporary = self.scratch / name.replace("/", "~")
        temporary.write_bytes(data)
        self.put(name, temporary)

    def put(self, name: str, file: Path) -> None:
        """See `Target`."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        file.replace(path)

    def files(self, folder: str = "") -> dict[str, int]:
        """See `Target`."""
        top = self.folder / folder
        found = (Path(at, name) for at, _, names in os.walk(top) for name in names)
        return {path.relative_to(self.folder).as_posix(): path.stat().st_size for path in found}

    def remove(self, name: str) -> None:
        """See `Target`."""
        path = self.folder / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def close(self) -> None:
        """See `Target`; unfinished files of another process are left alone."""
        if self.is_ours:
            shutil.rmtree(self.scratch, ignore_errors=True)


class RemoteTarget:
    """A folder at a URL, such as ``s3://bucket/a``; an object there is always replaced as a whole."""

    leaves_lock = False

    def __init__(self, url: str) -> None:
        self.name = shown(url)
        self._url = url.rstrip("/")
        self._files = filesystem(url)
        self.scratch = Path(tempfile.mkdtemp(prefix="smalti-"))

    def place(self, name: str) -> str:
        """See `Target`."""
        return f"{self._url}/{name}"

    def real(self, uri: str) -> str:
        """See `Target`."""
        return uri.rstrip("/")

    def claim(self, name: str) -> tuple[Any, str]:
        """The filesystem, and what it calls a file; see `smalti.writers.claim.claimed`."""
        return self._files, self._path(name)

    def _call(self, what: str, *arguments: Any, **options: Any) -> Any:
        try:
            return getattr(self._files, what)(*arguments, **options)
        except FileNotFoundError:
            raise
        except Exception as error:  # the libraries of clouds have errors of their own
            raise SmaltiError(f"{self.name}: {said(error)}") from error

    def _path(self, name: str) -> str:
        return path_in(self._files, below(self._url, name))

    def read(self, name: str) -> bytes | None:
        """See `Target`."""
        try:
            return bytes(self._call("cat_file", self._path(name)))
        except FileNotFoundError:
            return None

    def read_part(self, name: str, start: int, length: int) -> bytes:
        """See `Target`."""
        end = start + length
        return bytes(self._call("cat_file", self._path(name), start=start, end=end if end else None))

    def here(self, name: str) -> Path:
        """See `Target`."""
        copy = self.scratch / f"{name.replace('/', '~')}.copy"
        self._call("get_file", self._path(name), str(copy))
        return copy

    def write(self, name: str, data: bytes) -> None:
        """See `Target`."""
        self._call("pipe_file", self._path(name), data)

    def put(self, name: str, file: Path) -> None:
        """See `Target`."""
        self._call("put_file", str(file), self._path(name))
        file.unlink()

    def files(self, folder: str = "") -> dict[str, int]:
        """See `Target`."""
        top = f"{self._path('')}/"
        try:
            found = self._call("find", self._path(folder), detail=True)
        except FileNotFoundError:
            return {}
        return {name.removeprefix(top): int(facts.get("size") or 0) for name, facts in found.items()}

    def remove(self, name: str) -> None:
        """See `Target`."""
        with suppress(FileNotFoundError):
            self._call("rm", self._path(name), recursive=True)

    def close(self) -> None:
        """See `Target`."""
        shutil.rmtree(self.scratch, ignore_errors=True)


def full_place(where: str) -> str:
    """An absolute path, of a ``file://`` URL too; a URL as it is."""
    if where.startswith("file://"):
        path = where.removeprefix("file://").removeprefix("localhost")
        if not path.startswith("/"):
            raise UsageError(f"{where} names no path of this machine; write it as file:///PATH")
        where = unquote(path)
    return where if is_url(where) else os.path.abspath(Path(where).expanduser())  # noqa: PTH100 - links stay


@lru_cache(maxsize=256)
def _real(folder: str) -> str:
    return os.path.realpath(folder)  # of folders, few of which hold many files


def target_at(where: str) -> tuple[LocalTarget | RemoteTarget, str]:
    """The folder that holds a path, a ``file://`` URL or a URL to write to, and the last name in it.

    Raises
    ------
    UsageError
        Nothing can be written there.
    """
    where = full_place(where)
    if not is_url(where):
        path = Path(where)
        return LocalTarget(path.parent, path.name), path.name
    if is_http(where):
        raise UsageError(f"{shown(where)}: a web server takes no files; give a path, or s3://BUCKET/PATH")
    folder, _, name = where.rstrip("/").rpartition("/")
    if folder.endswith("/"):
        raise UsageError(f"{shown(where)} is a bucket; give a name in it, such as {shown(where)}/images.zarr")
    return RemoteTarget(folder), name


@contextmanager
def alone(target: LocalTarget | RemoteTarget, folder: str) -> Iterator[None]:
    """Keep other processes from writing to a folder of a target for the length of a with block.

    Raises
    ------
    UsageError
        Another process is at work on it.
    """
    if isinstance(target, RemoteTarget):
        with claimed(*target.claim(f"{folder}/{LOCK}"), f"{target.name}/{folder}"):
            yield
        return
    target.work.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(target.work / LOCK, blocking=False)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise UsageError(
            f"another process is writing to {target.work}; wait for it, or give another --out"
        ) from None
    try:
        target.is_ours = True
        yield
    finally:
        target.close()
        target.is_ours = False
        lock.release()
