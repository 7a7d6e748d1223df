"""A file of this machine that is there as a whole or not at all."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["aside", "partial_of"]


def partial_of(path: Path) -> Path:
    """Where a file is written before it is whole; what a killed run left there is replaced by the next."""
    return path.with_name(f".{path.name}.partial")


@contextmanager
def aside(path: Path, check: Callable[[Path], None] | None = None) -> Iterator[Path]:
    """A place to write, which becomes `path` when the with block ends well; else nothing is left of it.

    Parameters
    ----------
    path
        The file, which is made or replaced; its folder is made as well.
    check
        Called with what was written, which is on the disk then, before it takes its place; where it raises,
        nothing is changed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = partial_of(path)
    try:
        yield temporary
        if check is not None:
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            check(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
