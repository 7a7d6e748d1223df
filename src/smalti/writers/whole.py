"""One file, here or at a URL, made as a whole or not at all."""

import os
from contextlib import suppress
from pathlib import Path

from smalti.core.errors import UsageError
from smalti.writers.target import LocalTarget, target_at

__all__ = ["refuse_there", "write_whole"]


def refuse_there(out: str, *, overwrite: bool) -> str:
    """The full name of a file that may be written.

    Raises
    ------
    UsageError
        There is such a file, and nothing says that it may be replaced; or a folder.
    """
    target, name = target_at(out)
    try:
        full = f"{target.name}/{name}"
        if isinstance(target, LocalTarget) and (target.folder / name).is_dir():
            raise UsageError(f"{full} is a folder; give the name of a file")
        there = (target.folder / name).exists() if isinstance(target, LocalTarget) else name in _names(target)
        if there and not overwrite:
            raise UsageError(f"{full} is there already; --overwrite replaces it, or give another --out")
        return full
    finally:
        target.close()


def _names(target: object) -> set[str]:
    return {name.partition("/")[0] for name in target.files()}  # type: ignore[attr-defined]


def write_whole(out: str, data: bytes) -> None:
    """Make or replace a file; its folder is made as well."""
    target, name = target_at(out)
    try:
        if not isinstance(target, LocalTarget):
            target.write(name, data)
            return
        target.folder.mkdir(parents=True, exist_ok=True)
        aside = target.folder / f".{name}.{os.getpid()}.tmp"
        try:
            _flushed(aside, data)
            aside.replace(target.folder / name)
        finally:
            with suppress(OSError):
                aside.unlink()
    finally:
        target.close()


def _flushed(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
