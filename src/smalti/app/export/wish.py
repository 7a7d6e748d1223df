"""What is asked for, frozen: which exporter, which images, where to, with which options."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import polars as pl

from smalti.app.words import in_labels
from smalti.core.errors import SmaltiError
from smalti.core.plugin import Plugin
from smalti.core.progress import Progress
from smalti.export.images import of_project
from smalti.export.report import Report
from smalti.processing.project import Project
from smalti.table.choice import View
from smalti.table.code import view_text
from smalti.table.view import Snapshot

__all__ = ["DRY_RUN", "Rows", "Wish"]

Rows = Literal["filtered", "selected", "all"]

DRY_RUN = "dry_run"
"""The option of an exporter that only tells what it would do."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One export.

    Parameters
    ----------
    exporter
        Who makes it.
    rows
        Which images.
    snapshot
        The table, its filters and its selection.
    path
        What is written.
    options
        The record of the exporter's options.
    changed
        Options that are not as usual, by name.
    """

    exporter: Plugin
    rows: Rows
    snapshot: Snapshot
    path: Path
    options: Any
    changed: Mapping[str, Any]

    @property
    def view(self) -> View:
        """Of what was chosen in the table, what decides on the images; their order does not."""
        view = self.snapshot.view
        filters = () if self.rows == "all" else view.filters
        selection = view.selection if self.rows == "selected" else ()
        return View(filters, selection, templates=view.templates, joins=view.joins)

    def previewed(self) -> "Wish":
        """The same, only told about."""
        return replace(self, options=replace(self.options, **{DRY_RUN: True}))

    def images(self) -> pl.DataFrame:
        """The rows of the images table."""
        images = self.snapshot.table.images
        if self.rows == "all":
            return images
        keep = self.snapshot.keep if self.rows == "filtered" else self.snapshot.picked
        return images.filter(pl.Series(keep))

    def carry_out(self, project: Project, progress: Progress) -> Report:
        """Do it; takes as long as it takes.

        Raises
        ------
        SmaltiError
            It cannot be done; options are called as the form does.
        """
        try:
            said = view_text(self.snapshot.table, replace(self.view, group_by=self.snapshot.view.group_by))
            chosen = of_project(project, self.images(), chosen_by=said)
            report: Report = self.exporter.function(chosen, str(self.path), self.options, progress)
        except SmaltiError as error:
            raise SmaltiError(in_labels(str(error), type(self.options))) from error
        return report
