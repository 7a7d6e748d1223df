"""The files that are chosen, copied or linked into a folder under the paths that they have."""

import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from smalti.core.errors import SmaltiError, UsageError
from smalti.core.image import ImageRef
from smalti.core.plugin import exporter
from smalti.core.progress import Progress, State
from smalti.core.remote import is_url, shown
from smalti.export.images import Chosen
from smalti.export.lists.options import TreeOptions
from smalti.export.lists.rows import refs_by_path
from smalti.export.report import Report
from smalti.processing.frames import reason
from smalti.sources.tabular import read_bytes

__all__ = ["Leaf", "copies", "leaves", "links", "put_copy", "put_link", "put_tree"]

ERRORS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Leaf:
    """A file to be put into a folder.

    Parameters
    ----------
    path
        In the folder.
    uri
        Where it is now: a path or URL of a file, or of a store.
    """

    path: str
    uri: str


@exporter("copy", title="Copies of the files", options=TreeOptions, command="list --as copy")
def copies(images: Chosen, out: str, options: TreeOptions, progress: Progress) -> Report:
    """Copies of the files that are chosen, in the folders that they are in; nothing is overwritten."""
    return put_tree(leaves(refs_by_path(images)), out, put_copy, progress, dry_run=options.dry_run)


@exporter("symlinks", title="Links to the files", options=TreeOptions, command="list --as symlinks")
def links(images: Chosen, out: str, options: TreeOptions, progress: Progress) -> Report:
    """Links to the files that are chosen, in the folders that they are in; nothing is overwritten."""
    return put_tree(leaves(refs_by_path(images)), out, put_link, progress, dry_run=options.dry_run)


def leaves(refs: Mapping[str, ImageRef]) -> list[Leaf]:
    """The files of images; a stack has those of its planes.

    Raises
    ------
    UsageError
        A path leads out of the folder, or two files have one path.
    """
    made: dict[str, Leaf] = {}
    for leaf in (leaf for ref in refs.values() for leaf in _leaves(ref)):
        _refuse_outside(leaf.path)
        other = made.setdefault(leaf.path.casefold(), leaf)
        if other != leaf:
            raise UsageError(
                f"two files would be {leaf.path}: {shown(other.uri)} and {shown(leaf.uri)}; choose one"
            )
    for leaf in made.values():
        above = next((str(p) for p in PurePosixPath(leaf.path.casefold()).parents if str(p) in made), None)
        if above is not None:
            raise UsageError(
                f"{leaf.path} would lie in {made[above].path}, which is a file; choose one of them"
            )
    return list(made.values())


def _leaves(ref: ImageRef) -> Iterator[Leaf]:
    if ref.stack is None:
        yield Leaf(ref.path.rstrip("/"), ref.uri)
        return
    folder = ref.path.rpartition("/")[0]
    for uri in filter(None, ref.stack.members):
        name = uri.replace(os.sep, "/").rpartition("/")[2]
        yield Leaf(f"{folder}/{name}" if folder else name, uri)


def _refuse_outside(path: str) -> None:
    """Raise UsageError for a path that is absolute or has ``..`` in it; a project may come from anybody."""
    posix, windows = PurePosixPath(path), PureWindowsPath(path)
    if posix.is_absolute() or windows.anchor or ".." in (*posix.parts, *windows.parts) or not posix.parts:
        raise UsageError(f"{path!r} leads out of the folder; nothing is written")


def put_tree(
    found: list[Leaf],
    out: str,
    put: Callable[[Leaf, Path], None],
    progress: Progress,
    *,
    dry_run: bool = False,
) -> Report:
    """Put files into a folder; one that fails costs only itself.

    Raises
    ------
    UsageError
        One of them is there already, or a link in the folder leads out of it.
    """
    started = time.monotonic()
    if is_url(out):
        raise UsageError(f"{shown(out)}: files are copied to this machine only; give a folder")
    folder = Path(out).expanduser().absolute()
    try:
        _refuse_taken(folder, found)
        if dry_run:
            return Report(str(folder), plan=(f"{len(found):,} files",), what="file")
        errors: list[tuple[str, str]] = []
        for number, leaf in enumerate(found):
            progress.update(
                State(number, len(found), len(errors), time.monotonic() - started, "putting files")
            )
            try:
                put(leaf, _room(folder, leaf.path))
            except (OSError, SmaltiError) as error:
                errors.append((leaf.path, reason(error)))
        n, seconds = len(found) - len(errors), round(time.monotonic() - started, 3)
        return Report(
            str(folder), n, len(errors), n, tuple(errors[:ERRORS_SHOWN]), (), seconds, what="file", told_in=""
        )
    finally:
        progress.close()


def _refuse_taken(folder: Path, found: list[Leaf]) -> None:
    there = [leaf.path for leaf in found if os.path.lexists(folder / leaf.path)]
    if there:
        raise UsageError(
            f"{len(there):,} of {len(found):,} files are in {folder} already, such as {there[0]}; nothing is "
            "overwritten: give another --out"
        )
    for leaf in found:
        _inside(folder, leaf.path)


def _inside(folder: Path, path: str) -> Path:
    """Where a file goes; UsageError when a link on the way leads out of the folder."""
    target = folder / path
    if not target.parent.resolve().is_relative_to(folder.resolve()):
        raise UsageError(f"{target.parent} is a link that leads out of {folder}; give another --out")
    return target


def _room(folder: Path, path: str) -> Path:
    """The same, with the folders for it made."""
    _inside(folder, path).parent.mkdir(parents=True, exist_ok=True)
    return _inside(folder, path)


def put_copy(leaf: Leaf, target: Path) -> None:
    """Copy a file or store; under another name until all of it is there."""
    aside = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        if is_url(leaf.uri):
            aside.write_bytes(read_bytes(leaf.uri))
        elif Path(leaf.uri).is_dir():
            shutil.copytree(leaf.uri, aside)
        else:
            shutil.copy2(leaf.uri, aside)
        _give_name(aside, target)
    finally:
        _take_away(aside)


def _give_name(aside: Path, target: Path) -> None:
    """Rename what has no right to replace anything: a hard link fails where something is."""
    if aside.is_dir() or not hasattr(os, "link"):
        if os.path.lexists(target):
            raise FileExistsError(17, "it was made by somebody else just now", str(target))
        aside.rename(target)
        return
    try:
        os.link(aside, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if os.path.lexists(target):
            raise
        aside.rename(target)


def _take_away(aside: Path) -> None:
    if aside.is_dir():
        shutil.rmtree(aside, ignore_errors=True)
    with suppress(OSError):
        aside.unlink()


def put_link(leaf: Leaf, target: Path) -> None:
    """Link to a file or store of this machine."""
    if is_url(leaf.uri):
        raise SmaltiError("it is at a URL, to which no file can be linked; copy it")
    if not Path(leaf.uri).exists():
        raise SmaltiError(f"there is no {leaf.uri}")
    target.symlink_to(os.path.abspath(leaf.uri), target_is_directory=Path(leaf.uri).is_dir())  # noqa: PTH100 - links stay
