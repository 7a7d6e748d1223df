"""Curation for notebooks and scripts: steps as functions that give the set of patches they made."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from smalti.core.errors import SmaltiError
from smalti.core.options import read_options
from smalti.core.plugin import find
from smalti.core.progress import Progress, RichProgress
from smalti.curation.outcome import Outcome
from smalti.curation.patchset import PatchSet
from smalti.curation.sources import Chosen, Given
from smalti.processing.project import Project

__all__ = ["Sources", "curate", "dedupe", "made_set", "open_patches", "patch2d", "patch3d"]

Source = str | os.PathLike[str] | Chosen | Project
Sources = Source | Sequence[Source]


def curate(
    step: str,
    sources: Sources,
    out: str | os.PathLike[str] = "",
    *,
    progress: Progress | None = None,
    **options: Any,
) -> Outcome:
    """Do one of the installed steps of curation.

    Parameters
    ----------
    step
        Its name: ``"patch3d"``; see ``smalti curate --help``.
    sources
        Images, volumes, folders, patterns, URLs or sets of patches; or a project, whose filter chooses.
    out
        Folder to write to.
    progress
        Told how far it is; None shows bars.
    **options
        As the step's record of options has them, with underscores.

    Returns
    -------
    Outcome
        What became of each item.

    Raises
    ------
    UsageError
        What is asked cannot be done.
    """
    plugin = find("step", step)
    asked = read_options(plugin.options["options"], options)
    shown = RichProgress() if progress is None else progress
    given = [sources] if isinstance(sources, str | os.PathLike | Chosen | Project) else sources
    try:
        outcome: Outcome = plugin.function([*map(_given, given)], os.fspath(out), asked, shown)
    finally:
        shown.close()
    if isinstance(shown, RichProgress) and (outcome.failed or outcome.skipped or outcome.notes):
        shown.say(outcome.tell())  # else a notebook would not tell what failed
    return outcome


def _given(source: Source) -> Given:
    if isinstance(source, Project):
        return Chosen(source, source.view.filtered)
    return source if isinstance(source, Chosen) else os.fspath(source)


def patch2d(sources: Sources, out: str | os.PathLike[str], **options: Any) -> PatchSet:
    """Cut images to patches.

    Parameters
    ----------
    sources
        Images, folders, patterns or URLs, or a project.
    out
        Folder of the set.
    **options
        ``crop_size, overlap, edge, min_size, intensity, channel, dedupe, write, workers, fresh``, those of
        near-duplicates, and ``progress``; see `smalti.curation.cut_images.Patch2dOptions`.

    Raises
    ------
    UsageError
        What is asked cannot be done.
    SmaltiError
        Nothing could be cut.

    Examples
    --------
    >>> patches = smalti.patch2d("images/", "patches/", crop_size=256)  # doctest: +SKIP
    """
    return made_set(curate("patch2d", sources, out, **options))


def patch3d(sources: Sources, out: str | os.PathLike[str], **options: Any) -> PatchSet:
    """Cut slices of volumes to patches, and leave near-duplicates out.

    Parameters
    ----------
    sources
        Volumes, folders, patterns or URLs, or a project.
    out
        Folder of the set.
    **options
        ``axes, spacing, crop_size, edge, min_size, anisotropy, voxel_size, intensity, channel, dedupe, write,
        memory, workers, fresh``, those of near-duplicates, and ``progress``; see
        `smalti.curation.cut_volumes.Patch3dOptions`.

    Raises
    ------
    UsageError
        What is asked cannot be done.
    SmaltiError
        Nothing could be cut.

    Examples
    --------
    >>> patches = smalti.patch3d("volumes/", "patches/", spacing=2)  # doctest: +SKIP
    >>> patches.mosaic()  # doctest: +SKIP
    """
    return made_set(curate("patch3d", sources, out, **options))


def dedupe(sources: Sources, out: str | os.PathLike[str] = "", **options: Any) -> PatchSet:
    """Look for near-duplicates in a set of patches, among images, or in old ``.pkl`` files.

    Parameters
    ----------
    sources
        A set of patches, whose manifest is written anew unless there is `out`; or images; or ``.pkl`` files.
    out
        Folder of a new set.
    **options
        ``distance, order, seed, scope, keep_flat, flat, exact, bits, compatible, write, workers, fresh`` and
        ``progress``; see `smalti.curation.deduping.DedupeOptions`.

    Raises
    ------
    UsageError
        What is asked cannot be done.

    Examples
    --------
    >>> patches = smalti.dedupe("patches/", distance=8)  # doctest: +SKIP
    >>> patches.clusters()  # doctest: +SKIP
    """
    return made_set(curate("dedupe", sources, out, **options))


def open_patches(path: str | os.PathLike[str]) -> PatchSet:
    """The set of patches in a folder.

    Raises
    ------
    UsageError
        There is none.
    """
    return PatchSet.open(Path(path))


def made_set(outcome: Outcome) -> PatchSet:
    """The set of patches that a step made.

    Raises
    ------
    SmaltiError
        It made nothing of anything.
    """
    if outcome.items and outcome.failed == len(outcome.items):
        first = outcome.items[0]
        raise SmaltiError(f"none of {outcome.failed:,} could be done; {first.path}: {first.why}")
    return PatchSet.open(outcome.out)
