"""The labelling widget on a page: the same script as in a notebook, over Panel's own channel."""

from typing import Any

from panel.custom import JSComponent

from smalti.app.feed_pane import Answering
from smalti.app.loop import scheduler
from smalti.app.theme import UNBOUNDED
from smalti.table.flags import FlagLog
from smalti.widgets._host import module
from smalti.widgets.label_feed import LabelFeed
from smalti.widgets.label_task import Task

__all__ = ["LabelPane"]


class LabelPane(Answering, JSComponent):  # type: ignore[misc]  # panel is untyped
    """Pictures to give flags to, as a part of a page.

    Parameters
    ----------
    task, log, who
        As `smalti.widgets.label.Labeller` takes them.
    **options
        Panel's, for layout.
    """

    _esm = module("label", "panel")
    slow = ("item", "order")  # a picture may lie in a large volume; an order may need a model

    def __init__(self, task: Task, log: FlagLog, *, who: str = "", **options: Any) -> None:
        super().__init__(**({"margin": 0, "sizing_mode": "stretch_both", "styles": UNBOUNDED} | options))
        self._feed = LabelFeed(task, log, who=who)
        self._answer = self._feed.answer
        self._soon = scheduler()

    @property
    def task(self) -> Task:
        """What there is to label; can be set."""
        return self._feed.task

    @task.setter
    def task(self, task: Task) -> None:
        self._give(self._feed.take(task))
