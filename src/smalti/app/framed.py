"""A view with its title, its choices and a button that copies its code, as one block of the page."""

from typing import Any

from smalti.app.icons import icon
from smalti.app.linked import Linked
from smalti.app.live import Live, button
from smalti.app.theme import stacked

__all__ = ["framed"]


def framed(title: str, view: Linked, *, flex: str = "none") -> Any:
    """One block: title and choices above, the view below.

    Parameters
    ----------
    title
        What it shows, in a word or two.
    view
        The view.
    flex
        CSS shorthand: how it shares a row with its neighbours; in a column it is as high as it must be.
    """
    press = button("code", icon("copy"), f"Copy as Python: {title}")
    head = Live(
        f'<div class="head"><h2>{title}</h2>{press}</div>', does={"code": lambda *_: head.copy(view.code)}
    )
    choices = [] if view.controls is None else [view.controls]
    known_as = ["block", title.lower().replace(" ", "-")]
    looks = {"flex": flex, "min-width": "0"}
    return stacked(head, *choices, view, gap=8, styles=looks, css_classes=known_as)
