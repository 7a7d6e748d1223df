"""The true image behind a tile, point or row: one plane of it, its contrast, and what is known of it."""

from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import panel as pn
import param

from smalti.app.alert import alert
from smalti.app.contrast import Contrast
from smalti.app.facts import facts, heading, metadata_tree, metrics
from smalti.app.icons import icon
from smalti.app.latest import Latest
from smalti.app.live import Live, button, copy_button
from smalti.app.plane import Plane
from smalti.app.planes import PlanePicker, plane_words
from smalti.app.session import Session
from smalti.app.shot import Shot, Wish, take
from smalti.app.theme import stacked
from smalti.core.axes import STACK_AXES, PlaneIndex
from smalti.core.image import Image

__all__ = ["Inspector"]

SHEET = Path(__file__).with_name("inspector.css").read_text(encoding="utf-8")

UNREAD = "The image cannot be shown"


class Inspector(pn.viewable.Viewer):  # type: ignore[misc]  # panel is untyped
    """Shows the image whose row is `session.opened`.

    While a plane is read the old picture stays; of the positions that a slider runs through meanwhile only
    the last is read. When an image cannot be read it says why, and its thumbnail is shown if there is one.

    Parameters
    ----------
    session
        State and content; `opened` is watched, and changed by the buttons.
    """

    trouble = param.String(default="", doc="Why the image cannot be shown.")

    def __init__(self, session: Session, **params: Any) -> None:
        super().__init__(**params)
        self.session = session
        self.plane = Plane()
        self.picker = PlanePicker()
        self.contrast = Contrast()
        self._image: Image | None = None
        self._showing: Shot | None = None
        self._filling = False
        self._latest: Latest[Shot] = Latest(self._show)
        self._head = Live(does={"step": lambda key, _: self.step(int(key))}, sheet=SHEET)
        self._more = Live(does={}, sheet=SHEET)
        self.picker.param.watch(self._turn, "index")
        self.contrast.param.watch(self._stretch, ["window", "auto"])
        session.param.watch(self._open, "opened")
        session.state.param.watch(self._place, "revision")
        self._open()

    def step(self, by: int) -> None:
        """Open the next or previous image in the current order."""
        order = self.session.state.snapshot().order
        at = self._position(order)
        if at is None and order.size:
            self.session.opened = int(order[0])
        elif at is not None and 0 <= at + by < order.size:
            self.session.opened = int(order[at + by])

    @property
    def _row(self) -> dict[str, Any]:
        row: dict[str, Any] = self.session.state.table.images.row(self.session.opened, named=True)
        return row

    def _position(self, order: np.ndarray) -> int | None:
        found = np.flatnonzero(order == self.session.opened)
        return int(found[0]) if found.size else None

    def _open(self, *_: Any) -> None:
        self._image = None
        self._place()
        if self.session.opened is None:
            self._nothing()
            return
        columns = self.session.content.columns
        row = self._row
        self._more.markup = _folded(facts(row), Metrics=metrics(row, columns), Metadata=metadata_tree(row))
        self._ask(index=self._kept(row), image=None)

    def _kept(self, row: dict[str, Any]) -> PlaneIndex | None:
        """The same plane again, of an image with as many planes as the one before."""
        before = self._showing.image if self._showing else None
        sizes = {axis: row[f"size_{axis.lower()}"] or 1 for axis in STACK_AXES}
        alike = before is not None and all(before.sizes[axis] == n for axis, n in sizes.items())
        return self.picker.index if alike else None

    def _turn(self, _event: Any) -> None:
        """Another plane of the same image."""
        if not self._filling and self._image is not None:
            self._ask()

    def _stretch(self, *_events: Any) -> None:
        """The same plane with other contrast."""
        if not self._filling and self._showing is not None and self._showing.picture is not None:
            same = self._showing.picture.index == self.picker.index
            self._ask(picture=self._showing.picture if same else None)

    def _ask(self, **known: Any) -> None:
        found = {"index": self.picker.index, "image": self._image, "window": self.contrast.wanted} | known
        wish = Wish(self.session.opened, self._row["image_id"], **found)
        self._latest.ask(partial(take, wish, self.session.content.project))
        self.plane.busy = self._latest.busy

    def _show(self, shot: Shot) -> None:
        if shot.row != self.session.opened:
            return  # another image was opened meanwhile; its picture is on the way
        busy = self._latest.busy
        self._image, self._showing, self.trouble = shot.image, shot, shot.trouble
        if shot.image is None or shot.picture is None:
            self.plane.show_thumbnail(shot.data, f"{UNREAD}: {self._row['name']}", busy=busy)
            return
        said = f"{self._row['name']}, {plane_words(shot.image, shot.picture.index)}"
        self.plane.show(shot.picture, shot.image, shot.media, shot.data, said, busy=busy)
        if not busy:  # else the sliders are further on already
            self._filling = True
            try:
                self.picker.offer(shot.image, shot.picture.index)
                self.contrast.fit(shot.picture, shot.window)
            finally:
                self._filling = False

    def _nothing(self) -> None:
        self._showing = None
        self.trouble = self._more.markup = ""
        self.plane.clear()

    def _place(self, *_: Any) -> None:
        """Name, path and place in the current order."""
        if self.session.opened is None:
            self._head.markup = ""
            return
        row, order = self._row, self.session.state.snapshot().order
        at = self._position(order)
        place = "not among those shown" if at is None else f"{at + 1:,} of {order.size:,}"
        back = button("step", icon("back"), "Previous image", key="-1", off=at is None or at == 0)
        ahead = button(
            "step", icon("ahead"), "Next image", key="1", off=not order.size or at == order.size - 1
        )
        path = escape(row["path"])
        self._head.markup = (
            f'<div class="head"><div class="who">{heading(row)}</div>'
            f'<div class="walk">{back}<span>{place}</span>{ahead}</div></div>'
            f'<div class="where"><span class="path" title="{path}"><bdi>{path}</bdi></span>'
            f"{copy_button(row['uri'] or row['path'], 'Copy the full path')}</div>"
        )

    @param.depends("trouble", "session.opened")  # type: ignore[untyped-decorator]
    def _has_picture(self) -> bool:
        return self.session.opened is not None and not self.trouble

    def __panel__(self) -> Any:
        choices = stacked(self.picker, self.contrast, gap=8, visible=self._has_picture)
        trouble = alert(self, before=f"{UNREAD}: ")
        return stacked(self._head, self.plane, trouble, choices, self._more, gap=10, margin=16)


def _folded(above: str, **parts: str) -> str:
    """Parts that open and close below what is always shown."""
    return above + "".join(
        f'<details data-key="{name}"><summary>{name}</summary>{part}</details>'
        for name, part in parts.items()
    )
