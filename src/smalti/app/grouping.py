"""Which column makes the groups, and the legend: colour, name and number of images of each."""

from html import escape
from typing import Any

import panel as pn
import param

from smalti.app.choices import choice
from smalti.app.state import NO_GROUPS, PageState
from smalti.app.theme import html, stacked
from smalti.plots.palette import colours_of

__all__ = ["Grouping"]


class Grouping(pn.viewable.Viewer):  # type: ignore[misc]  # panel is untyped
    """The group column and the legend of its values."""

    state = param.ClassSelector(class_=PageState, constant=True)

    @param.depends("state.shown", "state.group_by")  # type: ignore[untyped-decorator]
    def _legend(self) -> str:
        if self.state.group_by == NO_GROUPS:
            return ""
        groups = self.state.groups
        labels = self.state.shown.select(groups.label().alias("group"))["group"]
        n_shown = dict(labels.value_counts().iter_rows())
        lines = (_line(name, colour, n_shown.get(name, 0)) for name, colour in colours_of(groups).items())
        return f'<ul class="legend" aria-label="Images shown of each group">{"".join(lines)}</ul>'

    def __panel__(self) -> Any:
        return stacked(choice(self.state.param.group_by, "Groups"), html(self._legend), gap=8)


def _line(name: str, colour: str, n: int) -> str:
    return (
        f'<li><span class="dot" style="background:{colour}"></span>'
        f'<span class="group" title="{escape(name)}">{escape(name)}</span><span class="n">{n:,}</span></li>'
    )
