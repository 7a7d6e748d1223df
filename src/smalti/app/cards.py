"""What stands out, one card a finding; a press on its number keeps the images it means."""

from html import escape
from pathlib import Path
from typing import Any

import panel as pn

from smalti.app.live import Live, button
from smalti.app.session import Session
from smalti.core.words import count
from smalti.table.findings import Finding

__all__ = ["Cards"]

SIGNS = {"warning": ("▲", "look at this"), "note": ("●", "worth knowing")}
"""Sign and words of each level: a card is told apart without colour."""

SHEET = Path(__file__).with_name("cards.css").read_text(encoding="utf-8")


class Cards(pn.viewable.Viewer):  # type: ignore[misc]  # panel is untyped
    """A card for each finding about all images, and a line for what was looked for and is not there.

    Parameters
    ----------
    session
        A press adds a filter named after the topic to its state, or takes it away again.
    """

    def __init__(self, session: Session, **params: Any) -> None:
        super().__init__(**params)
        self._content, self._state = session.content, session.state
        self._shown = {f.topic: f for f in session.content.findings if f.level != "fine"}
        self._cards = Live(does={"keep": lambda topic, _: self.toggle(topic)}, sheet=SHEET)
        self._state.param.watch(self._draw, "revision")
        self._draw()

    def toggle(self, topic: str) -> None:
        """Keep the images that a card means; all again when they are kept already."""
        finding = self._shown.get(topic)
        if finding is None or finding.where is None:
            return
        if topic in self._named:
            self._state.remove_filter(topic)
        else:
            self._state.add_expression(finding.where, name=topic)

    @property
    def _named(self) -> set[str]:
        return {filter_.name for filter_ in self._state.view.filters}

    def _draw(self, *_: Any) -> None:
        named = self._named
        cards = "".join(self._card(finding, finding.topic in named) for finding in self._shown.values())
        fine = "; ".join(f.sentence for f in self._content.findings if f.level == "fine")
        absent = f'<div class="absent">✓ Looked for and not found: {escape(fine)}.</div>' if fine else ""
        total = count(self._state.n[0])
        self._cards.markup = (
            f'<h2>What stands out <span class="unit">in all {total}</span></h2>'
            f'<div class="cards">{cards}</div>{absent}'
        )

    def _card(self, finding: Finding, on: bool) -> str:
        sign, said = SIGNS[finding.level]
        mark = f'<span role="img" aria-label="{said}" title="{said}">{sign}</span>'
        return (
            f'<div class="card {finding.level}{" on" if on else ""}">'
            f'<div class="topic">{mark}{escape(finding.topic)}</div>'
            f"<p>{escape(finding.sentence)}</p>{self._foot(finding, on)}</div>"
        )

    def _foot(self, finding: Finding, on: bool) -> str:
        """The share of images meant as a thin bar, and the button that keeps them."""
        if finding.where is None:
            return ""
        n, total = int(self._state.table.holds(finding.where).sum()), self._state.n[0]
        words = "Show all again" if on else f"Show {'it' if n == 1 else f'these {n:,}'}"
        press = button("keep", words, f"{words}: {finding.topic}", key=finding.topic, kind="text")
        bar = f'<i style="width:{100 * n / total:.2f}%"></i>'
        said = f"{n:,} of {count(total)}"
        return f'<div class="share" title="{said}">{bar}</div><div class="foot">{press}</div>'

    def __panel__(self) -> Any:
        return self._cards
