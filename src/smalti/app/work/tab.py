"""A tab for one sort of work: what is asked, a form made of the options of what does it, and what is done."""

from collections.abc import Mapping
from typing import Any

import panel as pn
import param

from smalti.app.forms import Form
from smalti.app.session import Session
from smalti.app.theme import html, side_by_side, stacked
from smalti.app.work.acts import Acts
from smalti.app.work.ask import Ask
from smalti.app.work.sorts import Sort
from smalti.app.work.wish import DRY_RUN, Wish
from smalti.core.options import options_of
from smalti.core.plugin import Plugin, plugins

__all__ = ["WorkTab"]

NOTHING = (
    '<div class="trouble" role="status">{} '
    "Some come with smalti itself: install it again, or a package that brings others.</div>"
)

HIDDEN = (DRY_RUN, "in_place")
"""Options that have no field: one is the button Preview, one would let a visitor write over images."""

FORM = {"flex": "2 1 40px", "min-width": "min(100%, 440px)"}
ACTS = {"flex": "1 1 0px", "min-width": "260px"}
BESIDE = {"gap": "32px 40px", "flex-wrap": "wrap", "align-items": "flex-start"}
"""Below the three columns of what is asked: two of them for the form, one for what is done."""


class WorkTab(pn.viewable.Viewer):  # type: ignore[misc]  # panel is untyped
    """Everything about one sort of work; not made before somebody wants to see it.

    Parameters
    ----------
    session
        State and content.
    sort
        What is done.
    known
        Plugins that do it, by name; None for all that are installed.
    """

    visible = param.Boolean(default=False, doc="Whether it is the open tab.")

    def __init__(
        self, session: Session, sort: Sort, known: Mapping[str, Plugin] | None = None, **params: Any
    ) -> None:
        super().__init__(**params)
        self._session, self._sort, self._known = session, sort, known
        self._forms: dict[str, Form] = {}
        self._place, self._options = stacked(gap=0), stacked(gap=0, styles=FORM)
        self.param.watch(self._open, "visible")

    def start(self) -> None:
        """Nothing to do before it is seen."""

    def _open(self, *_: Any) -> None:
        """Look for plugins once, and late: they import what they write with."""
        if self._place.objects or not self.visible:
            return
        known = _usable(plugins(self._sort.kind) if self._known is None else self._known)
        if not known:
            self._place[:] = [html(NOTHING.format(self._sort.nothing))]
            return
        self.ask = Ask(self._session, self._sort, known)
        self.acts = Acts(self._session.content.project, self._sort, self.wish)
        self.ask.param.watch(self._turn, "what")
        self.ask.param.watch(self._look, "rows")
        self._session.state.param.watch(self._look, "revision")
        self._turn()
        self._look()
        beside = side_by_side(self._options, stacked(self.acts, gap=0, styles=ACTS), styles=BESIDE)
        self._place[:] = [stacked(self.ask, beside, gap=32)]

    @property
    def form(self) -> Form:
        """That of the plugin chosen; each keeps what was typed."""
        plugin = self.ask.plugin
        if plugin.name not in self._forms:
            self._forms[plugin.name] = Form(plugin.options["options"], hidden=HIDDEN)
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
    """Those that work on images of a project, and whose options can be shown."""
    kept = {}
    for name, plugin in found.items():
        try:
            options_of(plugin.options["options"])
        except TypeError:
            continue
        if plugin.options.get("takes", "images") == "images":
            kept[name] = plugin
    return kept
