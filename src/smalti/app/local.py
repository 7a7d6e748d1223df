"""Panel's views, less their requests to a CDN from a notebook."""

from typing import Any

import panel as pn
from bokeh.models import ImportedStyleSheet
from panel.io.notebook import replace_inline_css

from smalti.app.loop import served

__all__ = ["Column", "Html", "Local", "LocalWidget", "Row"]


class Local:
    """Puts style sheets into what is sent to a notebook, not their addresses.

    Panel does so for the first view of a cell, but not for what changes or comes later.
    """

    def _get_properties(self, doc: Any) -> dict[str, Any]:
        return _inlined(super()._get_properties(doc))  # type: ignore[misc]

    def _process_param_change(self, params: dict[str, Any]) -> dict[str, Any]:
        return _inlined(super()._process_param_change(params))  # type: ignore[misc]


class LocalWidget(Local):
    """A Material widget that comes to a notebook after the page: it leaves its script out, 1.4 MB.

    All of them share one script, which the page has brought.
    """

    def _get_properties(self, doc: Any) -> dict[str, Any]:
        properties = super()._get_properties(doc)
        return properties | {"esm": ""} if pn.config.inline and not served() else properties


def _inlined(properties: dict[str, Any]) -> dict[str, Any]:
    if pn.config.inline and "stylesheets" in properties:
        sheets = properties["stylesheets"]
        properties["stylesheets"] = [
            replace_inline_css(sheet) if isinstance(sheet, ImportedStyleSheet) else sheet for sheet in sheets
        ]
    return properties


class Html(Local, pn.pane.HTML):  # type: ignore[misc]  # panel is untyped
    """HTML of our own."""

    priority = None  # never what Panel itself makes of an object


class Column(Local, pn.Column):  # type: ignore[misc]
    """Views one below the other."""


class Row(Local, pn.Row):  # type: ignore[misc]
    """Views side by side."""
