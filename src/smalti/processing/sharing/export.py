"""A project handed on: as one ZIP, or as a folder of its own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from smalti.core.errors import UsageError
from smalti.processing.folder import locked
from smalti.processing.record import Record
from smalti.processing.sharing.archive import check_replaceable, members_of, pack
from smalti.processing.sharing.private import omit_base, plain_view
from smalti.table import store
from smalti.table.guard import origin_of

if TYPE_CHECKING:
    from smalti.processing.project import Project

__all__ = ["export", "working_folder"]

WORKING = ".exporting"
"""Says that a project folder was made for its ZIP only."""


def export(project: Project, target: Path, *, omit_base_dir: bool = False) -> Path:
    """Write a finished project as one ZIP (``X.zip``), or as a folder of its own (``X.smalti``).

    Equal projects give equal ZIPs. A ZIP that smalti wrote is replaced, nothing else is.

    Parameters
    ----------
    project
        As `process` or `open` gives it, from a ZIP or a table too.
    target
        File ending in ``.zip``, or folder ending in ``.smalti`` that is not there yet.
    omit_base_dir
        Whether to leave out where the images lie; a project processed so says nothing of it anyway.

    Returns
    -------
    pathlib.Path
        `target`.

    Raises
    ------
    UsageError
        The project is not finished, or something else is at `target`.
    """
    as_zip = target.suffix.lower() == ".zip"
    if not as_zip and target.suffix.lower() != ".smalti":
        raise UsageError(f"{target.name} ends neither in .zip, for a file, nor in .smalti, for a folder")
    if as_zip:
        check_replaceable(target)
    elif target.exists():
        raise UsageError(f"{target} is there already; give the name of a new folder")
    target.parent.mkdir(parents=True, exist_ok=True)
    with _still(project.path):
        record = _finished(project)
        omit = omit_base_dir and not record.omit_base_dir
        if as_zip and not omit:
            return pack(project.path, target)
        copy = target.with_name(f".{target.name}.{os.getpid()}.copy")
        try:
            _copy(project.path, copy)
            _say_less(copy, record, omit)
            if as_zip:
                return pack(copy, target)
            copy.rename(target)
        finally:
            shutil.rmtree(copy, ignore_errors=True)
    return target


def _still(folder: Path) -> AbstractContextManager[None]:
    """No run changes the tables meanwhile; where nobody can write, none needs to be kept away."""
    is_fixed = origin_of(folder) is not None or not os.access(folder, os.W_OK)
    return nullcontext() if is_fixed else locked(folder)


def _finished(project: Project) -> Record:
    record = Record.read(project.path)
    if record is None or not record.finished or not store.final_file(project.path, "images").exists():
        raise UsageError(
            f"the run of {project.source} is not finished; finish it with: "
            f"smalti process {project.record.base or 'BASE'} -o {project.source}"
        )
    return record


def _copy(folder: Path, into: Path) -> None:
    for name, path in members_of(folder):
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, into / name)


def _say_less(folder: Path, record: Record, omit: bool) -> None:
    """A copy names no modules to be imported, which another's project might; nor places, if asked."""
    settings = {**record.settings, "modules": []}
    replace(record, settings=settings, omit_base_dir=record.omit_base_dir or omit).write(folder)
    if omit:
        omit_base(folder, [record.base])
        for view in (folder / "views").glob("*.json"):
            view.write_text(plain_view(view.read_text(encoding="utf-8"), record.base), encoding="utf-8")


@contextmanager
def working_folder(target: Path, *, fresh: bool = False) -> Iterator[Path]:
    """The folder ``X.smalti`` beside ``X.zip``, to be measured into, and removed when the block ends well.

    Where the block fails it stays, and the next one goes on from it, as from the ZIP that is there. A
    project that was in its place before is used and stays.

    Parameters
    ----------
    target
        The ZIP that will be written.
    fresh
        Whether everything is measured anew, so that what an earlier ZIP holds is not asked.

    Raises
    ------
    UsageError
        Something else is at `target`, or in the place of the folder.
    """
    from smalti.processing.project import open as open_project

    check_replaceable(target)
    folder = target.with_suffix(".smalti")
    mark = folder / WORKING
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        if target.exists() and not fresh:
            open_project(target).export(folder)
        with locked(folder):
            mark.touch()
    try:
        yield folder
    except BaseException:
        if mark.exists() and not store.exists(folder):  # nothing was measured that could be lost
            shutil.rmtree(folder)
        raise
    if mark.exists():
        shutil.rmtree(folder)
