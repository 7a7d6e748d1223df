"""The Export tab: what is asked, a form made of the exporter's options, and what is done."""

from collections.abc import Mapping
from typing import Any

import panel as pn
import param

from smalti.app.export.acts import Acts
from smalti.app.export.ask import Ask
from smalti.app.export.wish import DRY_RUN, Wish
from smalti.app.forms import Form
from smalti.app.session import Session
from smalti.app.theme import html, side_by_side, stacked
from smalti.core.options import options_of
from smalti.core.plugin import Plugin, plugins

__all__ = ["ExportTab"]

NOTHING = (
    '<div class="trouble" role="status">No exporter is installed, so images cannot be handed on from here. '
    "One comes with smalti itself: install it again, or a package that brings another.</div>"
)

FORM = {"flex": "2 1 40px", "min-width": "min(100%, 440px)"}
ACTS = {"flex": "1 1 0px", "min-width": "260px"}
BESIDE = {"gap": "32px 40px", "flex-wrap": "wrap", "align-items": "flex-start"}
"""Below the three columns of what is asked: two of them for the form, one for what is done."""


class ExportTab(pn.viewable.Viewer):  # type: ignore[misc]  # panel is untyped
    """Everything about handing images on; not made before somebody wants to see it.

    Parameters
    ----------
    session
        State and content.
    exporters
        By name; None for all that are installed.
    """

    visible = param.Boolean(default=False, doc="Whether it is the open tab.")

    def __init__(
        self, session: Session, exporters: Mapping[str, Plugin] | None = None, **params: Any
    ) -> None:
        super().__init__(**params)
        self._session, self._exporters = session, exporters
        self._forms: dict[str, Form] = {}
        self._place, self._options = stacked(gap=0), stacked(gap=0, styles=FORM)
        self.param.watch(self._open, "visible")

    def start(self) -> None:
        """Nothing to do before it is seen."""

    def _open(self, *_: Any) -> None:
        """Look for exporters once, and late: they import what they write with."""
        if self._place.objects or not self.visible:
            return
        exporters = _usable(plugins("exporter") if self._exporters is None else self._exporters)
        if not exporters:
            self._place[:] = [html(NOTHING)]
            return
        self.ask = Ask(self._session, exporters)
        self.acts = Acts(self._session.content.project, self.wish)
        self.ask.param.watch(self._turn, "exporter")
        self.ask.param.watch(self._look, "rows")
        self._session.state.param.watch(self._look, "revision")
        self._turn()
        self._look()
        beside = side_by_side(self._options, stacked(self.acts, gap=0, styles=ACTS), styles=BESIDE)
        self._place[:] = [stacked(self.ask, beside, gap=32)]

    @property
    def form(self) -> Form:
        """That of the exporter chosen; each keeps what was typed."""
        plugin = self.ask.plugin
        if plugin.name not in self._forms:
            self._forms[plugin.name] = Form(plugin.options["options"], hidden=(DRY_RUN,))
        return self._forms[plugin.name]

    def wish(self) -> Wish:
        """What is asked for now.

        Raises
        ------
        UsageError
            A field, or the name, cannot be used.
        """
        form, snapshot = self.form, self._session.state.snapshot()
        return Wish(self.ask.plugin, self.ask.rows, snapshot, self.ask.path(), form.read(), form.changed)

    def _turn(self, *_: Any) -> None:
        self._options[:] = [self.form]
        options = options_of(self.ask.plugin.options["options"])
        self.acts.forget()
        self.acts.param.update(previews=any(one.name == DRY_RUN for one in options))

    def _look(self, *_: Any) -> None:
        self.acts.why_not = self.ask.why_not

    def __panel__(self) -> Any:
        return self._place


def _usable(found: Mapping[str, Plugin]) -> dict[str, Plugin]:
    """Those whose options can be shown."""
    kept = {}
    for name, plugin in found.items():
        try:
            options_of(plugin.options["options"])
        except TypeError:
            continue
        kept[name] = plugin
    return kept
