"""What is asked for, frozen: what is to be done, with which images, where to, with which options."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import polars as pl

from smalti.app.words import in_labels
from smalti.core.errors import SmaltiError
from smalti.core.plugin import Plugin
from smalti.core.progress import Progress
from smalti.curation.outcome import SHOWN, Outcome
from smalti.curation.sources import Chosen
from smalti.export.images import of_project
from smalti.export.report import Report
from smalti.processing.project import Project
from smalti.table.choice import View
from smalti.table.code import view_text
from smalti.table.view import Snapshot

__all__ = ["DRY_RUN", "Rows", "Wish"]

Rows = Literal["filtered", "selected", "all"]

DRY_RUN = "dry_run"
"""The option that has it only told what would be done."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One piece of work.

    Parameters
    ----------
    plugin
        The exporter, or the step of curation, that does it.
    rows
        Which images.
    snapshot
        The table, its filters and its selection.
    path
        What is written.
    options
        The record of its options.
    changed
        Options that are not as usual, by name.
    """

    plugin: Plugin
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
            do = self._curated if self.plugin.kind == "step" else self._exported
            return do(project, progress)
        except SmaltiError as error:
            raise SmaltiError(in_labels(str(error), type(self.options))) from error

    def _exported(self, project: Project, progress: Progress) -> Report:
        said = view_text(self.snapshot.table, replace(self.view, group_by=self.snapshot.view.group_by))
        chosen = of_project(project, self.images(), chosen_by=said)
        report: Report = self.plugin.function(chosen, str(self.path), self.options, progress)
        return report

    def _curated(self, project: Project, progress: Progress) -> Report:
        chosen = Chosen(project, self.images())
        found: Outcome = self.plugin.function([chosen], str(self.path), self.options, progress)
        failed = [item for item in found.items if item.status == "failed"]
        skipped = [f"{item.path} was skipped: {item.why}" for item in found.items if item.status == "skipped"]
        return Report(
            found.out,
            written=found.ok,
            failed=found.failed,
            total=found.total,
            errors=tuple((item.path, item.why) for item in failed[:SHOWN]),
            problems=(*found.notes, *skipped[:SHOWN]),
            seconds=found.seconds,
            what=found.what,
        )
