"""What other floors may ask of the widgets by name; light to import."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smalti.core.plugin import verb

if TYPE_CHECKING:
    from smalti.processing.project import Project

__all__ = ["mosaic"]


@verb("mosaic")
def mosaic(project: Project, **options: Any) -> Any:
    """All images as tiles, a widget for a notebook cell.

    Parameters
    ----------
    project
        A processed project.
    **options
        As `smalti.widgets.mosaic.Mosaic` takes them.
    """
    from smalti.widgets.mosaic import Mosaic

    return Mosaic(project, **options)
