"""The page in a notebook cell: no request to any host, and one copy of its script where Panel sends 22."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import holoviews as hv
import panel as pn
from bokeh.core.serialization import Serializer
from panel.models.esm import ReactComponent

from smalti.app import shared
from smalti.app.herald import Herald
from smalti.core.home import at_home
from smalti.processing.project import Project

__all__ = ["view"]


def view(project: Project) -> Any:
    """The page as the value of a cell."""
    hv.extension("bokeh", inline=True, logo=False)  # first, or Panel's own resources are asked of a CDN
    pn.extension(inline=True)
    page = shared.page(project)
    page._hooks.append(_share_script)  # where Panel lets a model be seen before it is sent
    page._render_mimebundle = partial(_rendered, page, page._render_mimebundle)
    return page


def _rendered(page: Any, render: Callable[..., Any], model: Any, document: Any, comm: Any, *more: Any) -> Any:
    """Send the page, keep changes until the browser has drawn it, and hear the browser on this thread."""
    next(iter(page.select(Herald))).hold(comm)
    sent = render(model, document, comm, *more)
    bring_home = at_home()
    _, browser = page._comms[model.ref["id"]]
    for name in ("_handle_msg", "_on_open"):
        setattr(browser, name, partial(_brought, bring_home, getattr(browser, name)))
    return sent


def _brought(bring_home: Callable[..., None], handle: Callable[[Any], Any], message: Any) -> None:
    bring_home(partial(handle, message))


def _share_script(page: Any, root: Any, changed: Any, _old: Any) -> None:
    """Leave the script of all Material widgets with the widget that the browser makes first: 3 MB, not 34.

    The browser compiles it for that one and never looks at the others' copy. A model is made when its
    attributes are, children before parents; the root keeps its copy too, should that order ever turn.
    """
    if changed is not page:
        return
    widgets = {model.id: model for model in root.select({"type": ReactComponent})}
    script = root.esm
    for model in widgets.values():
        model.esm = ""
    first = next(key for key in _in_order_made(Serializer().serialize(root).content) if key in widgets)
    root.esm = widgets[first].esm = script


def _in_order_made(node: Any) -> Iterator[str]:
    """Ids of the models in what is sent to the browser, children before parents."""
    if isinstance(node, dict):
        for part in node.values():
            yield from _in_order_made(part)
        if "name" in node and "id" in node:
            yield node["id"]
    elif isinstance(node, list | tuple):
        for part in node:
            yield from _in_order_made(part)
