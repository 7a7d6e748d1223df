"""Zarr stores: folders that are one item."""

import os
from collections.abc import Iterable
from pathlib import Path

__all__ = ["MARKS", "is_store", "store_facts"]

MARKS = frozenset({".zgroup", ".zarray", ".zattrs", "zarr.json"})


def is_store(name: str, members: Iterable[str]) -> bool:
    """Whether a folder is a Zarr store: by its name, or by a metadata file among its members."""
    return name.lower().endswith(".zarr") or not MARKS.isdisjoint(members)


def store_facts(folder: str) -> tuple[int, float]:
    """Bytes of all members together, and when the newest changed (seconds since 1970).

    Links inside a store count with their own size and are not followed. Raises OSError when a part of it
    cannot be listed.
    """
    size, newest = 0, Path(folder).stat().st_mtime
    todo = [folder]
    while todo:
        with os.scandir(todo.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    todo.append(entry.path)
                    continue
                facts = entry.stat(follow_symlinks=False)
                size += facts.st_size
                newest = max(newest, facts.st_mtime)
    return size, newest
