"""What is made, of which images, and what it is called."""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any, get_args

import panel as pn
import param

from smalti.app.fields import Fields
from smalti.app.session import Session
from smalti.app.words import sentence
from smalti.app.work.place import name_for, path_for
from smalti.app.work.sorts import Sort
from smalti.app.work.wish import Rows
from smalti.core.errors import UsageError
from smalti.core.plugin import Plugin
from smalti.core.words import count

__all__ = ["Ask"]

SHEET = """
.asks { display: grid; grid-template-columns: repeat(auto-fit, minmax(230px, 1fr)); gap: 20px 40px; }
.asks fieldset { margin: 0; }
.asks .title, .asks legend { font: 500 15px/1.3 Roboto, system-ui, sans-serif; margin: 0 0 6px; }
.asks .made { font-weight: 500; }
"""


class Ask(pn.viewable.Viewer):  # type: ignore[misc]  # panel is untyped
    """What is done, images and name.

    Parameters
    ----------
    session
        Its state says how many images there are to choose.
    sort
        What is done.
    known
        One or more plugins that do it, by name.
    """

    what = param.String(default="", doc="Name of the plugin.")
    rows = param.Selector(default="filtered", objects=list(get_args(Rows)), doc="Which images.")
    called = param.String(default=None, allow_None=True, doc="Name of the result; None for the usual one.")

    def __init__(self, session: Session, sort: Sort, known: Mapping[str, Plugin], **params: Any) -> None:
        super().__init__(what=next(iter(known)), **params)
        self._session, self._sort, self._known = session, sort, known
        self.fields = Fields(changed=self._take, sheet=SHEET)
        self._draw()
        session.state.param.watch(self._draw, "revision")
        self.param.watch(self._say, ["what", "called"])
        self.param.watch(self._draw, "what")
        self._say()

    @property
    def plugin(self) -> Plugin:
        """The one that is chosen."""
        return self._known[self.what]

    @property
    def n(self) -> int:
        """How many images are chosen."""
        return self._counts[self.rows]

    @property
    def why_not(self) -> str:
        """Why nothing can be done; empty where something can."""
        if self.n:
            return ""
        if not self._session.state.n[0]:
            return "This project holds no image yet; process it, and open it again."
        return "No image passes the filters: change them on the left, or choose all images."

    def path(self) -> Path:
        """Where the result is written.

        Raises
        ------
        UsageError
            The name cannot be used.
        """
        project, name = self._session.content.project, self._usual if self.called is None else self.called
        return path_for(project, name, self._suffix)

    @property
    def _suffix(self) -> str:
        return str(self.plugin.options.get("suffix", ""))

    @property
    def _usual(self) -> str:
        """The usual name."""
        ending = self._suffix or self._sort.ending.format(name=self.what)
        return name_for(self._session.content.project, ending)

    @property
    def _counts(self) -> dict[str, int]:
        total, kept, selected = self._session.state.n
        return {"filtered": kept, "selected": selected, "all": total}

    def _take(self, key: str, value: Any) -> None:
        """What the browser says; it may say anything."""
        known: dict[str, Any] = {"what": self._known, "rows": self._counts, "called": (value,)}
        if key in known and value in known[key]:
            self.param.update(**{key: value})

    def _say(self, *_: Any) -> None:
        try:
            path, trouble = f"Written to {self.path()}", ""
        except UsageError as error:
            path, trouble = "", sentence(error)
        self.fields.says = {"meaning": self.plugin.meaning, "path": path, "called": trouble}

    def _draw(self, *_: Any) -> None:
        if self.rows == "selected" and not self._counts["selected"]:
            self.rows = "filtered"
            self.fields.values = {**self.fields.values, "rows": "filtered"}
        self.fields.markup = f'<div class="asks">{self._what()}{self._which()}{self._name()}</div>'

    def _what(self) -> str:
        asked = self._sort.asked
        if len(self._known) == 1:
            head = f'<div class="title">{asked}</div><div class="made">{escape(_title(self.plugin))}</div>'
        else:
            entries = "".join(
                f'<option value="{escape(name)}"{" selected" if name == self.what else ""}>'
                f"{escape(_title(plugin))}</option>"
                for name, plugin in self._known.items()
            )
            head = (
                f'<label class="title" for="ask-what">{asked}</label><select id="ask-what" '
                f'data-key="what" aria-describedby="ask-meaning">{entries}</select>'
            )
        return f'<div class="field">{head}<div class="help" id="ask-meaning" data-says="meaning"></div></div>'

    def _which(self) -> str:
        counts = self._counts
        words = {
            "filtered": f"The {count(counts['filtered'], 'filtered image')}",
            "selected": f"The {count(counts['selected'], 'selected image')}"
            if counts["selected"]
            else "The selected images: nothing is selected",
            "all": f"All {count(counts['all'])}",
        }
        radios = "".join(self._radio(rows, text, off=not counts[rows]) for rows, text in words.items())
        return f"<fieldset><legend>Images</legend>{radios}</fieldset>"

    def _radio(self, rows: str, text: str, *, off: bool) -> str:
        states = f"{' checked' if rows == self.rows else ''}{' disabled' if off else ''}"
        return (
            f'<label class="check{" off" if off else ""}"><input type="radio" name="rows" id="ask-{rows}" '
            f'data-key="rows" value="{rows}"{states}>{text}</label>'
        )

    def _name(self) -> str:
        value = escape(self._usual if self.called is None else self.called)
        return (
            '<div class="field"><label class="title" for="ask-called">Name</label>'
            f'<input type="text" id="ask-called" data-key="called" value="{value}" autocomplete="off" '
            'spellcheck="false" aria-describedby="ask-path ask-wrong">'
            '<div class="wrong" id="ask-wrong" role="alert" data-says="called" hidden></div>'
            '<div class="help" id="ask-path" data-says="path"></div></div>'
        )

    def __panel__(self) -> Any:
        return self.fields


def _title(plugin: Plugin) -> str:
    return str(plugin.options["title"])
