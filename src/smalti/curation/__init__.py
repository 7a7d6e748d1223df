"""Images and volumes to clean, traceable patches and back; every step says what became of each item."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from smalti.curation.api import curate, dedupe, open_patches, patch2d, patch3d
    from smalti.curation.learning.api import features, filter, train_filter
    from smalti.curation.outcome import Outcome
    from smalti.curation.patchset import PatchSet
    from smalti.curation.steps import crop, mrc2byte, reconstruct, sample, standardize, video

__all__ = [
    "Outcome",
    "PatchSet",
    "crop",
    "curate",
    "dedupe",
    "features",
    "filter",
    "mrc2byte",
    "open_patches",
    "patch2d",
    "patch3d",
    "reconstruct",
    "sample",
    "standardize",
    "train_filter",
    "video",
]

_HOMES = {
    "Outcome": "outcome",
    "PatchSet": "patchset",
    **dict.fromkeys(("features", "filter", "train_filter"), "learning.api"),
    **dict.fromkeys(("crop", "mrc2byte", "reconstruct", "sample", "standardize", "video"), "steps"),
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'smalti.curation' has no attribute {name!r}")
    return getattr(import_module(f"smalti.curation.{_HOMES.get(name, 'api')}"), name)
