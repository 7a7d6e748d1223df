"""The page: filters left, views in the middle, the image on the right; all over one state."""

from collections.abc import Sequence
from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from smalti.app.address import Address
from smalti.app.cards import Cards
from smalti.app.empty import Empty
from smalti.app.filters import Filters
from smalti.app.framed import framed
from smalti.app.inspector import Inspector
from smalti.app.linked import Linked
from smalti.app.session import Session
from smalti.app.theme import INSPECTOR_WIDTH, LOGO, QUIET_BAR, SIDE_WIDTH, THEME, html, stacked
from smalti.app.views.dimensions import DimensionsView
from smalti.app.views.distributions import DistributionsView
from smalti.app.views.histograms import HistogramsView
from smalti.app.views.intensity import IntensityView
from smalti.app.views.mosaic import MosaicView
from smalti.app.views.scatter import ScatterView
from smalti.app.views.sizes import SizesView
from smalti.app.views.table import TableView

__all__ = ["ProjectPage"]

HALF = "1 1 400px"

WRAPPED = {"gap": "32px", "flex-wrap": "wrap", "align-items": "flex-start"}


class ProjectPage(pn.viewable.Viewer):  # type: ignore[misc]  # panel is untyped
    """A project at a glance, and in depth.

    Parameters
    ----------
    session
        State, content and linker of one visitor or notebook.
    said
        What the visitor must know first, such as what was wrong with the link.
    """

    def __init__(self, session: Session, said: str = "", **params: Any) -> None:
        super().__init__(**params)
        self.session = session
        self._said = said
        self._inspector = Inspector(session)
        self._parts: dict[str, tuple[Sequence[Linked], Any]] = {
            "Overview": self._overview(),
            "Explore": self._explore(),
            "Mosaic": self._mosaic(),
            "Compare": self._compare(),
        }
        self._tabs = pmui.Tabs(
            *((name, body) for name, (_, body) in self._parts.items()),
            dynamic=True,
            sizing_mode="stretch_width",
        )
        self._tabs.param.watch(self._turn, "active")
        pn.state.onload(self._start)

    def _start(self) -> None:
        self._turn()
        for views, _ in self._parts.values():
            for view in views:
                view.start()

    def _turn(self, *_: Any) -> None:
        """Only what is on the open tab is kept up to date."""
        for number, (views, _) in enumerate(self._parts.values()):
            for view in views:
                view.visible = number == self._tabs.active

    def _overview(self) -> tuple[Sequence[Linked], Any]:
        sizes, mosaic = SizesView(self.session), MosaicView(self.session)
        beside = pn.Row(framed("Images", mosaic, flex="3 1 520px"), framed("Sizes", sizes, flex="1 1 320px"))
        beside.param.update(sizing_mode="stretch_width", styles=WRAPPED, margin=0)
        return (sizes, mosaic), stacked(Cards(self.session), beside, gap=28, margin=(20, 0))

    def _explore(self) -> tuple[Sequence[Linked], Any]:
        scatter, mosaic = ScatterView(self.session), MosaicView(self.session)
        histograms, table = HistogramsView(self.session), TableView(self.session)
        above = pn.Row(
            framed("Scatter", scatter, flex=HALF),
            framed("Images", mosaic, flex=HALF),
            sizing_mode="stretch_width",
        )
        above.param.update(styles=WRAPPED, margin=0)
        rest = (framed("Histograms", histograms), framed("Table", table))
        return (scatter, mosaic, histograms, table), stacked(above, *rest, gap=28, margin=(20, 0))

    def _mosaic(self) -> tuple[Sequence[Linked], Any]:
        mosaic = MosaicView(self.session, height=720)
        return (mosaic,), stacked(mosaic, gap=0, margin=(20, 0))

    def _compare(self) -> tuple[Sequence[Linked], Any]:
        boxes, curves = DistributionsView(self.session), IntensityView(self.session)
        along = DimensionsView(self.session)
        blocks = (
            framed("By group", boxes),
            framed("Intensities", curves),
            framed("Across dimensions", along),
        )
        row = pn.Row(*blocks, sizing_mode="stretch_width", styles=WRAPPED, margin=0)
        return (boxes, curves, along), stacked(row, gap=28, margin=(20, 0))

    @param.depends("session.state.revision")  # type: ignore[untyped-decorator]
    def _has_images(self) -> bool:
        return self.session.state.n[1] > 0

    def __panel__(self) -> Any:
        told = [html(f'<div class="trouble" role="alert">{escape(self._said)}</div>')] if self._said else []
        main = stacked(*told, Empty(self.session), self._tabs, gap=12, margin=(8, 24, 40, 24))
        page = pmui.Page(
            title=self.session.content.project.name,
            main=[main],
            sidebar=[Filters(self.session)],
            sidebar_width=SIDE_WIDTH + 32,
            sidebar_resizable=False,
            contextbar=[stacked(self._inspector, gap=0, margin=(12, 16))],
            contextbar_width=INSPECTOR_WIDTH,
            contextbar_variant="persistent",
            header=[Address(self.session.state)],
            theme_config=THEME,
            sx=QUIET_BAR,
            logo=LOGO,
            favicon=LOGO,
            site_url="",
        )
        self.session.linker.param.watch(lambda event: page.param.update(busy=event.new), "busy")
        self.session.param.watch(
            lambda event: page.param.update(contextbar_open=event.new is not None), "opened"
        )
        return page
