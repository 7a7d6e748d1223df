"""What the labelling widget asks for, answered from a task and its decision log; knows no host."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from threading import RLock
from typing import Any

import numpy as np

from smalti.core.errors import SmaltiError, UsageError
from smalti.core.words import plural
from smalti.processing.frames import reason
from smalti.table.flags import FlagLog, usual_who
from smalti.widgets.feed import Reply
from smalti.widgets.label_task import GIVEN, Task

__all__ = ["LabelFeed"]

RENEW = 16
"""Decisions after which the order is made anew: what is least certain changes with what was said."""

REMEMBERED = 256
"""Answers kept for messages that are sent again because theirs was lost: none is carried out twice."""

ACTS = ("decide", "undo")


class LabelFeed:
    """Answers one widget's questions and writes its decisions down.

    Parameters
    ----------
    task
        What there is to label.
    log
        Where decisions go.
    who
        Who decides; the account's name where it is empty.
    moved
        Called with the row that is looked at, None when none is.
    """

    def __init__(
        self,
        task: Task,
        log: FlagLog,
        *,
        who: str = "",
        moved: Callable[[int | None], None] = lambda row: None,
    ) -> None:
        self.task, self.log, self.who = task, log, who or usual_who()
        self._moved = moved
        self._order_name = task.order_names[0]
        self._order = task.order
        self._told = np.zeros(len(task), np.uint8)
        self._since = 0
        self._done: OrderedDict[Any, Reply] = OrderedDict()
        self._alone = RLock()

    def answer(self, message: Mapping[str, Any], buffers: Sequence[Any] = ()) -> Reply:
        """Answer a message; a wish that cannot be fulfilled is answered with the reason in words.

        May be called in any thread. An act that comes twice under one id is carried out once.
        """
        kind, number, known = str(message.get("type")), message.get("id"), self._known()
        if kind not in ACTS:
            return self._replied(kind, known, message, buffers)
        with self._alone:
            if number not in self._done:
                self._done[number] = self._replied(kind, known, message, buffers)
                while len(self._done) > REMEMBERED:
                    self._done.popitem(last=False)
            return self._done[number]

    def take(self, task: Task) -> Reply:
        """Go on with another task; what a widget must be told."""
        with self._alone:
            if self._order_name not in task.order_names:
                self._order_name = task.order_names[0]
            self.task, self._order, self._since = task, task.order, 0
            self._told = np.zeros(len(task), np.uint8)
        return Reply({"type": "renew"})

    def arrange(self, order: np.ndarray) -> Reply:
        """Take another order for the first one there is; what a widget must be told.

        Raises
        ------
        UsageError
            It holds rows that are not there, or the task came without an order.
        """
        if self.task.order is None:
            raise UsageError(f"the task has no order but {GIVEN!r}; make one with Task(order=...)")
        self._order, self._order_name = self.task.checked(order), self.task.order_names[0]
        return self._sequence_reply()

    def undo(self) -> Reply | None:
        """Undo the last act of this person; what a widget must be told, None where there is none."""
        with self._alone:
            undone = self.log.undo(self.who)
            if undone is None:
                return None
            self._since += 1
            return self._changed({"type": "undone", "row": self.task.rows.get(undone.id, -1)})

    def sequence(self) -> np.ndarray:
        """All rows in the order chosen; of one that says what to label next, what has a flag comes before."""
        if self._order_name == GIVEN:
            return np.arange(len(self.task))
        if self._order_name == self.task.by_group:
            return np.argsort(self.task.group_index, kind="stable")
        assert self._order is not None
        rows = self.task.rows
        flagged = np.array([rows[one] for one in self.log.state()["id"] if one in rows], np.int64)
        coming = self._order[~np.isin(self._order, flagged)]
        others = np.setdiff1d(np.arange(len(self.task)), np.concatenate([flagged, coming]))
        return np.concatenate([flagged, coming, others])

    # ---- what is asked

    def _known(self) -> dict[str, Callable[[Mapping[str, Any], list[bytes]], Reply]]:
        return {
            "hello": self._hello,
            "item": self._item,
            "decide": self._decide,
            "undo": self._undo,
            "order": self._arranged,
            "at": self._at,
        }

    def _replied(
        self,
        kind: str,
        known: Mapping[str, Callable[[Mapping[str, Any], list[bytes]], Reply]],
        message: Mapping[str, Any],
        buffers: Sequence[Any],
    ) -> Reply:
        try:
            if kind not in known:
                raise UsageError(f"the labeller was asked for {kind!r}; it knows {', '.join(known)}")
            reply = known[kind](message, [bytes(buffer) for buffer in buffers])
        except SmaltiError as error:
            reply = Reply({"type": "trouble", "words": str(error)})
        return Reply(reply.message | {"answers": message.get("id")}, reply.buffers)

    def _hello(self, _message: Mapping[str, Any], _buffers: list[bytes]) -> Reply:
        task = self.task
        with self._alone:
            self._told, sequence = self._codes(), self.sequence()
            about = {
                "type": "hello",
                "title": task.title,
                "item": task.item,
                "items": plural(task.item, 2),
                "group": task.group,
                "who": self.who,
                "flags": [asdict(flag) for flag in task.flags],
                "groups": task.group_names,
                "orders": task.order_names,
                "order": self._order_name,
                "afterwards": list(task.afterwards),
            }
            buffers = (sequence.astype("<i4").tobytes(), self._told.tobytes())
        return Reply(about, (*buffers, task.group_index.astype("<i4").tobytes()))

    def _item(self, message: Mapping[str, Any], _buffers: list[bytes]) -> Reply:
        """Name, group and score of an item, and its picture or why there is none."""
        task, row = self.task, self._row(message)
        about: dict[str, Any] = {"type": "item", "name": task.names[row], "group": task.groups[row]}
        score = np.nan if task.scores is None else float(task.scores[row])
        about |= {"key": task.ids[row], "score": score if np.isfinite(score) else None, "error": ""}
        try:
            picture = task.picture(row)
        except Exception as error:  # a reader may raise anything; one bad item costs only itself
            return Reply(about | {"error": reason(error)})
        kind = "image/png" if picture.startswith(b"\x89PNG") else "image/jpeg"
        return Reply(about | {"mime": kind}, [picture])

    def _decide(self, message: Mapping[str, Any], buffers: list[bytes]) -> Reply:
        """Write a flag down, or that one is taken away."""
        flag, rows = message.get("flag"), np.frombuffer(buffers[0] if buffers else b"", "<i4")
        if flag is not None and flag not in (one.name for one in self.task.flags):
            known = ", ".join(one.name for one in self.task.flags)
            raise UsageError(f"flag {flag!r}; choose one of {known}")
        if not len(rows) or rows.min() < 0 or rows.max() >= len(self.task):
            raise UsageError("rows that the task does not have; load the page anew")
        ids = [self.task.ids[row] for row in rows.tolist()]
        self.log.decide(ids, flag, who=self.who, because=f"labelling, {self._order_name}")
        self._since += len(ids)
        return self._changed({"type": "decided", "stale": self._is_stale()})

    def _undo(self, _message: Mapping[str, Any], _buffers: list[bytes]) -> Reply:
        return self.undo() or Reply({"type": "undone", "row": None})

    def _arranged(self, message: Mapping[str, Any], _buffers: list[bytes]) -> Reply:
        """Another order, or the same made anew."""
        name, task = message.get("name"), self.task
        if name not in task.order_names:
            raise UsageError(f"order {name!r}; choose one of {', '.join(task.order_names)}")
        self._order_name = str(name)
        if task.reorder is not None and name == task.order_name and self._since:
            self._since = 0
            self._order = task.checked(task.reorder())
        return self._sequence_reply()

    def _at(self, message: Mapping[str, Any], _buffers: list[bytes]) -> Reply:
        self._moved(None if message.get("row") is None else self._row(message))
        return Reply({"type": "done"})

    # ---- what holds

    def _is_stale(self) -> bool:
        task = self.task
        return task.reorder is not None and self._order_name == task.order_name and self._since >= RENEW

    def _codes(self) -> np.ndarray:
        """Number of each item's flag, from 1; 0 for none, also for one that is not to choose here; uint8."""
        numbers = {flag.name: number for number, flag in enumerate(self.task.flags, start=1)}
        codes, rows = np.zeros(len(self.task), np.uint8), self.task.rows
        for one, flag in self.log.state().select("id", "flag").iter_rows():
            if one in rows:
                codes[rows[one]] = numbers.get(flag, 0)
        return codes

    def _changed(self, said: dict[str, Any]) -> Reply:
        """With rows whose flags are others than was told last, whoever gave them."""
        codes = self._codes()
        rows = np.flatnonzero(codes != self._told)
        self._told = codes
        return Reply(said, [rows.astype("<i4").tobytes(), codes[rows].tobytes()])

    def _sequence_reply(self) -> Reply:
        sequence = self.sequence().astype("<i4").tobytes()
        return Reply({"type": "order", "name": self._order_name}, [sequence])

    def _row(self, message: Mapping[str, Any]) -> int:
        row = message.get("row")
        if not isinstance(row, int) or not 0 <= row < len(self.task):
            raise UsageError(f"row {row} of {len(self.task)}; load the page anew")
        return row
