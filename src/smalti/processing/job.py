"""What worker processes do with batches of files: measuring, or the work of a floor above."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import polars as pl

from smalti.core.image import ImageRef
from smalti.processing.budget import Budget
from smalti.processing.settings import Settings

__all__ = ["Begin", "Failed", "Job", "Tables", "Work", "at_home", "begin_job"]

Tables = dict[str, pl.DataFrame]
"""Frames by name; of measuring: images, planes, histograms, thumbnails."""

Begin = Callable[[int], None]
"""Called with a reference's place in the batch when it begins, and again while work on it goes on."""

Work = Callable[[Sequence[ImageRef], Mapping[str, Any], Begin], Tables]
"""What is done with a batch, as its order says; a bad file becomes a row that says why."""

Failed = Callable[[Sequence[ImageRef], str, str], Tables]
"""Rows for files that took their process down or never came back, by status and error."""


@dataclass(frozen=True, slots=True)
class Job:
    """Work as the driver knows it.

    Parameters
    ----------
    home
        ``"module:function"`` of a function ``(settings, budget) -> Work``; called once in each process, it
        brings the libraries.
    failed
        Makes rows for what the work itself could not tell of.
    """

    home: str
    failed: Failed


def begin_job(home: str, settings: Settings, budget: Budget) -> Work:
    """The work of a `Job`, in the process that is to do it."""
    work: Work = at_home(home)(settings, budget)
    return work


def at_home(home: str) -> Callable[..., Any]:
    """The function that ``"module:function"`` names."""
    module, _, function = home.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), function)
    return found
