"""Remote files are fetched whole before they are read, and gone afterwards."""

import atexit
import shutil
import tempfile
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Any

from smalti.core.errors import SmaltiError, UnreadableError
from smalti.core.image import ImageRef
from smalti.core.remote import filesystem, is_url, path_in, said

__all__ = ["fetched", "is_remote_store"]

KEPT_BYTES = 1 << 30
"""What `fetched` keeps, when asked to, for the next time: pages of the app read one image again and again."""

_IN_TWO_FILES = (".nhdr", ".mhd", ".hdr", ".vms", ".companion.ome")


def is_remote_store(ref: ImageRef) -> bool:
    """Whether it is a Zarr store elsewhere, which is read where it is."""
    return ref.uri.endswith("/") and is_url(ref.uri)


@contextmanager
def fetched(ref: ImageRef, keep: bool = False) -> Iterator[ImageRef]:
    """The same reference to a copy on this machine, under the file's own name; gone when the context ends.

    Parameters
    ----------
    ref
        A remote file.
    keep
        Hold up to `KEPT_BYTES` of what was fetched until the process ends, the latest used.

    Raises
    ------
    UnreadableError
        It could not be fetched: not there, refused, no answer, cut, larger than was listed.
    """
    if ref.path.lower().endswith(_IN_TWO_FILES):
        raise UnreadableError(
            ref.path,
            "fetch",
            "its pixels are in another file, which is not fetched; copy both to this machine",
        )
    if keep:
        with _KEPT.hold(ref) as path:
            yield replace(ref, uri=str(path))
        return
    with tempfile.TemporaryDirectory(prefix="smalti-", ignore_cleanup_errors=True) as folder:
        yield replace(ref, uri=str(_fetch(ref, Path(folder))))


def _fetch(ref: ImageRef, folder: Path) -> Path:
    """Copy a remote file into a folder and compare its size with the listed one."""
    target = folder / _safe_name(ref.path)
    progress = _progress(ref.size_bytes)
    try:
        files = filesystem(ref.uri)
        files.get_file(path_in(files, ref.uri), str(target), callback=progress)
    except SmaltiError:
        raise
    except Exception as error:  # the libraries of clouds have errors of their own
        raise UnreadableError(ref.path, "fetch", progress.wrong or _told(error, target)) from error
    arrived = target.stat().st_size if target.exists() else 0
    expected = ref.size_bytes or progress.size  # what was listed, else what the server says now, if it does
    if expected and arrived != expected:
        raise UnreadableError(ref.path, "fetch", _wrong_size(arrived, expected))
    if not target.exists():  # some filesystems write nothing for an empty file
        target.touch()
    return target


def _told(error: Exception, target: Path) -> str:
    if isinstance(error, OSError) and error.errno is not None and error.filename is not None:
        return f"it cannot be written to {tempfile.gettempdir()}: {error.strerror}"
    return said(error).replace(str(target), "the file")


def _wrong_size(arrived: int, listed: int) -> str:
    how = "it was cut on the way" if arrived < listed else "it changed since"
    return f"{arrived:,} bytes arrived of {listed:,} that were listed; {how}"


def _safe_name(path: str) -> str:
    """The name of a file, which readers look at, as any disk takes it."""
    name = path.rpartition("/")[2].partition("?")[0]
    plain = "".join(c if c.isalnum() or c in "._- " else "_" for c in name)[-120:]
    return plain if plain.strip(". ") else "file"


def _progress(listed: int) -> Any:
    """A callback of fsspec that knows the stated size and ends what goes on beyond the listed one."""
    from fsspec.callbacks import Callback

    class Progress(Callback):  # type: ignore[misc]  # fsspec is not typed
        """Counts bytes."""

        wrong: str | None = None
        arrived = 0

        def relative_update(self, inc: int = 1) -> None:
            self.arrived += inc
            if listed and self.arrived > listed:
                self.wrong = f"more than the {listed:,} bytes arrive that were listed; it changed since"
                raise ValueError(self.wrong)

    return Progress()


@dataclass(slots=True)
class _Entry:
    path: Path
    size: int
    users: int = 0


class _Kept:
    """Fetched files by URL and size, the latest used last; those in use are never removed."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._entries: OrderedDict[tuple[str, int], _Entry] = OrderedDict()
        self._folder: Path | None = None
        self._fetching: dict[tuple[str, int], Lock] = {}

    @contextmanager
    def hold(self, ref: ImageRef) -> Iterator[Path]:
        """The copy of a remote file, fetched when it is not there; stays while the context is open."""
        key = (ref.uri, ref.size_bytes)
        with self._lock:
            one_at_a_time = self._fetching.setdefault(key, Lock())
        with one_at_a_time:
            entry = self._take(key)
            if entry is None:
                path = _fetch(ref, self._place())
                entry = self._add(key, _Entry(path, path.stat().st_size, users=1))
        try:
            yield entry.path
        finally:
            with self._lock:
                entry.users -= 1
                self._make_room()

    def _take(self, key: tuple[str, int]) -> _Entry | None:
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None:
                entry.users += 1
                self._entries.move_to_end(key)
            return entry

    def _add(self, key: tuple[str, int], entry: _Entry) -> _Entry:
        with self._lock:
            self._entries[key] = entry
            self._make_room()
        return entry

    def _make_room(self) -> None:
        total = sum(entry.size for entry in self._entries.values())
        for key, entry in list(self._entries.items()):
            if total <= KEPT_BYTES:
                return
            if not entry.users:
                total -= entry.size
                del self._entries[key]
                shutil.rmtree(entry.path.parent, ignore_errors=True)

    def _place(self) -> Path:
        """A new folder for one file, below one that goes with the process."""
        with self._lock:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="smalti-"))
                atexit.register(shutil.rmtree, self._folder, ignore_errors=True)
            return Path(tempfile.mkdtemp(dir=self._folder))


_KEPT = _Kept()
