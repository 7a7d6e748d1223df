"""What went wrong, in words, where it went wrong."""

from html import escape
from typing import Any

import panel as pn
import param

from smalti.app.theme import html

__all__ = ["alert"]


def alert(of: param.Parameterized, *, before: str = "", after: str = "") -> Any:
    """The ``trouble`` of a view, read out when it comes, not there while it is empty.

    Parameters
    ----------
    of
        A view with a parameter ``trouble``, plain text.
    before, after
        HTML around it.
    """

    def said(trouble: str) -> str:
        return f'<div class="trouble" role="alert">{before}{escape(trouble)}{after}</div>'

    return html(pn.bind(said, of.param.trouble), visible=pn.bind(bool, of.param.trouble))
