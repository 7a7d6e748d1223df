"""What is exported: images of folders, or those that a project's filters leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import polars as pl
import polars.selectors as cs

from smalti.core.errors import NothingFoundError, SmaltiError, UsageError
from smalti.core.image import ImageRef
from smalti.core.remote import is_url, shown
from smalti.export.facts import OF_PATH, OF_SERIES, beside, renamed
from smalti.export.joining import join_by_key
from smalti.loaders.choose import known_extensions
from smalti.sources.folder import discover

if TYPE_CHECKING:  # 0.1 s, and folders can do without
    from smalti.processing.project import Project

__all__ = ["Chosen", "of_folders", "of_project", "refs_of"]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Images to export, in order.

    Parameters
    ----------
    refs
        Where they are, paths sorted and unique.
    origins
        What was given: folders, or a project; without credentials.
    single
        Whether each reference stands for its one series, rather than for all that its file holds.
    facts
        What is known beside the files, see `smalti.export.facts`; None for nothing.
    problems
        Sentences on what was found or missing on the way.
    project
        That they are rows of; None for folders.
    rows
        Of its images table, those that cannot be read included; None for folders.
    chosen_by
        The condition that they meet, as text; empty for none.
    """

    refs: tuple[ImageRef, ...]
    origins: tuple[str, ...]
    single: bool = False
    facts: pl.DataFrame | None = None
    problems: tuple[str, ...] = ()
    project: Project | None = None
    rows: pl.DataFrame | None = None
    chosen_by: str = ""

    @property
    def frame(self) -> pl.DataFrame:
        """A row an image, in order: ``path`` and ``series``, and what is known beside the files."""
        own = pl.DataFrame(
            {"path": [ref.path for ref in self.refs], "series": [ref.series for ref in self.refs]},
            schema={"path": pl.String, "series": pl.Int64},
        )
        return own if self.facts is None else beside(own, self.facts)

    def with_metadata(self, table: str | None) -> Chosen:
        """With the columns of a table beside the images; see `smalti.export.joining.join_by_key`."""
        if not table:
            return self
        facts, problems = join_by_key(sorted({ref.path for ref in self.refs}), table)
        if self.facts is not None:
            before = self.facts.drop(set(facts.columns) - {OF_PATH}, strict=False)
            facts = before.join(facts, on=OF_PATH, how="left", maintain_order="left")
        return replace(self, facts=facts, problems=(*self.problems, *problems))


def of_folders(folders: Sequence[str], *, recursive: bool = False) -> Chosen:
    """The images of folders, files, patterns, tables of paths, or URLs of these.

    Of several, paths begin with the name of each.

    Raises
    ------
    NothingFoundError
        There is no image in one of them.
    UsageError
        One of them cannot be read, or two of them give files of one path.
    """
    if not folders:
        raise UsageError("no folder is given; name one or more folders of images, or a project")
    refs: dict[str, ImageRef] = {}
    problems: list[str] = []
    for folder in folders:
        found = discover(folder, known=known_extensions())
        kept = (
            [ref for ref in found.refs if recursive or "/" not in ref.path]
            if _is_folder(folder)
            else found.refs
        )
        problems += found.problems
        if not kept:
            raise NothingFoundError(
                f"{shown(folder)} itself holds no image, its sub-folders {len(found.refs):,}; add --recursive"
            )
        prefix = f"{_name(folder)}/" if len(folders) > 1 else ""
        for ref in kept:
            path = f"{prefix}{ref.path}"
            if path in refs and refs[path].uri != ref.uri:
                raise UsageError(
                    f"two files would be {path}: {shown(refs[path].uri)} and {shown(ref.uri)}; "
                    "give the folder above both, with --recursive"
                )
            refs[path] = replace(ref, path=path)
    ordered = tuple(refs[path] for path in sorted(refs))
    return Chosen(ordered, tuple(map(shown, folders)), problems=tuple(problems))


def of_project(
    project: Project,
    images: pl.DataFrame | None = None,
    *,
    chosen_by: str | None = None,
    readable: bool = True,
) -> Chosen:
    """The images that a project's view leaves, or rows of its images table; those that failed are left out.

    Parameters
    ----------
    project
        The project.
    images
        Rows of its images table; None for those that the filters of its view leave.
    chosen_by
        What chose the rows, as text; None for those filters.
    readable
        Whether one that can be read must be among them.

    Raises
    ------
    NothingFoundError
        None is left.
    """
    from smalti.table.code import view_text

    rows = project.view.filtered if images is None else images
    if chosen_by is None:
        chosen_by = "" if images is not None else view_text(project.view.table, project.view.view)
    found = rows.filter(pl.col("status").is_in(["ok", "partial"])) if readable else rows
    if not found.height:
        said = "none of the {:,} images chosen of {} can be read" if readable else "no image is chosen of {1}"
        raise NothingFoundError(f"{said.format(rows.height, project.name)}; choose others")
    left = rows.height - found.height
    problems = (f"{left:,} images that could not be read were left out",) if left else ()
    ordered = found.sort("path", "series", maintain_order=True)
    keys = ordered.select(pl.col("path").alias(OF_PATH), pl.col("series").alias(OF_SERIES))
    plain = ordered.select(cs.exclude("path", "series", cs.nested(), cs.binary()))
    kept = keys.hstack(renamed(plain, "qc"))
    rows = rows.sort("path", "series", maintain_order=True)
    refs = refs_of(project, ordered)
    return Chosen(refs, (str(project.source),), True, kept, problems, project, rows, chosen_by)


def refs_of(project: Project, rows: pl.DataFrame) -> tuple[ImageRef, ...]:
    """Where the images of rows lie now; one that is gone keeps its place, and says why when it is opened."""
    return tuple(_ref(project, row) for row in rows.iter_rows(named=True))


def _ref(project: Project, row: dict[str, Any]) -> ImageRef:
    try:
        return project.ref(row)
    except SmaltiError:
        return ImageRef(row["uri"] or row["path"], row["path"], series=row["series"], loader=row["reader"])


def _is_folder(folder: str) -> bool:
    last = PurePosixPath(shown(folder)).suffix.lower()
    return not any(sign in folder for sign in "*?[") and last not in (".csv", ".tsv", ".parquet", ".txt")


def _name(folder: str) -> str:
    return PurePosixPath(shown(folder)).name if is_url(folder) else Path(folder).expanduser().resolve().name
