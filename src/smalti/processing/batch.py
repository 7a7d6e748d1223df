"""The one function that every engine runs: a batch of references to frames of the QC table."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

import polars as pl

from smalti.core.columns import Column
from smalti.core.errors import TooLargeError
from smalti.core.image import Image, ImageRef
from smalti.core.plugin import plugins
from smalti.loaders.choose import open_images
from smalti.processing.budget import Budget
from smalti.processing.measure import Measured, frame, measure_image, reason
from smalti.processing.metric_set import MetricSet
from smalti.processing.settings import Settings
from smalti.table.rollup import rollup
from smalti.table.schema import HISTOGRAM_COLUMNS, IMAGE_COLUMNS, PLANE_KEYS, THUMBNAIL_COLUMNS, size_readable

__all__ = ["Begin", "Tables", "columns_of", "failed_rows", "process_batch"]

Tables = dict[str, pl.DataFrame]
"""Frames by table name: images, planes, histograms, thumbnails."""

Begin = Callable[[int], None]
"""Called with a reference's place in the batch when it begins, and again after each plane."""

_PROMOTED = frozenset(
    (
        "objective_magnification",
        "objective_na",
        "exposure_s",
        "instrument",
        "software",
        "significant_bits",
        "compression",
        "format",
    )
)
MAX_ERROR = 1000


def columns_of(metrics: MetricSet) -> dict[str, tuple[Column, ...]]:
    """The columns of each table of a run."""
    loaded = tuple(column for loader in plugins("loader").values() for column in loader.columns)
    of_images = (*IMAGE_COLUMNS, *loaded, *metrics.image_columns, *metrics.plane_columns)
    return {
        "images": of_images,
        "planes": (*PLANE_KEYS, *metrics.plane_columns),
        "histograms": HISTOGRAM_COLUMNS,
        "thumbnails": THUMBNAIL_COLUMNS,
    }


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
    rows: list[dict[str, Any]] = []
    parts: list[Measured] = []
    for number, ref in enumerate(refs):
        begin(number)
        for row, measured in process_file(ref, settings, metrics, budget, partial(begin, number)):
            row["metric_set"] = metrics.version
            rows.append(row)
            parts.append(measured)
    return _tables(rows, parts, metrics)


def failed_rows(refs: Sequence[ImageRef], status: str, error: str, metrics: MetricSet) -> Tables:
    """Rows for files that took their process down or never came back."""
    rows = [
        file_facts(ref) | {"status": status, "error": error, "metric_set": metrics.version} for ref in refs
    ]
    return _tables(rows, [Measured() for _ in refs], metrics)


def process_file(
    ref: ImageRef, settings: Settings, metrics: MetricSet, budget: Budget, beat: Callable[[], None]
) -> list[tuple[dict[str, Any], Measured]]:
    """One row with what was measured per series; one that says why when the file cannot be read."""
    if settings.loader == "none":
        return [(file_facts(ref) | {"status": "ok"}, Measured())]
    found: list[tuple[dict[str, Any], Measured]] = []
    try:
        with open_images(ref, settings.plane_limit, settings.loader) as images:
            for image in images:
                found.append(process_image(image, settings, metrics, budget, beat))
                beat()
    except MemoryError:
        found.append(_failure(ref, len(found), "unreadable", "not enough memory to open it"))
    except TooLargeError as error:
        found.append(_failure(ref, len(found), "skipped", reason(error)))
    except Exception as error:  # a reader may raise anything; it costs this file only
        found.append(_failure(ref, len(found), "unreadable", reason(error)))
    return found or [_failure(ref, 0, "unreadable", "the file holds no image")]


def process_image(
    image: Image, settings: Settings, metrics: MetricSet, budget: Budget, beat: Callable[[], None]
) -> tuple[dict[str, Any], Measured]:
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
    if measured.errors and not measured.planes:
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


def file_facts(ref: ImageRef) -> dict[str, Any]:
    """What is known of a file without opening it."""
    path = PurePosixPath(ref.path)
    return {
        "image_id": ref.image_id,
        "path": ref.path,
        "uri": ref.uri.encode("utf-8", "replace").decode(),
        "name": path.name,
        "stem": path.stem,
        "file_extension": path.suffix.lower().removeprefix("."),
        "parent": str(path.parent) if path.parent.name else "",
        "depth": len(path.parts) - 1,
        "series": ref.series,
        "series_name": ref.series_name,
        "condition": ref.condition,
        "reader": ref.loader,
        "size_bytes": ref.size_bytes,
        "size_readable": size_readable(ref.size_bytes),
        "modified": modified_at(ref.mtime),
    }


def modified_at(mtime: float) -> datetime:
    """A file's time of change, UTC without a zone, to the microsecond."""
    return datetime.fromtimestamp(mtime, UTC).replace(tzinfo=None)


def image_facts(image: Image) -> dict[str, Any]:
    """What a loader says of an image, as columns; unknown stays absent."""
    counted = "TCZYX" + "S" * ("S" in image.axes) if image.axes else ""  # an absent axis has length 1
    sizes = {f"size_{axis.lower()}": image.sizes[axis] for axis in counted}
    pixel = {f"pixel_size_{axis.lower()}_um": image.pixel_size_um.get(axis) for axis in "XYZ"}
    rest = {key: value for key, value in image.metadata.items() if key not in _PROMOTED}
    return {
        "axes": image.axes or None,
        "dtype": None if image.dtype is None else image.dtype.newbyteorder("=").name,
        "channel_names": list(image.channel_names) if image.channel_names else None,
        "time_interval_s": image.time_interval_s,
        "acquired_at": None if image.acquired_at is None else image.acquired_at.replace(tzinfo=None),
        "n_planes": image.n_planes,
        "metadata": json.dumps(rest, default=str, ensure_ascii=False) if rest else None,
        **sizes,
        **pixel,
        **image.metadata,
    }


def _failure(ref: ImageRef, series: int, status: str, error: str) -> tuple[dict[str, Any], Measured]:
    facts = file_facts(ref) | {"series": series, "status": status, "error": error[:MAX_ERROR]}
    if series:
        facts["image_id"] = ImageRef(ref.uri, ref.path, series=series).image_id
    return facts, Measured()


def _tables(rows: list[dict[str, Any]], parts: list[Measured], metrics: MetricSet) -> Tables:
    columns = columns_of(metrics)
    planes = frame([row for part in parts for row in part.planes], columns["planes"])
    given = columns["images"][: len(columns["images"]) - len(metrics.plane_columns)]
    images = frame([[row.get(column.name) for column in given] for row in rows], given)
    if metrics.plane_columns:
        images = images.join(_rolled_up(planes, metrics), on="image_id", how="left", maintain_order="left")
    return {
        "images": images,
        "planes": planes,
        "histograms": frame([row for part in parts for row in part.histograms], HISTOGRAM_COLUMNS),
        "thumbnails": frame([row for part in parts for row in part.thumbnails], THUMBNAIL_COLUMNS),
    }
