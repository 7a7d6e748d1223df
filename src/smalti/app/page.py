"""The page: filters left, views in the middle, the image on the right; all over one state."""

from html import escape
from typing import Any, Protocol

import panel as pn
import panel_material_ui as pmui

from smalti.app.about import about, labels
from smalti.app.address import Address
from smalti.app.cards import Cards
from smalti.app.empty import Empty
from smalti.app.filters import Filters
from smalti.app.framed import framed
from smalti.app.herald import Herald
from smalti.app.inspector import Inspector
from smalti.app.loop import served
from smalti.app.session import Session
from smalti.app.theme import INSPECTOR_WIDTH, LOGO, QUIET_BAR, SIDE_WIDTH, THEME, html, side_by_side, stacked
from smalti.app.views.clusters import Clusters, has_clusters
from smalti.app.views.dimensions import DimensionsView
from smalti.app.views.distributions import DistributionsView
from smalti.app.views.histograms import HistogramsView
from smalti.app.views.intensity import IntensityView
from smalti.app.views.label import LabelView, set_of
from smalti.app.views.mosaic import MosaicView
from smalti.app.views.scatter import ScatterView
from smalti.app.views.sizes import SizesView
from smalti.app.views.table import TableView
from smalti.app.work.sorts import CURATE, EXPORT, Sort
from smalti.app.work.tab import WorkTab
from smalti.core.words import count
from smalti.curation.patchset import PatchSet

__all__ = ["ProjectPage"]

HALF = "1 1 400px"


class OnTab(Protocol):
    """What is told whether its tab is open; `start` is called once the page is loaded."""

    visible: bool

    def start(self) -> None:
        """Begin."""


Part = tuple[tuple[OnTab, ...], tuple[Any, ...]]
"""The views on a tab, and what it shows from top to bottom."""


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
        self._parts = {
            "Overview": self._overview(),
            "Explore": self._explore(),
            "Mosaic": self._mosaic(),
            **({"Clusters": self._clusters()} if has_clusters(session.content.table) else {}),
            **({"Label": self._label(patches)} if (patches := set_of(session.content)) else {}),
            "Compare": self._compare(),
            "Curate": self._work(CURATE),
            "Export": self._work(EXPORT),
        }
        bodies = ((name, stacked(*parts, gap=28, margin=(20, 0))) for name, (_, parts) in self._parts.items())
        self._tabs = pmui.Tabs(*bodies, dynamic=True, sizing_mode="stretch_width")
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

    def _overview(self) -> Part:
        mosaic, sizes = MosaicView(self.session), SizesView(self.session)
        beside = row(framed("Images", mosaic, flex="3 1 520px"), framed("Sizes", sizes, flex="1 1 320px"))
        return (mosaic, sizes), (Cards(self.session), beside)

    def _explore(self) -> Part:
        scatter, mosaic = ScatterView(self.session), MosaicView(self.session)
        histograms, table = HistogramsView(self.session), TableView(self.session)
        above = row(framed("Scatter", scatter, flex=HALF), framed("Images", mosaic, flex=HALF))
        below = (framed("Histograms", histograms), framed("Table", table))
        return (scatter, mosaic, histograms, table), (above, *below)

    def _mosaic(self) -> Part:
        mosaic = MosaicView(self.session, height=720)
        return (mosaic,), (mosaic,)

    def _clusters(self) -> Part:
        clusters = Clusters(self.session)
        views = {"Exemplars": clusters.exemplars, "Members of one cluster": clusters.members}
        beside = row(*(framed(name, view, flex="1 1 300px") for name, view in views.items()))
        return (*views.values(),), (beside,)

    def _label(self, patches: PatchSet) -> Part:
        view = LabelView(self.session, patches)
        return (view,), (view,)

    def _compare(self) -> Part:
        views = {
            "By group": DistributionsView(self.session),
            "Intensities": IntensityView(self.session),
            "Across dimensions": DimensionsView(self.session),
        }
        return (*views.values(),), (row(*(framed(name, view, flex=HALF) for name, view in views.items())),)

    def _work(self, sort: Sort) -> Part:
        tab = WorkTab(self.session, sort)
        return (tab,), (tab,)

    def _facts(self) -> Any:
        facts = self.session.content.facts
        planes = f", {count(facts['planes'], 'plane')} measured" if facts["planes"] else ""
        lines = [f"{count(facts['files'], 'file')}{planes}"]
        if clutter := sum(facts["clutter"].values()):
            lines.append(f"{count(clutter, 'other file')} left out")
        if not facts["finished"]:
            lines.append("The run was not finished; process again to go on.")
        return html("".join(f'<div class="faint">{line}</div>' for line in lines), margin=(8, 16, 20, 16))

    def __panel__(self) -> Any:
        told = [html(f'<div class="trouble" role="alert">{escape(self._said)}</div>')] if self._said else []
        project = self.session.content.project
        main = stacked(
            *told, *about(project), Empty(self.session), self._tabs, gap=12, margin=(8, 24, 40, 24)
        )
        page = pmui.Page(
            title=project.name,
            main=[main],
            sidebar=[Filters(self.session), self._facts()],
            sidebar_width=SIDE_WIDTH + 32,
            sidebar_resizable=False,
            contextbar=[self._inspector],
            contextbar_width=INSPECTOR_WIDTH,
            contextbar_variant="persistent",
            header=[*filter(None, [labels(project)]), Address(self.session.state) if served() else Herald()],
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


def row(*blocks: Any) -> Any:
    """Blocks side by side, one below the other where they have no room."""
    return side_by_side(*blocks, styles={"gap": "32px", "flex-wrap": "wrap", "align-items": "flex-start"})
