"""What a page shows of one project: read once, then shared by every session."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl
import polars.selectors as cs

from smalti.core.columns import Column
from smalti.processing.project import Project
from smalti.processing.whole import whole_table
from smalti.table.findings import Finding, find
from smalti.table.schema import IMAGE_COLUMNS
from smalti.table.stats import group_columns, number_columns, with_spread
from smalti.table.whole import Table

__all__ = ["Content"]

HISTOGRAMS = (
    "mean",
    "laplacian_variance",
    "noise_sigma",
    "saturated_high",
    "blockiness",
    "snr_db",
    "std",
    "size_bytes",
)
"""Columns whose histograms come first: brightness, focus, noise, clipping, compression."""

HISTOGRAMS_SHOWN = 6


@dataclass(frozen=True)
class Content:
    """A project's images table in memory, and what follows from it.

    Parameters
    ----------
    project
        Where thumbnails and pixels are read from.
    table
        The images table in memory.
    """

    project: Project
    table: Table

    @classmethod
    def of(cls, project: Project) -> "Content":
        """Read the images table of a project."""
        return cls(project, whole_table(project.path, project.source, project.record.cmap))

    @property
    def images(self) -> pl.DataFrame:
        """The images table, one row an image."""
        return self.table.images

    @property
    def columns(self) -> Mapping[str, Column]:
        """Meaning and unit of the columns by name, as far as the table states them."""
        return self.table.columns

    @cached_property
    def findings(self) -> list[Finding]:
        """What stands out in all images."""
        return find(self.images)

    @cached_property
    def facts(self) -> Mapping[str, Any]:
        """Counts of files, images, planes, clutter; see `smalti.processing.summary.summarise`."""
        return self.project.summary()

    @cached_property
    def group_columns(self) -> list[str]:
        """Columns worth grouping by, the usual ones first."""
        usual = ("condition", "status", "format", "dtype", "parent", "file_extension", "reader")
        found = group_columns(self.images)
        return sorted(found, key=lambda name: usual.index(name) if name in usual else len(usual))

    @cached_property
    def number_columns(self) -> list[str]:
        """Columns that a histogram can show."""
        return number_columns(self.images)

    @cached_property
    def histograms(self) -> list[str]:
        """Columns whose histograms are shown first: the usual ones, else what the table measures."""
        usual = with_spread(self.images, HISTOGRAMS)
        if len(usual) < HISTOGRAMS_SHOWN:
            known = {*HISTOGRAMS, "min", "max", *(column.name for column in IMAGE_COLUMNS)}
            floats = self.images.select(cs.float()).columns
            usual += with_spread(self.images, [name for name in floats if name not in known])
        return usual[:HISTOGRAMS_SHOWN]

    @cached_property
    def sort_columns(self) -> list[str]:
        """Columns that rows can be put in order by."""
        return [name for name, dtype in self.images.schema.items() if not dtype.is_nested()]

    def unit(self, column: str) -> str:
        """Unit of a column; empty where it has none."""
        return self.columns[column].unit if column in self.columns else ""

    def meaning(self, column: str) -> str:
        """What a column means; empty where the table does not say."""
        return self.columns[column].meaning if column in self.columns else ""
