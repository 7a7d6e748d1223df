"""The walk through folders: each file, store and folder seen once, nothing opened, nothing lost unsaid."""

import os
import stat
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from smalti.core.image import ImageRef
from smalti.sources.conditions import Start
from smalti.sources.names import clutter_name, endings, readable
from smalti.sources.stores import is_store, store_facts

__all__ = ["Walk", "Wanted", "is_left_out"]

_SPECIAL = {stat.S_IFIFO: "FIFO", stat.S_IFSOCK: "socket", stat.S_IFCHR: "device", stat.S_IFBLK: "device"}

_Folder = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which files may be images, judged by their name.

    Parameters
    ----------
    extensions
        When not empty, only files with one of them.
    known
        Otherwise files with one of these, and files without an extension; empty takes all.
    """

    extensions: frozenset[str]
    known: frozenset[str]

    def counted_as(self, name: str) -> str | None:
        """The name a file is counted under as clutter; None when it may be an image."""
        clutter = clutter_name(name)
        if clutter:
            return clutter
        ends = endings(name)
        if not self.extensions and not (ends and self.known):
            return None
        if not (self.extensions or self.known).isdisjoint(ends):
            return None
        return f"*.{readable(ends[-1])}" if ends else "no extension"

    def takes_store(self, name: str) -> bool:
        """Whether a Zarr store is wanted, under whatever name it has."""
        return not self.extensions or not self.extensions.isdisjoint((*endings(name), "zarr"))


@dataclass(slots=True)
class Walk:
    """Looks at one start after another, then follows the symbolic links that were met.

    Links come last so that what is here under its own name is found under it. Folders are told apart by
    device and inode, files by their folder and name: a loop ends, and nothing is taken twice.

    Parameters
    ----------
    wanted
        Which files may be images.
    refs, clutter, problems
        What was found so far: images, numbers of other things by name, and sentences.
    """

    wanted: Wanted
    refs: list[ImageRef] = field(default_factory=list)
    clutter: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    _entered: set[_Folder] = field(default_factory=set)
    _taken: set[tuple[_Folder, str]] = field(default_factory=set)
    _links: list[Start] = field(default_factory=list)

    def look_at(self, start: Start) -> None:
        """Take a file, or all below a folder; links that a folder holds are put aside."""
        try:
            facts = Path(start.uri).stat()
            if stat.S_ISDIR(facts.st_mode):
                self._walk(start)
            else:
                self._take_file(start, _identity(Path(start.uri).resolve()), facts)
        except OSError as error:
            self._problem(start, "file that cannot be looked at", error)

    def follow_links(self) -> None:
        """Look once at whatever the links met so far, and those met behind them, point to."""
        while self._links:
            links, self._links = sorted(self._links, key=lambda link: link.path), []
            for link in links:
                self._follow(link)

    def _walk(self, start: Start) -> None:
        todo = [start]
        while todo:
            place = todo.pop()
            try:
                folder = _folder(place.uri)
                if folder in self._entered:
                    continue
                self._entered.add(folder)
                with os.scandir(place.uri) as listed:
                    entries = list(listed)
                if is_store(place.uri, (entry.name for entry in entries)):
                    self._take_store(place)
                else:
                    todo += self._take_files(place, folder, entries)
            except OSError as error:
                self._problem(place, "folder that cannot be entered", error)

    def _take_files(self, place: Start, folder: _Folder, entries: list[os.DirEntry[str]]) -> list[Start]:
        """Take the files of a folder, put its links aside, and return its folders."""
        prefix = f"{place.path}/" if place.path else ""
        folders = []
        for entry in entries:
            here = Start(entry.path, prefix + entry.name, place.condition)
            if entry.is_symlink():
                self._links.append(here)
            elif entry.is_dir(follow_symlinks=False):
                if not self._leaves_out(entry.name):
                    folders.append(here)
            else:
                try:
                    self._take_file(here, (folder, entry.name), entry.stat(follow_symlinks=False))
                except OSError as error:  # it vanished, or the disk fails
                    self._problem(here, "file that cannot be looked at", error)
        return folders

    def _leaves_out(self, folder: str) -> bool:
        """Count hidden folders and our own projects, which are not entered."""
        counted_as = is_left_out(folder)
        if counted_as:
            self.clutter[counted_as] += 1
        return bool(counted_as)

    def _take_file(self, place: Start, identity: tuple[_Folder, str], facts: os.stat_result) -> None:
        if identity in self._taken:
            return
        special = _SPECIAL.get(stat.S_IFMT(facts.st_mode))  # opening a FIFO would wait for ever
        counted_as = special or self.wanted.counted_as(place.name)
        if counted_as:
            self.clutter[counted_as] += 1
            return
        self._taken.add(identity)
        self._add(place, facts.st_size, facts.st_mtime)

    def _take_store(self, place: Start) -> None:
        if self.wanted.takes_store(place.name):
            self._add(place, *store_facts(place.uri))
        else:
            self.clutter["*.zarr"] += 1

    def _add(self, place: Start, size_bytes: int, mtime: float) -> None:
        path = readable(place.path or place.name)
        self.refs.append(ImageRef(place.uri, path, size_bytes, mtime, place.condition))

    def _follow(self, link: Start) -> None:
        try:
            real = Path(link.uri).resolve(strict=True)
            if real.is_dir() and _folder(real) in self._entered:
                self._count_repeated(link, real)
            elif _identity(real) in self._taken:
                self.clutter["repeated symlink"] += 1
            elif not (real.is_dir() and self._leaves_out(link.name)):
                self.look_at(link)
        except (OSError, RuntimeError):  # the target is missing, or the link leads back to itself
            self.clutter["broken symlink"] += 1

    def _count_repeated(self, link: Start, real: Path) -> None:
        """Count a link to a folder that was entered; a loop is also named."""
        if not Path(link.uri).parent.resolve().is_relative_to(real):
            self.clutter["repeated symlink"] += 1
            return
        self.clutter["symlink loop"] += 1
        self.problems.append(f"{readable(link.path)}: links to a folder above itself; not followed again")

    def _problem(self, place: Start, what: str, error: OSError) -> None:
        self.clutter[what] += 1
        self.problems.append(f"{readable(place.path or place.uri)}: {what} ({error.strerror or error})")


def is_left_out(folder: str) -> str | None:
    """The name under which a folder is counted that is not entered: hidden, or a project of ours."""
    if folder.startswith("."):
        return readable(folder)
    return "*.smalti" if folder.lower().endswith(".smalti") else None


def _folder(path: str | Path) -> _Folder:
    facts = Path(path).stat()
    return facts.st_dev, facts.st_ino


def _identity(real: Path) -> tuple[_Folder, str]:
    return _folder(real.parent), real.name
