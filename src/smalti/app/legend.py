"""The groups: which column makes them, and the colour, name and number of images of each."""

from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import panel_material_ui as pmui
import param
import polars as pl

from smalti.app.alert import alert
from smalti.app.choices import choice
from smalti.app.chosen import Chosen
from smalti.app.entered import on_enter
from smalti.app.live import Live
from smalti.app.session import Session
from smalti.app.theme import stacked
from smalti.core.errors import SmaltiError
from smalti.plots.palette import colours_of

__all__ = ["BY_GROUP", "NO_GROUPS", "Legend"]

SHEET = Path(__file__).with_name("filters.css").read_text(encoding="utf-8")

NO_GROUPS = "(no groups)"
"""Choice of the one group of all images."""

BY_GROUP = "(by group)"
"""Choice of the groups' colours."""

MOST_FOLDERS = 4

EXAMPLE = "such as {well:[A-H]\\d\\d}_{site:int}"


class Legend(Chosen):
    """Group column, colour column, and the legend; a press on a group selects its images.

    Parameters
    ----------
    session
        Its state is shown and changed.
    """

    group_by = param.Selector(default=NO_GROUPS, objects=[NO_GROUPS], doc="Column whose values are groups.")
    color_by = param.Selector(default=BY_GROUP, objects=[BY_GROUP], doc="Column that colours points.")

    shared = ("group_by", "color_by")
    nothing = {"group_by": NO_GROUPS, "color_by": BY_GROUP}  # noqa: RUF012  # never changed

    def __init__(self, session: Session, **params: Any) -> None:
        self._lines = Live(does={"pick": lambda index, _: self.pick(int(index))}, sheet=SHEET)
        self._template = pmui.TextInput(
            label="or by parts of the file name",
            placeholder=EXAMPLE,
            size="small",
            margin=0,
            sizing_mode="stretch_width",
        )
        super().__init__(session, **params)
        on_enter(self._template, self._read_names)
        session.state.param.watch(self._draw, "revision")
        self._draw()

    def choices(self, more: pl.Schema) -> dict[str, list[str]]:
        """See `Chosen`."""
        content = self.session.content
        numbers = [name for name, dtype in more.items() if dtype.is_numeric()]
        return {
            "group_by": [NO_GROUPS, *content.group_columns, *more.names(), *_folders(self.session)],
            "color_by": [BY_GROUP, *content.number_columns, *numbers],
        }

    def pick(self, index: int) -> None:
        """Select the images of one group."""
        snapshot = self._state.snapshot()
        if 0 <= index < len(snapshot.groups.names):
            self._state.select_rows(np.flatnonzero(snapshot.keep & (snapshot.group_index == index)))

    def _read_names(self) -> None:
        """Make columns of the parts of file names, and groups of the first."""
        template = self._template.value.strip()
        try:
            self._state.group_by = self._state.add_columns_from(template)[0]
        except SmaltiError as error:
            self.trouble = str(error)
        else:
            self.trouble = self._template.value = ""

    def _draw(self, *_: Any) -> None:
        snapshot = self._state.snapshot()
        if self._state.group_by is None:
            self._lines.markup = ""
            return
        groups = snapshot.groups
        n_kept, n_all = (
            np.bincount(rows, minlength=len(groups.names))
            for rows in (snapshot.group_index[snapshot.keep], snapshot.group_index)
        )
        colours = colours_of(groups)
        lines = "".join(
            _line(i, name, colours[name], int(n_kept[i]), int(n_all[i]))
            for i, name in enumerate(groups.names)
        )
        self._lines.markup = f'<ul class="legend" aria-label="Images of each group">{lines}</ul>'

    def __panel__(self) -> Any:
        by = choice(self.param.group_by, "Group by", searchable=True)
        colour = choice(self.param.color_by, "Colour points by", searchable=True)
        trouble = alert(self)
        return stacked(by, self._lines, self._template, trouble, colour, gap=10)


def _line(index: int, name: str, colour: str, kept: int, total: int) -> str:
    said = escape(name)
    n = f"{kept:,}" if kept == total else f"{kept:,} of {total:,}"
    return (
        f'<li><button type="button" data-do="pick" data-key="{index}" title="Select {said}">'
        f'<span class="dot" style="background:{colour}"></span><span class="group">{said}</span>'
        f'<span class="n">{n}</span></button></li>'
    )


def _folders(session: Session) -> list[str]:
    """Folders of the path, where there is more than the one that `parent` names."""
    images = session.state.table.images
    deepest = images["depth"].max() if "depth" in images.columns and images.height else 0
    n = deepest if isinstance(deepest, int) else 0
    return [f"path[{i}]" for i in range(min(n, MOST_FOLDERS))] if n > 1 else []
