"""The page: filter and choices on the left; what stands out, images, distributions and table beside it."""

from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from smalti.app.cards import Cards
from smalti.app.content import Content
from smalti.app.gallery import Gallery
from smalti.app.grouping import Grouping
from smalti.app.histogram_view import HistogramView
from smalti.app.order import Order
from smalti.app.state import PageState
from smalti.app.table_view import TableView
from smalti.app.theme import LOGO, QUIET_BAR, SIDE_WIDTH, THEME, html, side_by_side, stacked
from smalti.app.where import Where
from smalti.app.words import count

__all__ = ["ProjectPage"]


class ProjectPage(pn.viewable.Viewer):  # type: ignore[misc]  # panel is untyped
    """A project at a glance.

    Parameters
    ----------
    content
        The project's table; one serves many pages.
    """

    state = param.ClassSelector(class_=PageState, constant=True)

    def __init__(self, content: Content) -> None:
        super().__init__(state=PageState(content))
        self._histograms = HistogramView(state=self.state)
        self._table = TableView(state=self.state)

    @param.depends("state.shown")  # type: ignore[untyped-decorator]
    def _has_images(self) -> bool:
        return bool(self.state.shown.height)

    @param.depends("state.shown")  # type: ignore[untyped-decorator]
    def _is_empty(self) -> bool:
        return not self.state.shown.height

    def __panel__(self) -> Any:
        main = stacked(
            Cards(state=self.state), self._views(), self._nothing(), gap=28, margin=(20, 24, 40, 24)
        )
        return pmui.Page(
            title=self.state.content.project.name,
            main=[main],
            sidebar=[self._side()],
            sidebar_width=SIDE_WIDTH + 32,
            sidebar_resizable=False,
            theme_config=THEME,
            sx=QUIET_BAR,
            logo=LOGO,
            favicon=LOGO,
            site_url="",
        )

    def _views(self) -> Any:
        gallery = stacked(Gallery(state=self.state), gap=0, styles={"flex": "3 1 440px", "min-width": "0"})
        plots = stacked(self._histograms, gap=0, styles={"flex": "2 1 320px", "min-width": "0"})
        wrapped = {"gap": "32px", "flex-wrap": "wrap", "align-items": "flex-start"}
        beside = side_by_side(gallery, plots, styles=wrapped)
        return stacked(beside, self._table, gap=28, visible=self._has_images)

    def _nothing(self) -> Any:
        total = count(self.state.content.images.height)
        said = html(
            "<h2>No image passes this filter</h2>"
            f'<div class="faint">Change it, or clear it to see all {total}.</div>'
        )
        clear = pmui.Button(
            label="Clear filters", variant="outlined", margin=0, on_click=lambda _event: self.state.clear()
        )
        return stacked(said, clear, gap=12, visible=self._is_empty, css_classes=["nothing"])

    def _side(self) -> Any:
        state = self.state
        choices = (Where(state=state), Grouping(state=state), Order(state=state))
        more = (self._histograms.controls, self._table.controls, self._facts())
        return stacked(*choices, *more, gap=22, width=SIDE_WIDTH, sizing_mode=None, margin=(20, 16))

    def _facts(self) -> Any:
        facts = self.state.content.facts
        lines = [count(facts["files"], "file"), f"{count(facts['planes'], 'plane')} measured"]
        if clutter := sum(facts["clutter"].values()):
            lines.append(f"{count(clutter, 'other file')} left out")
        if not facts["finished"]:
            lines.append("The run was not finished; process again to go on.")
        return html("".join(f'<div class="faint">{line}</div>' for line in lines))
