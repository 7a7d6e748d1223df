"""The one function that every engine runs: a batch of references to frames of the QC table."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from operator import attrgetter

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
from smalti.processing.frames import reason
from smalti.processing.gather import Gatherer
from smalti.processing.job import Begin, Tables
from smalti.processing.measure import Batch, measure_image
from smalti.processing.metric_set import MetricSet
from smalti.processing.outcome import Found, failure, tables_of
from smalti.processing.settings import Settings
from smalti.table.schema import HISTOGRAM_COLUMNS, IMAGE_COLUMNS, PLANE_KEYS, THUMBNAIL_COLUMNS

__all__ = ["columns_of", "failed_rows", "modified_at", "process_batch"]


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
    batch, files = Batch.of(metrics, budget, settings.plane_limit), []
    for number, ref in enumerate(refs):
        begin(number)
        files.append(_process_file(ref, settings, batch, partial(begin, number)))
    batch.gatherer.flush()
    return tables_of(files, batch.gatherer.sheets, metrics, columns_of(metrics))


def failed_rows(refs: Sequence[ImageRef], status: str, error: str, metrics: MetricSet) -> Tables:
    """Rows for files that took their process down or never came back."""
    files = [[Found(ref, file_facts(ref), said=(status, error))] for ref in refs]
    return tables_of(files, Gatherer(metrics).sheets, metrics, columns_of(metrics))


def _process_file(ref: ImageRef, settings: Settings, batch: Batch, beat: Callable[[], None]) -> list[Found]:
    """What was found of each series; what kept the file from being read as the last one."""
    if settings.loader == "none":
        return [Found(ref, file_facts(ref), said=("ok", None))]
    found: list[Found] = []
    series: set[int] = set()
    isolation = Isolation(settings.isolate, settings.timeout, beat)
    try:
        with open_images(ref, settings.plane_limit, settings.loader, isolation) as images:
            for image in images:
                _check_series(image.ref, ref, series)
                kept = _of_source(image, ref)
                found.append(_process_image(ref, kept, batch, beat))
                series.add(kept.ref.series)
                beat()
    except (CrashedError, TimedOutError) as error:
        if not _ended_within(found, error):
            found.append(failure(ref, series, error))
    except Exception as error:  # a reader may raise anything; it costs this file only
        found.append(failure(ref, series, error))
    return found or [failure(ref, series, SmaltiError("the file holds no image"))]


_OF_FILE = attrgetter("uri", "path", "size_bytes", "mtime", "condition", "stack")


def _of_source(image: Image, ref: ImageRef) -> Image:
    """The image, with what the source says of the file; what the loader says of the series holds."""
    if _OF_FILE(image.ref) == _OF_FILE(ref):
        return image
    own = {name: getattr(image.ref, name) for name in ("series", "series_name", "loader")}
    return replace(image, ref=replace(ref, **own))


def _ended_within(found: Sequence[Found], error: SmaltiError) -> bool:
    """Whether a reader's process ended while the last image was measured; its row says so then."""
    errors = found[-1].measured.errors if found else ()
    if not errors or not errors[-1].endswith(reason(error)):
        return False
    found[-1].ended = error.status
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


def _process_image(ref: ImageRef, image: Image, batch: Batch, beat: Callable[[], None]) -> Found:
    """What is found of one image; a plane of it may still wait for others."""
    facts = file_facts(image.ref) | image_facts(image)
    try:
        return Found(ref, facts, measure_image(image, batch, beat), image.partial)
    except TooLargeError as error:
        return Found(ref, facts, said=("skipped", reason(error)))
