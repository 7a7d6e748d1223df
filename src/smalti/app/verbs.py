"""What other floors may ask of the app by name; light to import."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from smalti.core.plugin import verb

if TYPE_CHECKING:
    from smalti.processing.project import Project

__all__ = ["curate", "explore", "export_images", "mosaic"]


@verb("curate")
def curate(project: Project, step: str, out: Any, images: Any = None, **options: Any) -> Any:
    """Do a step of curation with images of a project; see `smalti.curation.api.curate`."""
    from smalti.curation.api import curate as run
    from smalti.curation.sources import Chosen

    rows = project.view.filtered if images is None else images
    return run(step, Chosen(project, rows), out, **options)


@verb("explore")
def explore(project: Project, *, port: int = 5006, address: str = "localhost", browser: bool = True) -> Any:
    """Look at a project: in a notebook, also a served one, the page as a view; elsewhere served until Ctrl-C.

    Parameters
    ----------
    project
        A processed project.
    port, address, browser
        As `smalti.app.serve.serve` takes them; not used in a notebook.
    """
    if served_by_panel():
        from smalti.app.shared import page

        return page(project).servable()  # alone: what Panel lays cells out in asks a CDN for its font
    if in_notebook():
        from smalti.app.notebook import view

        return view(project)
    from smalti.app.serve import serve

    return serve(project, port=port, address=address, browser=browser)


@verb("export_images")
def export_images(project: Project, *arguments: Any, **options: Any) -> Any:
    """Hand images on; see `smalti.export.api.export_images`."""
    from smalti.export.api import export_images as export

    return export(project, *arguments, **options)


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
    if served_by_panel():  # which would ask a CDN to draw a widget
        from smalti.app.shared import tiles

        return tiles(project, **options)
    from smalti.widgets.mosaic import Mosaic

    return Mosaic(project, **options)


def served_by_panel() -> bool:
    """Whether this runs for a visitor of ``panel serve``, as a script or a notebook does there."""
    if "panel" not in sys.modules:
        return False
    from smalti.app.loop import served

    return served()


def in_notebook() -> bool:
    """Whether this process is a Jupyter kernel."""
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return False
    shell = get_ipython()
    return shell is not None and "IPKernelApp" in shell.config
