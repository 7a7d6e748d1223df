"""``smalti.write_shards``: recordings, a project or frames in memory into training shards."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from smalti.core.errors import UsageError
from smalti.core.options import read_options
from smalti.core.progress import Progress, RichProgress
from smalti.core.remote import is_url
from smalti.export.api import Sources, chosen
from smalti.export.shards.config import Config, read_config
from smalti.export.shards.memory import Frames, given, write_frames
from smalti.export.shards.options import ShardOptions
from smalti.export.shards.synthetic import known_recordings
from smalti.export.shards.write import shards
from smalti.writers.target import full_place

__all__ = ["asked_of", "write_shards"]


def write_shards(
    sources: Sources = None,
    output_dir: str | os.PathLike[str] = "",
    *,
    images: Frames | Mapping[str, Frames] | None = None,
    image_metadata: Any = None,
    synthetic: bool = False,
    config: str | os.PathLike[str] | None = None,
    metadata: str | os.PathLike[str] | None = None,
    recursive: bool = False,
    progress: Progress | None = None,
    **options: Any,
) -> Path | str:
    """Write every frame as a sample of WebDataset tar files, with its metadata and an index.

    Parameters
    ----------
    sources
        Folders, files, patterns or URLs of recordings; or a project, whose filter chooses the images.
    output_dir
        The folder of the tar files; may be a URL. Its name is the stem of theirs.
    images, image_metadata
        Frames in memory instead, (frames, height, width), or such by name of recording; and a row for each.
    synthetic
        Write a small set of known frames instead; see `smalti.export.shards.synthetic`.
    config
        A YAML file; see `smalti.export.shards.config.read_config`. What is given here comes before it.
    metadata, recursive
        A table joined by file name, and whether sub-folders are looked into; as for `smalti.convert`.
    progress
        Told how far it is; None shows bars.
    **options
        See `smalti.export.shards.options.ShardOptions`.

    Returns
    -------
    Path
        Of the folder, or its URL; what failed stands in its ``dataset.yaml``.

    Raises
    ------
    UsageError
        What is asked cannot be done; nothing is written then.

    Examples
    --------
    >>> folder = smalti.write_shards("recordings/**/*.ome.tif", "train/")  # doctest: +SKIP
    >>> smalti.export.shards.read_sample(folder, 0).pixels  # doctest: +SKIP
    """
    told = Config() if config is None else read_config(os.fspath(config))
    out = os.fspath(output_dir) or told.out
    asked = asked_of(told, options)
    inputs = told.inputs if sources is None and images is None and not synthetic else sources
    if sum((inputs is not None and inputs != (), images is not None, synthetic)) != 1:
        raise UsageError(
            "frames come from files, from memory or are made up; give sources, images or synthetic"
        )
    if not out:
        raise UsageError("output_dir is empty; give the folder to write, such as train")
    shown = RichProgress() if progress is None else progress
    if inputs:
        report = shards(chosen(inputs, recursive, metadata), out, asked, shown)
    else:
        recordings = known_recordings() if images is None else given(images, image_metadata)
        report = write_frames(recordings, out, asked, shown)
    if isinstance(shown, RichProgress) and (report.failed or report.problems or report.plan):
        shown.say(report.tell())  # else a notebook would not tell what failed
    where = full_place(out)
    return where if is_url(where) else Path(where)


def asked_of(config: Config, given: Mapping[str, Any]) -> ShardOptions:
    """The record of what a file and a call ask for together."""
    return read_options(ShardOptions, config.with_given(given))
