"""How lists, tables and folders of files are written."""

from dataclasses import dataclass
from typing import Literal

from smalti.core.options import option

__all__ = ["FolderOptions", "ListOptions", "TreeOptions"]


@dataclass(frozen=True, slots=True)
class ListOptions:
    """A file."""

    absolute: bool = option(
        False,
        "Write full paths of this machine instead of those in the project's folder.",
        title="Full paths",
    )
    overwrite: bool = option(False, "Replace the file that is there.")
    dry_run: bool = option(False, "Count images, write nothing.")


@dataclass(frozen=True, slots=True)
class TreeOptions:
    """A folder of files."""

    dry_run: bool = option(False, "Count files and bytes, write nothing.")


@dataclass(frozen=True, slots=True)
class FolderOptions:
    """A folder of files with a table."""

    metadata: Literal["csv", "jsonl"] = option(
        "csv", "The table of what is known: metadata.csv or metadata.jsonl."
    )
    link: bool = option(False, "Link to the files instead of copying them.")
    dry_run: bool = option(False, "Count files and bytes, write nothing.")
