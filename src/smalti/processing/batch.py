"""The one function that every engine runs: a batch of references to frames of the QC table."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

import polars as pl

from smalti.core.columns import Column
from smalti.core.errors import (
    CrashedError,
    PluginClashError,
    SmaltiError,
    TimedOutError,
    TooLargeError,
    UnreadableError,
)
from smalti.core.image import Image, ImageRef
from smalti.core.plugin import Plugin, plugins
from smalti.loaders.choose import open_images
from smalti.loaders.isolation import Isolation
from smalti.processing.budget import Budget
from smalti.processing.facts import file_facts, image_facts, modified_at
from smalti.processing.frames import frame, reason, together
from smalti.processing.job import Begin, Tables
from smalti.processing.measure import Measured, measure_image
from smalti.processing.metric_set import MetricSet
from smalti.processing.settings import Settings
from smalti.table.rollup import rollup
from smalti.table.schema import HISTOGRAM_COLUMNS, IMAGE_COLUMNS, PLANE_KEYS, THUMBNAIL_COLUMNS

__all__ = ["columns_of", "failed_rows", "modified_at", "process_batch"]

_Found = tuple[dict[str, Any], Measured]
"""One image's row and what was measured of its planes."""

MAX_ERROR = 1000


def columns_of(metrics: MetricSet) -> dict[str, tuple[Column, ...]]:
    """The columns of each table of a run.

    Raises
    ------
    PluginClashError
        A plugin's column is named like one of smalti's own, or like another plugin's.
    """
    loaders = tuple(plugins("loader").values())
    _check_names(loaders, (*metrics.of_images, *metrics.of_planes))
    stated = dict.fromkeys((*IMAGE_COLUMNS, *(column for loader in loaders for column in loader.columns)))
    return {
        "images": (*stated, *metrics.image_columns, *metrics.plane_columns),
        "planes": metrics.planes_table,
        "histograms": HISTOGRAM_COLUMNS,
        "thumbnails": THUMBNAIL_COLUMNS,
    }


def _check_names(loaders: Sequence[Plugin], measuring: Sequence[Plugin]) -> None:
    """One owner a name; loaders alone may share a column, declared alike."""
    owners = {column.name: ("smalti's own columns", column) for column in (*IMAGE_COLUMNS, *PLANE_KEYS)}
    for plugin in (*loaders, *measuring):
        told = f"{plugin.kind} {plugin.name} of {plugin.module}"
        for column in plugin.columns:
            if column.name not in owners:
                owners[column.name] = (told, column)
                continue
            owner, held = owners[column.name]
            if plugin.kind != "loader" or column != held:
                raise PluginClashError("column", column.name, owner, told)


def process_batch(
    refs: Sequence[ImageRef], settings: Settings, metrics: MetricSet, budget: Budget, begin: Begin
) -> Tables:
    """Measure the images of a batch of files; a bad file becomes a row that says why.

    Parameters
    ----------
    refs
        One per file or store; a file with several series gives several rows.
    settings, metrics
        How to read and what to measure.
    budget
        Memory shared with other batches of this process.
    begin
        Told which reference is being worked on.
    """
    files = []
    for number, ref in enumerate(refs):
        begin(number)
        files.append(_process_file(ref, settings, metrics, budget, partial(begin, number)))
    return _tables_of_files(refs, files, metrics)


def failed_rows(refs: Sequence[ImageRef], status: str, error: str, metrics: MetricSet) -> Tables:
    """Rows for files that took their process down or never came back."""
    failed = [(file_facts(ref) | {"status": status, "error": error}, Measured()) for ref in refs]
    return _tables(failed, metrics, columns_of(metrics))


def _process_file(
    ref: ImageRef, settings: Settings, metrics: MetricSet, budget: Budget, beat: Callable[[], None]
) -> list[_Found]:
    """One row with what was measured per series; one that says why when the file cannot be read."""
    if settings.loader == "none":
        return [(file_facts(ref) | {"status": "ok"}, Measured())]
    found: list[_Found] = []
    series: set[int] = set()
    isolation = Isolation(settings.isolate, settings.timeout, beat)
    try:
        with open_images(ref, settings.plane_limit, settings.loader, isolation) as images:
            for image in images:
                _check_series(image.ref, ref, series)
                own = {name: getattr(image.ref, name) for name in ("series", "series_name", "loader")}
                kept = replace(image, ref=replace(ref, **own))  # of the file, what the source said holds
                found.append(_process_image(kept, settings, metrics, budget, beat))
                series.add(kept.ref.series)
                beat()
    except MemoryError as error:
        found.append(_failure(ref, series, "unreadable", f"not enough memory to open it: {reason(error)}"))
    except (CrashedError, TimedOutError) as error:
        if not _ended_within(found, error):
            found.append(_failure(ref, series, error.status, reason(error)))
    except SmaltiError as error:
        found.append(_failure(ref, series, error.status, reason(error)))
    except Exception as error:  # a reader may raise anything; it costs this file only
        found.append(_failure(ref, series, "unreadable", reason(error)))
    return found or [_failure(ref, series, "unreadable", "the file holds no image")]


def _ended_within(found: Sequence[_Found], error: SmaltiError) -> bool:
    """Whether a reader's process ended while the last image was measured; its row says so then."""
    if not found or not (found[-1][1].errors and found[-1][1].errors[-1].endswith(reason(error))):
        return False
    found[-1][0]["status"] = error.status
    return True


def _check_series(given: ImageRef, asked: ImageRef, series: set[int]) -> None:
    """Refuse an image that would take the place of another one in the table."""
    if given.path != asked.path:
        wrong = f"it gave an image of another path, {given.path!r}; keep ref.path as it was asked for"
    elif not isinstance(given.series, int) or given.series < 0:
        wrong = f"it gave an image series {given.series!r}; number them with integers from 0"
    elif given.series in series:
        wrong = f"it gave two images series {given.series}; give each a number of its own"
    else:
        return
    raise UnreadableError(asked.path, f"loader {given.loader}", wrong)


def _process_image(
    image: Image, settings: Settings, metrics: MetricSet, budget: Budget, beat: Callable[[], None]
) -> _Found:
    """One image's row and what was measured of its planes."""
    row = file_facts(image.ref) | image_facts(image)
    try:
        measured = measure_image(image, metrics, budget, settings.plane_limit, beat)
    except TooLargeError as error:
        return row | {"status": "skipped", "error": reason(error)}, Measured()
    notes = [*([image.partial] if image.partial else []), *islice(measured.errors, 3)]
    if len(measured.errors) > 3:
        notes.append(f"and {len(measured.errors) - 3} more planes")
    status = "partial" if notes else "ok"
    if measured.errors and not len(measured.planes):
        status = "unreadable"
    if measured.trouble:
        notes.append(measured.trouble)
    done = len(measured.planes) if metrics.wants else None
    row |= {"status": status, "error": "; ".join(notes)[:MAX_ERROR] or None, "n_planes_ok": done}
    return row | dict(
        zip((c.name for c in metrics.image_columns), measured.image_values, strict=False)
    ), measured


def _rolled_up(planes: pl.DataFrame, metrics: MetricSet) -> pl.DataFrame:
    """One row an image; the values of a single plane are the image's own, which saves 10 ms a batch."""
    own = [column.name for column in metrics.plane_columns]
    alone = pl.len().over("image_id") == 1
    single = planes.filter(alone).select("image_id", *own)
    if single.height == planes.height:
        return single
    several = planes.filter(~alone)
    means = rollup(several.lazy(), metrics.plane_columns, ["image_id"]).drop("n_planes").collect()
    return pl.concat([single, means.select(single.columns)])


def _failure(ref: ImageRef, series: Collection[int], status: str, error: str) -> _Found:
    """A row for what could not be read after the `series` that could."""
    facts = file_facts(replace(ref, series=max(series, default=-1) + 1))
    return facts | {"status": status, "error": error[:MAX_ERROR]}, Measured()


def _tables_of_files(refs: Sequence[ImageRef], files: Sequence[list[_Found]], metrics: MetricSet) -> Tables:
    """Frames of a batch; where some value goes into no frame, only its file becomes an unreadable row."""
    columns = columns_of(metrics)
    try:
        return _tables([found for file in files for found in file], metrics, columns)
    except Exception:  # whatever it is, one of the files brought it: it is found and said below
        each = [_tables_of_file(ref, file, metrics, columns) for ref, file in zip(refs, files, strict=True)]
    return {name: pl.concat([tables[name] for tables in each]) for name in columns}


def _tables_of_file(
    ref: ImageRef, file: list[_Found], metrics: MetricSet, columns: Mapping[str, tuple[Column, ...]]
) -> Tables:
    try:
        return _tables(file, metrics, columns)
    except Exception as error:
        words = f"what was read of it fits no table: {reason(error)}"
        return _tables([_failure(ref, (), "unreadable", words)], metrics, columns)


def _tables(found: Sequence[_Found], metrics: MetricSet, columns: Mapping[str, tuple[Column, ...]]) -> Tables:
    planes = together((measured.planes for _, measured in found), columns["planes"])
    given = columns["images"][: len(columns["images"]) - len(metrics.plane_columns)]
    rows = [row | {"metric_set": metrics.version} for row, _ in found]
    images = frame([[row.get(column.name) for column in given] for row in rows], given)
    if metrics.plane_columns:
        images = images.join(_rolled_up(planes, metrics), on="image_id", how="left", maintain_order="left")
    thumbnails = [row for _, measured in found for row in measured.thumbnails]
    return {
        "images": images,
        "planes": planes,
        "histograms": together((measured.histograms for _, measured in found), HISTOGRAM_COLUMNS),
        "thumbnails": frame(thumbnails, THUMBNAIL_COLUMNS),
    }
