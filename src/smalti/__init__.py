"""Look at, judge, clean and hand on a pile of scientific images.

Everything is imported on first use: ``import smalti`` costs milliseconds.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from smalti import curation as curation
    from smalti.core.columns import Column
    from smalti.core.errors import SmaltiError
    from smalti.core.image import Image, ImageRef
    from smalti.core.logs import configure_logging
    from smalti.core.plugin import loader, metric
    from smalti.curation.api import curate, dedupe, open_patches, patch2d, patch3d
    from smalti.curation.patchset import PatchSet
    from smalti.export.api import convert
    from smalti.export.inspecting import inspect
    from smalti.export.pyramid.api import to_multiscale, write_pyramid
    from smalti.export.samples import display_sample_images
    from smalti.export.shards.api import write_shards
    from smalti.export.verifying import verify
    from smalti.processing.project import Project, open, process

__version__ = "0.1.0"

__all__ = [
    "Column",
    "Image",
    "ImageRef",
    "PatchSet",
    "Project",
    "SmaltiError",
    "configure_logging",
    "convert",
    "curate",
    "dedupe",
    "display_sample_images",
    "inspect",
    "loader",
    "metric",
    "open",
    "open_patches",
    "patch2d",
    "patch3d",
    "process",
    "to_multiscale",
    "verify",
    "write_pyramid",
    "write_shards",
]

_PACKAGES = ("curation",)
"""Found without an import of their own: ``smalti.curation.standardize(…)``."""

_HOMES = {
    "Column": "smalti.core.columns",
    "Image": "smalti.core.image",
    "ImageRef": "smalti.core.image",
    "PatchSet": "smalti.curation.patchset",
    "Project": "smalti.processing.project",
    "SmaltiError": "smalti.core.errors",
    "configure_logging": "smalti.core.logs",
    "convert": "smalti.export.api",
    "curate": "smalti.curation.api",
    "dedupe": "smalti.curation.api",
    "display_sample_images": "smalti.export.samples",
    "inspect": "smalti.export.inspecting",
    "loader": "smalti.core.plugin",
    "metric": "smalti.core.plugin",
    "open": "smalti.processing.project",
    "open_patches": "smalti.curation.api",
    "patch2d": "smalti.curation.api",
    "patch3d": "smalti.curation.api",
    "process": "smalti.processing.project",
    "to_multiscale": "smalti.export.pyramid.api",
    "verify": "smalti.export.verifying",
    "write_pyramid": "smalti.export.pyramid.api",
    "write_shards": "smalti.export.shards.api",
}


def __getattr__(name: str) -> Any:
    if name in _PACKAGES:
        return import_module(f"smalti.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'smalti' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES, *_PACKAGES])
