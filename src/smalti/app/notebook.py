"""The page in a notebook cell: no request to any host, and one copy of its script where Panel sends 22."""

import asyncio
from collections.abc import Iterator
from typing import Any

import holoviews as hv
import panel as pn
from bokeh.core.serialization import Serializer
from panel.models.esm import ReactComponent

from smalti.app import shared
from smalti.processing.project import Project

__all__ = ["view"]


def view(project: Project) -> Any:
    """The page as the value of a cell."""
    hv.extension("bokeh", inline=True, logo=False)  # first, or Panel's own resources are asked of a CDN
    pn.extension(inline=True)
    page = shared.page(project)
    page._hooks += [_share_script, _hold_back]  # where Panel lets a model be seen before it is sent
    return page


def _hold_back(page: Any, root: Any, changed: Any, _old: Any) -> None:
    """Keep what changes until the browser has drawn the page; Panel would send it to nobody.

    When all cells run at once, the next ones change the state before the page is on screen.
    """
    if changed is page:
        asyncio.get_running_loop().call_soon(lambda: _queue(page._comms[root.ref["id"]][0]))


def _queue(comm: Any) -> None:
    """Let a comm's messages wait until the browser opens it."""
    waiting: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
    send, init = comm.send, comm.init

    def keep(*message: Any, **parts: Any) -> None:
        waiting.append((message, parts))

    def opened() -> None:
        init()
        comm.send = send
        for message, parts in waiting:
            send(*message, **parts)
        waiting.clear()

    if comm._comm is None:
        comm.send, comm.init = keep, opened


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
