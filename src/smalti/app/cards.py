"""What stands out, one card a finding; a card shows the images it means."""

from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from smalti.app.state import PageState
from smalti.app.theme import html, side_by_side, stacked
from smalti.app.words import count
from smalti.table.findings import Finding

__all__ = ["Cards"]

SIGNS = {"warning": ("▲", "look at this"), "note": ("●", "worth knowing")}
"""Sign and words of each level: a card is told apart without colour."""


class Cards(pn.viewable.Viewer):  # type: ignore[misc]  # panel is untyped
    """A card for each finding about all images, and a line for what was looked for and is not there."""

    state = param.ClassSelector(class_=PageState, constant=True)

    def __panel__(self) -> Any:
        content = self.state.content
        cards = [self._card(finding) for finding in content.findings if finding.level != "fine"]
        absent = "; ".join(finding.sentence for finding in content.findings if finding.level == "fine")
        total = count(content.images.height)
        title = html(f'<h2>What stands out <span class="unit">in all {total}</span></h2>')
        grid = side_by_side(*cards, styles=_GRID, css_classes=["cards"])
        rest = (
            [html(f'<div class="absent">✓ Looked for and not found: {escape(absent)}.</div>')]
            if absent
            else []
        )
        return stacked(title, grid, *rest, gap=10)

    def _card(self, finding: Finding) -> Any:
        parts = [html(_words(finding))]
        if finding.where is not None:
            parts.append(self._button(finding.where))
        return stacked(*parts, gap=0, styles=_CARD)

    def _button(self, where: str) -> Any:
        """Shows the images meant; pressed again, all images."""

        def show(_event: Any) -> None:
            self.state.where = "" if self.state.where == where else where

        label = pn.bind(
            lambda now: "Show all again" if now == where else "Show these", self.state.param.where
        )
        return pmui.Button(label=label, variant="text", size="small", margin=0, on_click=show, sx=_LINK)


def _words(finding: Finding) -> str:
    sign, said = SIGNS[finding.level]
    mark = f'<span role="img" aria-label="{said}" title="{said}">{sign}</span>'
    return (
        f'<div class="card {finding.level}"><div class="topic">{mark}{escape(finding.topic)}</div>'
        f"<p>{escape(finding.sentence)}</p></div>"
    )


_GRID = {
    "display": "grid",
    "grid-template-columns": "repeat(auto-fill, minmax(176px, 1fr))",
    "gap": "10px",
    "align-items": "stretch",
}
_CARD = {
    "padding": "10px 12px",
    "border": "1px solid var(--mui-palette-divider)",
    "border-radius": "6px",
    "box-sizing": "border-box",
    "height": "100%",
}
_LINK = {"padding": "0", "minWidth": 0, "height": "22px", "minHeight": 0}
_AT_FOOT = {"margin-top": "auto"}
