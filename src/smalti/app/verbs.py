"""What other floors may ask of the app by name; light to import."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from smalti.core.plugin import verb

if TYPE_CHECKING:
    from smalti.app.labelling import Order
    from smalti.curation.patchset import PatchSet
    from smalti.processing.project import Project

__all__ = ["curate", "explore", "export_images", "label", "label_page", "mosaic"]


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


@verb("label")
def label(
    patches: PatchSet,
    *,
    order: Order = "uncertain",
    every: bool = False,
    who: str = "",
    seed: int = 0,
    height: int = 640,
) -> Any:
    """Patches to give flags to by keyboard, a widget for a notebook cell.

    Parameters
    ----------
    patches
        A set; decisions go to its ``flags.jsonl``.
    order
        ``"uncertain"``: first what says most about where good ends; ``"given"``: as they lie.
    every
        Whether patches that were dropped as flat or as duplicates are shown too.
    who
        Who decides; the account's name where it is empty.
    seed
        Decides between equals in the order.
    height
        In screen pixels.

    Raises
    ------
    UnknownNameError
        There is no such order.
    """
    from smalti.app.labelling import label_pane, log_of, rows_to_label, task_of

    task = task_of(patches, rows_to_label(patches, every=every), order, seed)
    if served_by_panel():
        return label_pane(task, log_of(patches), who=who, height=height)
    from smalti.widgets.label import Labeller

    return Labeller(task, log_of(patches), who=who, height=height)


@verb("label_page")
def label_page(
    patches: PatchSet, *, order: Order, every: bool, who: str, seed: int, port: int, browser: bool
) -> None:
    """Serve a page that a set of patches is labelled on, to this machine only, until Ctrl-C; see `label`."""
    from smalti.app.labelling import log_of, rows_to_label, serve_labelling, task_of

    task = task_of(patches, rows_to_label(patches, every=every), order, seed)
    serve_labelling(task, log_of(patches), who=who, port=port, browser=browser)


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
