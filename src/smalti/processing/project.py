"""A project: a folder of images, the settings to measure them, and the QC table that comes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import polars as pl

from smalti.core.errors import UnknownNameError, UsageError
from smalti.core.image import Image, ImageRef
from smalti.core.plugin import Plugin, find
from smalti.core.progress import Progress, RichProgress
from smalti.loaders.choose import read_later
from smalti.loaders.isolation import PATIENCE, Isolation
from smalti.loaders.stack import stack_of
from smalti.processing.paths import base_name, full_base, full_path, listed, project_folder
from smalti.processing.record import Record, with_facts
from smalti.processing.run import run
from smalti.processing.running import Running
from smalti.processing.settings import Settings
from smalti.processing.sharing.rooted import locate
from smalti.processing.summary import summarise, tell
from smalti.processing.tables import Tables
from smalti.table import store
from smalti.table.guard import check_writable, origin_of

if TYPE_CHECKING:
    from smalti.table.view import ViewState

__all__ = ["Project", "open", "process"]

_OF_NAMES = ("group_template", "stack_by", "metadata", "on")
"""Settings that are kept in the record: they say what the files are, not how they are measured."""


class Project(Tables):
    """A folder ``NAME.smalti`` with the QC table of the images under a base folder.

    Parameters
    ----------
    name
        Title of the project.
    base
        Folder of images, one file, a pattern, a table of paths, or a URL.
    loader
        Reader for all files; None chooses by content, ``"none"`` opens nothing.
    output
        Project folder to write; None for one under the user's cache folder.

    Examples
    --------
    >>> project = Project("screen", "plates/", output="screen.smalti").set(workers=2)
    >>> project.process()  # doctest: +SKIP
    >>> project.images.filter(pl.col("saturated_high") > 0.01).collect()  # doctest: +SKIP
    """

    def __init__(
        self, name: str, base: str | Path, *, loader: str | None = None, output: str | Path | None = None
    ) -> None:
        absolute = full_base(base)
        self.path = project_folder(name, absolute) if output is None else full_path(output)
        self.source = self.path
        self.record = Record(name=name, base=absolute)
        self._moved_from: str | None = None
        self.settings = Settings(loader=loader)
        self._extra: tuple[Plugin, ...] = ()
        self._view: ViewState | None = None

    @property
    def name(self) -> str:
        """Title of the project."""
        return self.record.name

    @property
    def read_only(self) -> bool:
        """Whether nothing can be written to it: it was opened from a ZIP, or from a table that came alone."""
        return origin_of(self.path) is not None

    def add_paths(self, *paths: str | Path) -> Self:
        """Add conditions: paths relative to the base folder, each a group of its own."""
        self.record = replace(self.record, paths=(*self.record.paths, *map(str, paths)))
        return self

    def set(self, *, extensions: str | Iterable[str] | None = None, **settings: Any) -> Self:
        """Change settings: ``loader, metrics, exclude, workers, memory, timeout, isolate, extensions``.

        `metrics` takes names, and functions marked with `smalti.metric`; ``memory`` bytes or ``"4GB"``. Facts
        for the page are ``flavor`` (a label beside the title), ``description``, and ``cmap`` (colours of
        values, any palette of Bokeh or colorcet); ``omit_base_dir=True`` writes nothing of where images lie.
        Of the files' names, ``group_template`` makes columns and ``stack_by`` (``"t,c,z"``) stacks;
        ``metadata`` joins a table ``on`` a column; see `smalti.sources.columns.Asked`.
        """
        self.record, settings = with_facts(self.record, settings)
        if extensions is not None:
            self.record = replace(self.record, extensions=listed(extensions))
        asked: dict[str, Any] = {name: settings.pop(name) for name in _OF_NAMES if name in settings}
        if asked.get("metadata"):
            asked["metadata"] = full_base(asked["metadata"])
        asked = {name: ",".join(listed(value or "")) for name, value in asked.items()}
        self.record = replace(self.record, **asked)
        if settings.get("metrics") is not None:
            settings |= self._take_metrics(listed(settings["metrics"]))
        self.settings = self.settings.set(**settings)
        return self

    def _take_metrics(self, metrics: tuple[Any, ...]) -> dict[str, Any]:
        for metric in metrics:
            if not isinstance(metric, str) and not hasattr(metric, "__smalti__"):
                raise UsageError(
                    f"{metric!r} is no metric; give a name, or a function marked with smalti.metric"
                )
        given = [m.__smalti__ for m in metrics if not isinstance(m, str)]
        names = [m if isinstance(m, str) else m.__smalti__.name for m in metrics]
        self._extra = tuple(plugin for plugin in given if plugin.module == "__main__")
        return {"metrics": names, "modules": sorted({p.module for p in given if p.module != "__main__"})}

    def process(self, *, fresh: bool = False, progress: Progress | None = None, **running: Any) -> Self:
        """Measure what is new or changed since the last run; an interrupted run goes on where it stopped.

        Parameters
        ----------
        fresh
            Measure everything anew.
        progress
            Told how far the run is; None shows bars in the terminal or notebook.
        **running
            ``client, cluster, cluster_options, parts_dir, flush_every, batch_size, log_file``; see
            `smalti.processing.running.Running`.

        Raises
        ------
        UsageError
            It is read-only, or does not say where its images lie.

        Examples
        --------
        >>> project.process(client="tcp://head:8786", log_file="run.log")  # doctest: +SKIP
        """
        check_writable(self.path)
        if not self.record.base:
            raise UsageError(f"{self.path} does not say where its images lie; give smalti.open(…, base=DIR)")
        how = Running.of(running)
        shown = RichProgress() if progress is None else progress
        try:
            self.record = run(self.path, self.record, self.settings, shown, fresh, self._extra, how)
        finally:
            shown.close()
            self._view = None
        return self

    @property
    def view(self) -> ViewState:
        """What is filtered, selected, grouped and sorted; pages and widgets of this notebook show this one.

        Examples
        --------
        >>> project.view.add_filter("saturated_high", ">", 0.01)  # doctest: +SKIP
        >>> project.view.selected  # what was brushed on screen  # doctest: +SKIP
        """
        if self._view is None:
            from smalti.processing.whole import whole_table  # 0.1 s that a run does without
            from smalti.table.usual import usual_view
            from smalti.table.view import ViewState

            self._table("images")  # says what to do when there is none
            table = whole_table(self.path, self.source, self.record.cmap)
            self._view = ViewState(table, usual_view(table))
        return self._view

    def image(self, image_id: str) -> Image:
        """The true image behind a row; each ``read`` opens its file anew.

        Raises
        ------
        UnknownNameError
            No row has this id.
        SmaltiError
            Its file is not where the project, or `open` with a base folder, says.
        """
        rows = self.images.filter(pl.col("image_id") == image_id).collect().rows(named=True)
        if not rows:
            ids = self.images.select("image_id").collect()["image_id"]
            raise UnknownNameError("image", image_id, ids)
        row = rows[0]
        ref = self.ref(row)
        apart = self.settings.isolate or row["status"] in ("crashed", "timeout")
        return read_later(
            ref, self.settings.plane_limit, Isolation(apart, min(self.settings.timeout, PATIENCE))
        )

    def ref(self, row: Mapping[str, Any]) -> ImageRef:
        """Where the image of a row lies now; for `image` and for exporters.

        Raises
        ------
        SmaltiError
            Its file is not where the project, or `open` with a base folder, says.
        """
        base = self.record.base if self._moved_from is None else self._moved_from
        moved_to = None if self._moved_from is None else self.record.base
        uri = locate(row["uri"], row["path"], base, moved_to, trusted=not self.read_only)
        return ImageRef(
            uri=uri,
            path=row["path"],
            size_bytes=row["size_bytes"],
            condition=row["condition"],
            series=row["series"],
            series_name=row["series_name"],
            loader=row["reader"],
            stack=stack_of({**row, "uri": uri}),
        )

    def summary(self) -> dict[str, Any]:
        """Counts of files, images, failures, clutter; see `smalti.processing.summary.summarise`."""
        return summarise(self.record, self.images) | {"read_only": self.read_only}

    def export(self, path: str | Path, *, omit_base_dir: bool = False) -> Path:
        """Write the finished project as one ZIP, or as a folder; see `smalti.processing.sharing.export`."""
        from smalti.processing.sharing.export import export

        return export(self, full_path(path), omit_base_dir=omit_base_dir)

    def explore(self, **options: Any) -> Any:
        """The project as a page: in a notebook cell, or served."""
        return find("verb", "explore").function(self, **options)

    def export_images(self, exporter: str, out: str | Path, images: Any = None, **options: Any) -> Any:
        """Hand on the images that `view` leaves, or some rows; see `smalti.export.api.export_images`."""
        return find("verb", "export_images").function(self, exporter, out, images, **options)

    def curate(self, step: str, out: str | Path, images: Any = None, **options: Any) -> Any:
        """Make something of the images that `view` leaves, or some rows; see `smalti.curation.api.curate`."""
        return find("verb", "curate").function(self, step, out, images, **options)

    def mosaic(self, **options: Any) -> Any:
        """All images as tiles, a widget for a notebook cell; it shows and sets the project's live `view`."""
        return find("verb", "mosaic").function(self, **options)

    def __repr__(self) -> str:
        if store.exists(self.path):
            return f"{tell(self.summary())}\n  table    {self.source}"
        return f"Project({self.name!r}, base={self.record.base!r}): not processed yet"


def process(
    base: str | Path,
    *,
    output: str | Path | None = None,
    conditions: str | Path | Iterable[str | Path] | None = None,
    name: str | None = None,
    fresh: bool = False,
    progress: Progress | None = None,
    **settings: Any,
) -> Project:
    """Turn a folder of images into a project with a QC table.

    Parameters
    ----------
    base
        Folder of images, one file, a pattern, a table or list of paths, or a URL of these; see
        `smalti.sources.folder.discover`.
    output
        Project folder to write, by custom ``NAME.smalti``; None for one under the user's cache folder.
    conditions
        Paths relative to `base`, each a group of its own; None for one group.
    name
        Title; None for the name of the base folder.
    fresh
        Measure everything anew instead of only what is new or changed.
    progress
        Told how far the run is; None shows bars.
    **settings
        ``loader, extensions, metrics, exclude, workers, memory, timeout, isolate, group_template, stack_by,
        metadata, on``, and for the page ``flavor, description, cmap, omit_base_dir``; see `Project.set`. And
        ``client, cluster, cluster_options, parts_dir, flush_every, batch_size, log_file``; see
        `smalti.processing.running.Running`.

    Examples
    --------
    >>> project = process("plates/", output="plates.smalti", conditions=["a", "b"])  # doctest: +SKIP
    """
    project = Project(name or base_name(full_base(base)), base, output=output)
    running = {name: settings.pop(name) for name in Running.names() & settings.keys()}
    project.add_paths(*listed(conditions or ())).set(**settings)
    return project.process(fresh=fresh, progress=progress, **running)


def open(path: str | Path, *, base: str | Path | None = None) -> Project:
    """Open what `process` or `Project.export` wrote: a folder, a ZIP, or a Parquet table alone.

    A ZIP and a table are read-only. Tables of PixelPatrol can be opened too; see
    `smalti.processing.sharing.pixelpatrol` for what its columns become.

    Parameters
    ----------
    path
        Project folder, ZIP, or table.
    base
        Where the images lie now, if that is not where they were measured; a folder, or a URL.

    Raises
    ------
    UsageError
        There is no project at `path`, or it is damaged.
    """
    from smalti.processing.sharing.opening import folder_of

    source = full_path(path)
    folder = folder_of(source)
    record = Record.read(folder) if folder.is_dir() else None
    if record is None:
        found = "no smalti project at" if folder.exists() else "there is no"
        raise UsageError(f"{found} {folder}; make one with: smalti process BASE -o {source.stem}.smalti")
    project = Project(record.name, record.base or folder, output=folder)
    project.source, project.record = source, record
    known = {field.name for field in fields(Settings)}  # a later version may have more
    project.settings = Settings.from_dict({n: v for n, v in record.settings.items() if n in known})
    if project.read_only:  # a file from anyone must not say what is imported
        project.settings = project.settings.set(modules=())
    if base is not None:
        project._moved_from = record.base
        project.record = replace(record, base=str(base) if "://" in str(base) else str(full_path(base)))
    return project
