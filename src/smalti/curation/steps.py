"""Steps that make files, as functions: ``smalti.curation.standardize`` and its like."""

import os
from collections.abc import Sequence
from typing import Any

from smalti.curation.api import Sources, curate
from smalti.curation.outcome import Outcome

__all__ = ["crop", "mrc2byte", "reconstruct", "sample", "standardize", "video"]

Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


def standardize(sources: Sources, out: str | os.PathLike[str] = "", **options: Any) -> Outcome:
    """Write images as single-channel grey bytes.

    Parameters
    ----------
    sources
        Images, folders, patterns or URLs, or a project.
    out
        Folder to write to; none with ``in_place=True``.
    **options
        ``intensity, per, low, high, channel, write, in_place, workers, fresh`` and ``progress``; see
        `smalti.curation.standardizing.StandardizeOptions`.

    Raises
    ------
    UsageError
        What is asked cannot be done.

    Examples
    --------
    >>> smalti.curation.standardize("raw/", "grey/", intensity="percentile", per="group")  # doctest: +SKIP
    """
    return curate("standardize", sources, out, **options)


def video(sources: Sources, out: str | os.PathLike[str], **options: Any) -> Outcome:
    """Write films as stacks of grey frames.

    Parameters
    ----------
    sources
        Films, folders, patterns or URLs.
    out
        Folder to write to.
    **options
        ``channel, every, write, gzip, fresh`` and ``progress``; see `smalti.curation.films.VideoOptions`.

    Raises
    ------
    UsageError
        What is asked cannot be done.
    """
    return curate("video", sources, out, **options)


def mrc2byte(sources: Sources, out: str | os.PathLike[str], **options: Any) -> Outcome:
    """Write volumes as MRC of unsigned bytes.

    Parameters
    ----------
    sources
        Volumes, folders, patterns or URLs.
    out
        Folder to write to.
    **options
        ``intensity, low, high, bin, channel, fresh`` and ``progress``; see
        `smalti.curation.mrc_bytes.Mrc2byteOptions`.

    Raises
    ------
    UsageError
        What is asked cannot be done.
    """
    return curate("mrc2byte", sources, out, **options)


def crop(sources: Sources, out: str | os.PathLike[str], **options: Any) -> Outcome:
    """Cut cubes out of volumes above a size.

    Parameters
    ----------
    sources
        Volumes, folders, patterns or URLs.
    out
        Folder to write to.
    **options
        ``gigabytes, crop, channel, write, gzip, seed, fresh`` and ``progress``; see
        `smalti.curation.roi_cubes.CropOptions`.

    Raises
    ------
    UsageError
        What is asked cannot be done.
    """
    return curate("crop", sources, out, **options)


def sample(urls: Sources, out: str | os.PathLike[str], **options: Any) -> Outcome:
    """Fetch boxes of volumes elsewhere that are too large to be fetched whole.

    Parameters
    ----------
    urls
        A CSV with the column ``url``, or URLs of OME-Zarr, N5 or neuroglancer precomputed volumes.
    out
        Folder to write to.
    **options
        ``gigabytes, total, crop, level, max_padding, intensity, low, high, channel, write, gzip, seed,
        retries, workers, fresh`` and ``progress``; see `smalti.curation.sampling.sample.SampleOptions`.

    Raises
    ------
    UsageError
        What is asked cannot be done.
    MissingExtraError
        tensorstore is not installed.

    Examples
    --------
    >>> smalti.curation.sample("https://server/brain.ome.zarr", "cubes/", gigabytes=1)  # doctest: +SKIP
    """
    return curate("sample", urls, out, **options)


def reconstruct(patches: Sources, volumes: Paths, out: str | os.PathLike[str], **options: Any) -> Outcome:
    """Write what lies around patches in their volumes.

    Parameters
    ----------
    patches
        Sets of patches, files of patches or folders of them, or names.
    volumes
        Volumes, or folders or patterns of them.
    out
        Folder to write to.
    **options
        ``nz, edge, shape, overlap, write, gzip, fresh`` and ``progress``; see
        `smalti.curation.reconstructing.ReconstructOptions`.

    Raises
    ------
    UsageError
        What is asked cannot be done.

    Examples
    --------
    >>> smalti.curation.reconstruct("patches/", "volumes/", "around/", nz=7)  # doctest: +SKIP
    """
    given: Sequence[str | os.PathLike[str]] = [volumes] if isinstance(volumes, str | os.PathLike) else volumes
    return curate("reconstruct", patches, out, volumes=tuple(map(os.fspath, given)), **options)
