"""``smalti.to_multiscale`` and ``smalti.write_pyramid``."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from smalti.core.errors import SmaltiError, UnknownNameError, UsageError
from smalti.core.options import read_options
from smalti.core.progress import Progress, RichProgress
from smalti.core.remote import is_url
from smalti.export.api import chosen
from smalti.export.images import Chosen
from smalti.export.pyramid.arrays import Numbers, Units, source_of
from smalti.export.pyramid.export import write_chosen
from smalti.export.pyramid.factors import Factors
from smalti.export.pyramid.from_tree import is_tree, write_tree
from smalti.export.pyramid.ngff import Ngff
from smalti.export.pyramid.options import Method, PyramidOptions
from smalti.export.pyramid.tree import tree_of
from smalti.export.pyramid.writing import How, writer
from smalti.processing.project import Project

if TYPE_CHECKING:
    import xarray

__all__ = ["to_multiscale", "write_pyramid"]

_ALIASES = {
    "XARRAY_COARSEN": "mean",
    "ITK_BIN_SHRINK": "mean",
    "ITK_GAUSSIAN": "gaussian",
    "DASK_IMAGE_GAUSSIAN": "gaussian",
    "DASK_IMAGE_MODE": "mode",
    "DASK_IMAGE_NEAREST": "nearest",
}


def to_multiscale(
    image: Any,
    scale_factors: Factors | int | None = None,
    method: str = "mean",
    axes: Sequence[str] | None = None,
    scale: Numbers = None,
    translation: Numbers = None,
    units: Units = None,
    name: str = "image",
    chunks: tuple[int, ...] | None = None,
) -> "xarray.DataTree":
    """Coarser versions of an image as a tree of xarray, none of which is computed yet.

    Parameters
    ----------
    image
        Any array (NumPy, dask, zarr, xarray), an image of a loader, or one of ITK or SimpleITK.
    scale_factors
        By how much each level is smaller than the one before it: ``[2, 4]`` takes 128 to 64 to 16. A number
        is for z, y and x, a mapping for each by name. None halves y and x until the shorter is below 256
        pixels, and z where voxels are as large along y and x.
    method
        ``mean``, ``gaussian``, ``max``, ``median``; ``mode`` or ``nearest`` for labels, which make no new
        ones. Means of integers are rounded half to even, NaN do not count. Older names are taken as well:
        ``XARRAY_COARSEN`` and ``ITK_BIN_SHRINK`` (means; those leave odd rows out, and cut fractions off or
        round halves up), ``ITK_GAUSSIAN`` and ``DASK_IMAGE_GAUSSIAN`` (at borders only pixels that there are
        count here), ``DASK_IMAGE_MODE`` and ``DASK_IMAGE_NEAREST``.
    axes
        A letter out of ``tczyx`` for each axis, in any order; None takes the last ones as y and x.
    scale, translation, units
        Distances of pixels, place of the centre of the first, and the unit of both, by the name of an axis,
        or one for each. What the image says of itself is overridden.
    name
        Of the variable in each node.
    chunks
        Of dask, for each axis.

    Returns
    -------
    xarray.DataTree
        Nodes ``scale0``, ``scale1``, … Coordinates are those of the centres of pixels: the first one is
        ``translation + (s - 1) / 2 * scale`` for pixels s times as large.

    Raises
    ------
    UsageError
        What is said does not fit the image.
    MissingExtraError
        xarray or dask is not installed.

    Examples
    --------
    >>> tree = smalti.to_multiscale(pixels, [2, 2], scale={"y": 0.5, "x": 0.5}, units="µm")  # doctest: +SKIP
    >>> smalti.write_pyramid(tree, "cells.ome.zarr")  # doctest: +SKIP
    """
    source = source_of(image, axes, scale, translation, units, name)
    return tree_of(source, How(_method(method), factors=scale_factors, chunks=chunks))


def write_pyramid(
    image: Any,
    store: str | os.PathLike[str],
    ngff: Ngff = "0.5",
    *,
    scale_factors: Factors | int | None = None,
    method: str = "mean",
    axes: Sequence[str] | None = None,
    scale: Numbers = None,
    translation: Numbers = None,
    units: Units = None,
    name: str | None = None,
    labels: Mapping[str, Any] | None = None,
    metadata: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> Path | str:
    """Write an image as OME-Zarr at several resolutions, in one pass and little memory.

    The store is there as a whole or not at all. A file a run of `smalti pyramid` can read, a project, whose
    filter chooses the images, or several files are taken as well; images that fail are left out and said.

    Parameters
    ----------
    image
        As for `to_multiscale`, a tree of it, or paths of files, or a project.
    store
        Path or URL ending in ``.zarr``.
    ngff
        Version of OME-Zarr: ``"0.5"`` (Zarr 3, in shards) or ``"0.4"`` (Zarr 2, a file a chunk).
    scale_factors, method, axes, scale, translation, units, name
        See `to_multiscale`; a tree has its own, and takes a name only.
    labels
        Images of whole numbers by name, of the same height and width.
    metadata
        Table with a column ``filename``, for files and projects; its columns ``plate`` and ``well`` make a
        plate, as those of a project do.
    progress
        Told how far it is; None shows a bar for files.
    **options
        See `smalti.export.pyramid.options.PyramidOptions`: ``label_method, chunks, compressor, clevel,
        workers, memory, overwrite``.

    Returns
    -------
    Path
        Of the store, or its URL.

    Raises
    ------
    UsageError
        There is something in its place, or what is said does not fit. Nothing is written then.
    SmaltiError
        The image cannot be read.
    """
    out = os.fspath(store)
    asked = read_options(PyramidOptions, options | {"ngff": ngff, "method": _method(method)})
    if _is_named(image):
        _write_named(chosen(image, metadata=metadata), out, asked, scale_factors, progress)
        return out if is_url(out) else Path(out)
    how = How(
        asked.method,
        asked.label_method,
        scale_factors,
        asked.ngff,
        asked.chunks,
        asked.compressor,
        asked.clevel,
    )
    named = {key: source_of(value, name=key) for key, value in (labels or {}).items()}
    source = None
    if not is_tree(image):
        source = source_of(image, axes, scale, translation, units, name)
    elif (scale_factors, axes, scale, translation, units, asked.method) != (*[None] * 5, "mean"):
        raise UsageError(
            "a tree has levels, axes and coordinates of its own; change these, or give its image"
        )
    with writer(out, how, asked.overwrite, asked.workers) as made:
        if source is None:
            write_tree(made, image, name, named)
        else:
            made.image("", source, named)
        made.staged.commit()
    return out if is_url(out) else Path(out)


def _method(name: str) -> Method:
    known = get_args(Method)
    found = _ALIASES.get(name.upper(), name)
    if found not in known:
        raise UnknownNameError("method", name, [*known, *_ALIASES])
    method: Method = found  # type: ignore[assignment]  # it is one of them
    return method


def _is_named(image: Any) -> bool:
    """Whether images are given by their files."""
    several = isinstance(image, list | tuple) and all(isinstance(one, str | os.PathLike) for one in image)
    return several or isinstance(image, str | os.PathLike | Project)


def _write_named(
    images: Chosen,
    out: str,
    asked: PyramidOptions,
    factors: Factors | int | None,
    progress: Progress | None,
) -> None:
    shown = RichProgress() if progress is None else progress
    report = write_chosen(images, out, asked, shown, factors)
    if not report.written:
        raise SmaltiError("; ".join(f"{path}: {reason}" for path, reason in report.errors))
    if isinstance(shown, RichProgress) and (report.failed or report.problems):
        shown.say(report.tell())
