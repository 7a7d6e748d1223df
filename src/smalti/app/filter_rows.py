"""What is kept and what is selected, in words: counts, one row a filter, how the selection was made."""

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import panel as pn

from smalti.app.icons import icon
from smalti.app.live import Live, button
from smalti.core.errors import SmaltiError
from smalti.core.words import count
from smalti.table.filters import Filter
from smalti.table.view import Snapshot, ViewState

__all__ = ["FilterRows"]

SHEET = Path(__file__).with_name("filters.css").read_text(encoding="utf-8")


class FilterRows(pn.viewable.Viewer):  # type: ignore[misc]  # panel is untyped
    """Counts, undo and redo, the filters with their switches, and the selection.

    Parameters
    ----------
    state
        What is shown, and changed by the buttons.
    edit
        Called with the filter whose words are pressed.
    """

    def __init__(self, state: ViewState, edit: Callable[[Filter], None], **params: Any) -> None:
        super().__init__(**params)
        self._state, self._edit = state, edit
        does: dict[str, Callable[[str, Any], None]] = {
            "undo": lambda *_: state.undo(),
            "redo": lambda *_: state.redo(),
            "clear": lambda *_: state.clear_filters(),
            "enable": lambda name, on: state.change_filter(name, enabled=bool(on)),
            "invert": self._invert,
            "edit": lambda name, _: edit(self._named(name)),
            "remove": lambda name, _: state.remove_filter(name),
            "deselect": lambda *_: state.clear_selection(),
            "keep": lambda *_: self._keep(),
        }
        self._rows = Live(does={key: _if_there(done) for key, done in does.items()}, sheet=SHEET)
        state.param.watch(self._draw, "revision")
        self._draw()

    def _named(self, name: str) -> Filter:
        return next(filter_ for filter_ in self._state.view.filters if filter_.name == name)

    def _invert(self, name: str, _value: Any) -> None:
        self._state.change_filter(name, invert=not self._named(name).invert)

    def _keep(self) -> None:
        """Turn the selection into a filter; it has done its work then."""
        self._state.selection_to_filter()

    def _draw(self, *_: Any) -> None:
        snapshot = self._state.snapshot()
        rows = "".join(self._row(filter_) for filter_ in snapshot.view.filters)
        listed = f'<ul class="filters" aria-label="Filters">{rows}</ul>' if rows else ""
        self._rows.markup = f"{self._head(snapshot)}{listed}{_selection(snapshot)}"

    def _head(self, snapshot: Snapshot) -> str:
        total, kept, _ = snapshot.n
        state = self._state
        undo = button("undo", icon("undo"), "Undo", off=not state.can_undo)
        redo = button("redo", icon("redo"), "Redo", off=not state.can_redo)
        clear = (
            button("clear", "Clear filters", f"Clear filters: show all {count(total)}", kind="text")
            if snapshot.view.filters
            else ""
        )
        return (
            f'<div class="top"><span role="status"><span class="n-shown">{kept:,}</span> '
            f'<span class="faint">of {count(total)}</span></span>'
            f'<span class="tools">{undo}{redo}</span></div>{clear}'
        )

    def _row(self, filter_: Filter) -> str:
        name = filter_.name
        text = filter_.expression(self._state.group_by)
        n = int(self._state.table.holds(text).sum())
        on = " checked" if filter_.enabled else ""
        key = escape(name)
        said = escape(filter_.words)
        kind = "inverted" if filter_.invert else ""
        invert = button("invert", icon("invert"), "Invert: keep the others", key=name, kind=kind)
        remove = button("remove", icon("remove"), "Remove", key=name)
        titled = f"<b>{key}</b> · " if _has_own_name(filter_) else ""
        return (
            f'<li class="{"" if on else "off"}">'
            f'<input type="checkbox" role="switch" data-do="enable" data-key="{key}" '
            f'aria-label="Use the filter {key}" title="On or off"{on}>'
            f'<button type="button" class="words" data-do="edit" data-key="{key}" '
            f'title="{escape(text)} — press to change">{titled}{said}</button>'
            f'<span class="n" title="{count(n)} pass this one">{n:,}</span>'
            f"{invert}{remove}</li>"
        )

    def __panel__(self) -> Any:
        return self._rows


def _selection(snapshot: Snapshot) -> str:
    """How many are selected, and how they came to be."""
    picks, n = snapshot.view.selection, snapshot.n[2]
    if not picks:
        return '<div class="faint selection">Nothing selected</div>'
    verbs = {"replace": "", "add": "plus ", "subtract": "less ", "toggle": "toggled by "}
    how = ", ".join(verbs[pick.mode] + pick.words for pick in picks)
    keep = button(
        "keep", "Keep only these", "Keep only these: make a filter of the selection", kind="text", off=not n
    )
    clear = button("deselect", "Clear", "Clear the selection", kind="text")
    return (
        f'<div class="selection on"><div><b>{n:,} selected</b> <span class="faint" title="{escape(how)}">'
        f"{escape(how)}</span></div><div>{keep}{clear}</div></div>"
    )


def _has_own_name(filter_: Filter) -> bool:
    """Whether the name says more than the column does."""
    return not filter_.name.startswith(filter_.column or "rule")


def _if_there(done: Callable[[str, Any], None]) -> Callable[[str, Any], None]:
    """A press on what an undo has taken away meanwhile does nothing."""

    def tried(key: str, value: Any) -> None:
        try:
            done(key, value)
        except (SmaltiError, StopIteration):
            return

    return tried
