"""Views over a project's own live state, for notebooks: all cells show and change the same."""

from typing import Any

import panel as pn

from smalti.app.content import Content
from smalti.app.page import ProjectPage
from smalti.app.session import Session
from smalti.app.views.mosaic import MosaicView
from smalti.processing.project import Project
from smalti.widgets.look import Look

__all__ = ["page", "tiles"]


def page(project: Project) -> Any:
    """The whole page."""
    return ProjectPage(_session(project)).__panel__()


def tiles(project: Project, *, height: int = 560, **look: Any) -> Any:
    """The mosaic alone, where Panel draws it."""
    view = MosaicView(_session(project), look=Look(**look), height=height)
    pn.state.onload(view.start)
    return view


def _session(project: Project) -> Session:
    return Session(Content(project, project.view.table), project.view)
