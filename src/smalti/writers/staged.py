"""A folder that is there as a whole or not at all: written beside its place, or with a mark in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from smalti.core.errors import UsageError
from smalti.writers.target import LOCK, LocalTarget, RemoteTarget, alone, target_at

__all__ = ["ZARR", "Kind", "Staged", "staged"]

MARK = ".smalti-unfinished"
"""In a folder at a URL, where nothing can be renamed: it is not whole."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a folder is.

    Parameters
    ----------
    name
        In the singular.
    roots
        Files of which one at least is in every such folder.
    parts
        All that such a folder holds, so that nothing else is replaced with it; empty where it may be any.
    """

    name: str
    roots: tuple[str, ...]
    parts: tuple[str, ...] = ()


ZARR = Kind("Zarr store", ("zarr.json", ".zgroup", ".zarray", ".zattrs", ".zmetadata"))


@dataclass(slots=True)
class Staged:
    """A folder on its way.

    Parameters
    ----------
    target, path
        Where to write now.
    """

    target: LocalTarget | RemoteTarget
    path: str
    is_whole: bool = field(default=False)

    def commit(self) -> None:
        """Say that all is written; it is put in its place when the with block ends."""
        self.is_whole = True


@contextmanager
def staged(where: str, overwrite: bool, kind: Kind = ZARR) -> Iterator[Staged]:
    """A folder, such as a Zarr store, that replaces what is at a path or URL, for the length of a with block.

    What was there stays until the new one is whole, except at URLs. What a killed run left is taken away
    by the next one; without `Staged.commit` nothing is left.

    Raises
    ------
    UsageError
        There is something, and it is of another kind or shall not be replaced; or another process writes.
    """
    target, name = target_at(where)
    if isinstance(target, RemoteTarget):
        try:
            with _remote(target, name, overwrite, kind) as made:
                yield made
        finally:
            target.close()
    else:
        with _local(target.folder, name, overwrite, kind) as made:
            yield made


@contextmanager
def _local(folder: Path, name: str, overwrite: bool, kind: Kind) -> Iterator[Staged]:
    final, hidden = folder / name, f".{name}.partial"
    _check_free(final, overwrite, kind)
    target = LocalTarget(folder, hidden)
    made = Staged(target, f"{hidden}/new")
    with alone(target, hidden):
        old = folder / hidden / "old"
        if old.exists() and not final.exists():  # a run was killed between the two renames below
            old.rename(final)
        _check_free(final, overwrite, kind)
        target.remove(made.path)
        try:
            yield made
            if made.is_whole:
                if final.exists():
                    target.remove(f"{hidden}/old")
                    final.rename(old)
                (folder / made.path).rename(final)
        finally:
            target.remove(hidden)


def _check_free(final: Path, overwrite: bool, kind: Kind) -> None:
    if not final.exists() or (final.is_dir() and not any(final.iterdir())):
        return
    if not any((final / root).is_file() for root in kind.roots):
        raise UsageError(f"{final} is there and is no {kind.name}; give another --out")
    others = sorted(path.name for path in final.iterdir() if kind.parts and path.name not in kind.parts)
    if others:
        raise UsageError(f"{final} holds {others[0]}, which is no part of a {kind.name}; give another --out")
    if not overwrite:
        raise UsageError(f"{final} is there; give another --out, or --overwrite to replace it")


@contextmanager
def _remote(target: RemoteTarget, name: str, overwrite: bool, kind: Kind) -> Iterator[Staged]:
    _check_unused(target, name, overwrite, kind)
    made = Staged(target, name)
    with alone(target, name):
        there = _check_unused(target, name, overwrite, kind)
        target.write(f"{name}/{MARK}", b"")
        try:
            for old in there:
                target.remove(old)
            yield made
        finally:
            if not made.is_whole:
                for left in _files(target, name):
                    target.remove(left)
            target.remove(f"{name}/{MARK}")


def _check_unused(target: RemoteTarget, name: str, overwrite: bool, kind: Kind) -> list[str]:
    """Raise UsageError unless what is there may be replaced; gives what is."""
    there = _files(target, name)
    if not there or target.read(f"{name}/{MARK}") is not None:
        return there
    if not any(f"{name}/{root}" in there for root in kind.roots):
        raise UsageError(f"{target.name}/{name} is there and is no {kind.name}; give another --out")
    if not overwrite:
        raise UsageError(f"{target.name}/{name} is there; give another --out, or --overwrite to replace it")
    return there


def _files(target: RemoteTarget, name: str) -> list[str]:
    """All files but the mark and the claim."""
    return [file for file in target.files(name) if file not in (f"{name}/{MARK}", f"{name}/{LOCK}")]
