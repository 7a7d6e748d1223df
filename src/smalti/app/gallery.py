"""Thumbnails of the images shown, a page at a time."""

from collections.abc import Mapping
from html import escape
from typing import Any

import panel as pn
import param

from smalti.app.pager import Pager
from smalti.app.state import PageState
from smalti.app.theme import html, side_by_side, stacked
from smalti.app.words import status_mark
from smalti.plots.palette import colours_of
from smalti.table.stats import ALL

__all__ = ["Gallery"]


class Gallery(pn.viewable.Viewer):  # type: ignore[misc]  # panel is untyped
    """One tile an image: its thumbnail, name and status; an image without pixels shows the reason."""

    state = param.ClassSelector(class_=PageState, constant=True)

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._pager = Pager(size=40)
        self._tiles = html("", css_classes=["gallery"])
        self._pager.param.watch(self._draw, "page")
        self.state.param.watch(self._restart, "shown")
        self.state.param.watch(self._draw, "group_by")
        self._restart()

    def _restart(self, *_: Any) -> None:
        if not self._pager.restart(self.state.shown.height):
            self._draw()

    def _draw(self, *_: Any) -> None:
        wanted = ["image_id", "name", "path", "status", "error", "size_c"]
        groups = self.state.groups
        rows = self.state.shown.slice(*self._pager.span).select(*wanted, groups.label().alias("group"))
        pictures = self.state.content.thumbnails(rows["image_id"].to_list())
        colours = colours_of(groups)
        tiles = (_tile(row, pictures.get(row["image_id"]), colours) for row in rows.iter_rows(named=True))
        self._tiles.object = f'<ul class="tiles">{"".join(tiles)}</ul>'

    def __panel__(self) -> Any:
        return stacked(side_by_side(html("<h2>Images</h2>"), self._pager), self._tiles, gap=12)


def _tile(row: Mapping[str, Any], picture: str | None, colours: Mapping[str, str]) -> str:
    name, path = escape(row["name"]), escape(row["path"])
    group = row["group"]
    dot = (
        ""
        if group == ALL
        else f'<span class="dot" style="background:{colours[group]}" title="{escape(group)}"></span>'
    )
    n = row["size_c"] or 1
    channels = f'<span title="The picture shows channel 1 of {n}">1 of {n} ch.</span>' if n > 1 else ""
    return (
        f'<li class="tile" title="{path}">{_picture(row, picture)}'
        f'<div class="name">{dot}{name}</div>'
        f'<div class="below">{status_mark(row["status"])}{channels}</div></li>'
    )


def _picture(row: Mapping[str, Any], picture: str | None) -> str:
    if picture is not None:
        return f'<div class="picture"><img src="{picture}" alt="{escape(row["name"])}" loading="lazy"></div>'
    reason = row["error"] or "no thumbnail was stored"
    return f'<div class="picture none" title="{escape(reason)}"><p>{escape(reason)}</p></div>'
