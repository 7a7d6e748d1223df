"""The labelling widget in a notebook: a picture, a key, the next picture."""

from collections.abc import Sequence
from typing import Any

import anywidget
import numpy as np
import polars as pl
import traitlets

from smalti.core.home import at_home
from smalti.table.flags import FlagLog
from smalti.widgets._host import module
from smalti.widgets.feed import Reply
from smalti.widgets.label_feed import LabelFeed
from smalti.widgets.label_task import FLAGS, Flag, Task

__all__ = ["FLAGS", "Flag", "Labeller", "Task"]


class Labeller(anywidget.AnyWidget):  # type: ignore[misc]  # anywidget is untyped
    """Pictures to give flags to, by keyboard: in a grid or one by one.

    Every decision stands in the log as soon as it was made.

    Parameters
    ----------
    task
        What there is to label.
    log
        Where decisions go.
    who
        Who decides; the account's name where it is empty.
    height
        Of the widget, in screen pixels.

    Attributes
    ----------
    current
        The id of the item that is looked at; None when none is.

    Examples
    --------
    >>> labeller = patches.label()  # doctest: +SKIP
    >>> labeller.flags  # doctest: +SKIP
    >>> labeller.undo()  # doctest: +SKIP
    """

    _esm = module("label", "anywidget")

    height = traitlets.Int(640).tag(sync=True)
    current = traitlets.Unicode(None, allow_none=True)

    def __init__(self, task: Task, log: FlagLog, *, who: str = "", height: int = 640) -> None:
        self._feed = LabelFeed(task, log, who=who, moved=self._move)
        super().__init__(height=height, layout={"width": "100%"})
        self._at_home = at_home()
        self.on_msg(self._heard)

    @property
    def flags(self) -> pl.DataFrame:
        """What has a flag now; see `smalti.table.flags.FlagLog.state`."""
        return self._feed.log.state()

    @property
    def order(self) -> np.ndarray:
        """Rows of the task in the order they are shown, int64; can be set, what to label next first."""
        return self._feed.sequence()

    @order.setter
    def order(self, rows: np.ndarray) -> None:
        self._tell(self._feed.arrange(rows))

    def undo(self) -> bool:
        """Undo the last act of whoever labels here; whether there was one."""
        reply = self._feed.undo()
        if reply is not None:
            self._tell(reply)
        return reply is not None

    def _heard(self, _widget: Any, message: dict[str, Any], buffers: Sequence[Any]) -> None:
        self._at_home(lambda: self._tell(self._feed.answer(message, buffers)))

    def _tell(self, reply: Reply) -> None:
        self.send(reply.message, list(reply.buffers))

    def _move(self, row: int | None) -> None:
        self.current = None if row is None else self._feed.task.ids[row]
