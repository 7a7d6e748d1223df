"""``smalti.convert``: folders, a project or arrays into a Zarr collection."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from smalti.core.errors import UsageError
from smalti.core.options import read_options
from smalti.core.plugin import find
from smalti.core.progress import Progress, RichProgress
from smalti.core.remote import is_url
from smalti.export.arrays import Images, Metadata, convert_arrays
from smalti.export.convert import convert as convert_files
from smalti.export.convert import store_path
from smalti.export.images import Chosen, of_folders, of_project
from smalti.export.report import Report
from smalti.export.settings import ConvertOptions
from smalti.processing.project import Project
from smalti.writers.target import full_place

__all__ = ["chosen", "convert", "export_images"]

Sources = str | os.PathLike[str] | Project | Sequence[str | os.PathLike[str]] | None


def convert(
    folders: Sources = None,
    output_dir: str | os.PathLike[str] = "",
    *,
    images: Images | None = None,
    image_metadata: Metadata = None,
    metadata: str | os.PathLike[str] | None = None,
    recursive: bool = False,
    num_parallel_workers: int = 0,
    fits_extension: int | str | Sequence[int | str] | None = None,
    resize: tuple[int, int] | None = None,
    interpolation_order: int = 1,
    chunk_shape: tuple[int, ...] | None = None,
    compressor: str = "blosc-zstd",
    clevel: int | None = None,
    overwrite: bool = False,
    append: bool = False,
    progress: Progress | None = None,
    **options: Any,
) -> Path | str:
    """Write images into one sharded Zarr array, with a table of where each came from.

    Parameters
    ----------
    folders
        Folders, files, patterns or URLs; or a project, whose filter chooses the images.
    output_dir
        The store when it ends in ``.zarr``, else the folder in which ``images.zarr`` is made; may be a URL.
    images, image_metadata
        Arrays instead of folders, and a row for each; see `smalti.export.arrays.convert_arrays`.
    metadata
        CSV, TSV or Parquet table with a column ``filename``: paths, or names that only one image has.
    recursive
        Whether sub-folders are looked into.
    num_parallel_workers
        Processes that read and threads that pack; 0 for all cores.
    fits_extension
        HDU of FITS files, or several that become channels.
    resize, interpolation_order, chunk_shape, compressor, clevel, overwrite, append
        See `smalti.export.settings.ConvertOptions`, as for ``dtype, planes, axes, shapes, shard_images,
        on_error`` among the options.
    progress
        Told how far it is; None shows bars in the terminal or notebook.

    Returns
    -------
    Path
        Of the store, or its URL; images that failed are rows with an ``error`` in its table.

    Raises
    ------
    UsageError
        What is asked cannot be done; nothing is written then.

    Examples
    --------
    >>> store = smalti.convert("plates/", "plates.zarr", recursive=True, resize=(512, 512))  # doctest: +SKIP
    >>> zarr.open_array(store / "images")[0]  # doctest: +SKIP
    """
    given = {
        "resize": resize,
        "interpolation_order": interpolation_order,
        "chunk_shape": chunk_shape,
        "compressor": compressor,
        "clevel": clevel,
        "overwrite": overwrite,
        "append": append,
        "workers": num_parallel_workers,
        "fits_ext": _listed(fits_extension),
    }
    if not os.fspath(output_dir):
        raise UsageError("output_dir is empty; give the store to write, such as images.zarr")
    out = os.fspath(output_dir)
    asked = read_options(ConvertOptions, given | options)
    if images is not None and (folders is not None or metadata is not None):
        raise UsageError("images come from folders or from memory; give folders and metadata, or images")
    shown = RichProgress() if progress is None else progress
    if images is None:
        report = convert_files(chosen(folders, recursive, metadata), out, asked, shown)
    else:
        report = convert_arrays(images, image_metadata, out, asked, shown)
    if isinstance(shown, RichProgress) and (report.failed or report.problems or report.plan):
        shown.say(report.tell())  # else a notebook would not tell what failed
    where = full_place(store_path(out))
    return where if is_url(where) else Path(where)


def export_images(
    project: Project,
    exporter: str,
    out: str | os.PathLike[str],
    images: pl.DataFrame | None = None,
    *,
    progress: Progress | None = None,
    **options: Any,
) -> Report:
    """Hand images of a project on by one of the installed exporters.

    Parameters
    ----------
    project
        A processed project.
    exporter
        Its name: ``"convert"``.
    out
        What to write.
    images
        Rows of the images table; None for those that the filter of `Project.view` leaves.
    progress
        Told how far it is; None shows bars.
    **options
        As the exporter's record of options has them.
    """
    plugin = find("exporter", exporter)
    asked = read_options(plugin.options["options"], options)
    shown = RichProgress() if progress is None else progress
    report: Report = plugin.function(of_project(project, images), os.fspath(out), asked, shown)
    return report


def chosen(
    sources: Sources, recursive: bool = False, metadata: str | os.PathLike[str] | None = None
) -> Chosen:
    """Images of folders or of a project, with a table beside them."""
    if isinstance(sources, Project):
        found = of_project(sources)
    elif isinstance(sources, str | os.PathLike):
        found = of_folders([os.fspath(sources)], recursive=recursive)
    else:
        found = of_folders([os.fspath(folder) for folder in sources or ()], recursive=recursive)
    return found.with_metadata(None if metadata is None else os.fspath(metadata))


def _listed(fits_extension: int | str | Sequence[int | str] | None) -> tuple[str, ...]:
    if fits_extension is None:
        return ()
    single = isinstance(fits_extension, int | str)
    return (str(fits_extension),) if single else tuple(map(str, fits_extension))  # type: ignore[arg-type]
