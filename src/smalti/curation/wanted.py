"""Patches that are to be found again in their volumes: of a set, of files by names, or of names alone."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from smalti.core.errors import NothingFoundError, UsageError
from smalti.curation import manifest
from smalti.curation.names import GRAMMAR, Corner, Flipbook, Patch3d, Section, Span, parse
from smalti.curation.patchset import PatchSet
from smalti.curation.sources import Given
from smalti.loaders.choose import known_extensions
from smalti.sources.folder import discover

__all__ = ["Wanted", "wanted_of"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A patch, or why it is none that a volume has.

    Parameters
    ----------
    key
        What tells it from others.
    name
        As a person may read it.
    dataset
        Its volume, as it is called in names.
    axis, slice, rows, columns
        Where in it; `rows` and `columns` None of a whole slice.
    series, time, channel
        Of the image inside its volume; `channel` None for luma, or the only one.
    path
        Of its volume where a manifest states it, relative to what was given then.
    status, why
        ``skipped`` or ``failed`` and the reason, where it cannot be found again.
    """

    key: str
    name: str
    dataset: str = ""
    axis: int = 0
    slice: int = 0
    rows: Span | None = None
    columns: Span | None = None
    series: int = 0
    time: int = 0
    channel: int | None = None
    path: str = ""
    status: str = ""
    why: str = ""


def wanted_of(given: Sequence[Given]) -> list[Wanted]:
    """All patches in the order in which they are given, each once.

    Raises
    ------
    NothingFoundError
        There is none.
    UsageError
        Something cannot be read.
    """
    found: dict[str, Wanted] = {}
    names = [os.fspath(one) for one in given]
    for one in names:
        for wanted in _given(one):
            found.setdefault(wanted.key, wanted)
    if not found:
        raise NothingFoundError(
            f"there is no patch in {', '.join(names) or 'nothing'}; give a set of patches, or files or names"
        )
    return list(found.values())


def _given(one: str) -> Iterator[Wanted]:
    place = Path(one).expanduser()
    if (place / manifest.FILE_NAME).is_file() or place.name == manifest.FILE_NAME:
        yield from _of_set(PatchSet.open(place))
    elif place.exists() or any(sign in one for sign in "*?[") or "://" in one:
        found = discover(one, known=known_extensions())
        yield from (_of_name(PurePosixPath(ref.path).name) for ref in found.refs)
    else:
        wanted = _of_name(PurePosixPath(one).name)
        if wanted.status == "failed":
            raise UsageError(f"there is no file or folder {one}, and {wanted.why}")
        yield wanted


def _of_set(patches: PatchSet) -> Iterator[Wanted]:
    """Rows that nothing decided to drop."""
    for row in patches.kept().iter_rows(named=True):
        yield _of_row(row)


def _of_row(row: dict[str, Any]) -> Wanted:
    key, name = str(row["patch_id"]), str(row["name"])
    if row["axis"] is None:
        return Wanted(
            key, name, status="skipped", why="it is a patch of an image, which has no slices around it"
        )
    return Wanted(
        key,
        name,
        _of_name(name).dataset or str(row["dataset"]),
        row["axis"],
        row["slice"] or 0,
        (row["y0"], row["y1"]),
        (row["x0"], row["x1"]),
        row["series"] or 0,
        row["time"] or 0,
        row["channel"],
        row["source_path"] or "",
    )


def _of_name(name: str) -> Wanted:
    """What a file's name says."""
    try:
        found = parse(name)
    except UsageError as error:
        return Wanted(name, name, status="failed", why=str(error))
    name = found.format()  # the same for copies with other endings
    if isinstance(found, Patch3d):
        return Wanted(name, name, found.dataset, found.axis, found.slice, found.rows, found.columns)
    if isinstance(found, Section):
        return Wanted(name, name, found.dataset, found.axis, found.slice)
    if isinstance(found, Flipbook):
        return Wanted(name, name, status="skipped", why="it is a flipbook already")
    if isinstance(found, Corner) and found.axis is not None:
        why = f"its name states its first row and column only, not where it ends; it should be {GRAMMAR}"
        return Wanted(name, name, status="failed", why=why)
    if hasattr(found, "z"):
        return Wanted(name, name, status="skipped", why="it is a cube, not a patch")
    return Wanted(
        name, name, status="skipped", why="it is a patch of an image, which has no slices around it"
    )
