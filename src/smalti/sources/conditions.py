"""Where a search starts, and under which condition: the base folder, or paths in or outside it."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path, PurePath

from smalti.core.errors import NothingFoundError, UsageError
from smalti.sources.names import readable

__all__ = ["Start", "starts"]


@dataclass(frozen=True, slots=True)
class Start:
    """A folder or file to look at.

    Parameters
    ----------
    uri
        Its absolute path.
    path
        The same relative to the base folder, ``""`` for the base itself; absolute when outside.
    condition
        Name of the group that everything below belongs to.
    """

    uri: str
    path: str
    condition: str

    @property
    def name(self) -> str:
        """Last part of `uri`; read once a file, where ``Path(uri).name`` would take a third of the walk."""
        return self.uri.rpartition(os.sep)[2]


def starts(base: Path | str, paths: Sequence[str]) -> list[Start]:
    """One start a path, in the order given; without paths, the base folder under its own name.

    Raises
    ------
    NothingFoundError
        There is no such base.
    UsageError
        There is no such path below it, or the base is one file and paths are given.
    """
    root = _checked(base)
    if root.is_file():
        if paths:
            raise UsageError(
                f"{root} is a file; -p {paths[0]} asks for a part of a folder: give its folder as base"
            )
        return [Start(str(root), root.name, readable(root.parent.name))]
    if not paths:
        return [Start(str(root), "", readable(root.name or str(root)))]
    return [_start(root, path) for path in paths]


def _checked(base: Path | str) -> Path:
    root = Path(os.path.abspath(Path(base).expanduser()))  # noqa: PTH100  # resolve() would follow links
    if not root.exists():
        there = next(parent for parent in root.parents if parent.is_dir())
        raise NothingFoundError(
            f"there is no folder or file {readable(str(root))}; {_offers(there, root.name)}"
        )
    return root


def _start(root: Path, path: str) -> Start:
    uri = Path(os.path.abspath(root / Path(path).expanduser()))  # noqa: PTH100
    name = readable(PurePath(path).as_posix())
    if not uri.exists():
        raise UsageError(
            f"-p {name}: there is no such folder or file in {readable(str(root))}; {_offers(root, path)}"
        )
    inside = _inside(uri, root)
    if inside is None:
        return Start(str(uri), uri.as_posix(), name)
    here = "" if inside == PurePath() else inside.as_posix()
    return Start(str(root / inside), here, name if here else readable(root.name))


def _inside(path: Path, root: Path) -> PurePath | None:
    """`path` relative to `root`, also where one is written with a symbolic link; None when outside."""
    if path.is_relative_to(root):
        return path.relative_to(root)
    real, real_root = path.resolve(), root.resolve()
    return real.relative_to(real_root) if real.is_relative_to(real_root) else None


def _offers(folder: Path, name: str) -> str:
    """What there is instead of `name`: the nearest sub-folder, or some of them."""
    try:
        known = sorted(readable(entry.name) for entry in os.scandir(folder) if entry.is_dir())
    except OSError as error:
        return f"and {folder} cannot be listed ({error.strerror})"
    near = get_close_matches(readable(name), known, n=1, cutoff=0.5)
    if near:
        return f"did you mean {near[0]!r}?"
    shown = ", ".join(known[:12]) + (", …" if len(known) > 12 else "")
    return f"sub-folders of {readable(str(folder))}: {shown or 'none'}"
