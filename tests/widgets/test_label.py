"""What the labelling widget asks, and what is written down."""

import json
from dataclasses import replace

import numpy as np
import pytest

from smalti.core.errors import SmaltiError, UsageError
from smalti.table.flags import FILE_NAME, FlagLog
from smalti.widgets._host import module
from smalti.widgets.label import Labeller
from smalti.widgets.label_feed import RENEW, LabelFeed
from smalti.widgets.label_task import GIVEN, Flag, Task

PNG = b"\x89PNG and so on"


def picture(row):
    if row == 2:
        raise SmaltiError("patch2.tif cannot be read: it is gone")
    return PNG


@pytest.fixture
def task():
    return Task(
        ids=[f"id{row}" for row in range(6)],
        names=[f"patch {row}" for row in range(6)],
        groups=["em1", "em0", "em1", "em0", "em1", "em0"],
        picture=picture,
        order=np.array([4, 1]),
        scores=np.array([0.25, np.nan, 0.5, 0.5, 0.5, 0.5]),
        title="six",
    )


@pytest.fixture
def log(tmp_path):
    return FlagLog(tmp_path / FILE_NAME)


@pytest.fixture
def feed(task, log):
    return LabelFeed(task, log, who="ann")


def ask(feed, kind, rows=None, number="x-1", **fields):
    buffers = [] if rows is None else [np.array(rows, "<i4").tobytes()]
    return feed.answer({"type": kind, "id": number, **fields}, buffers)


def rows_of(reply, at=0):
    return np.frombuffer(reply.buffers[at], "<i4").tolist()


def test_the_first_answer_tells_all(feed, log):
    log.decide("id5", "reject", who="bob")
    told = ask(feed, "hello")
    assert json.dumps(told.message)
    assert told.message["groups"] == ["em0", "em1"]
    assert told.message["orders"] == ["uncertain first", GIVEN, "one dataset after another"]
    assert rows_of(told) == [5, 4, 1, 0, 2, 3]  # what has a flag, what is next, all others
    assert list(told.buffers[1]) == [0, 0, 0, 0, 0, 2]
    assert rows_of(told, 2) == [1, 0, 1, 0, 1, 0]


def test_a_decision_is_written_down_with_the_order_that_led_there(feed, log):
    ask(feed, "hello")
    told = ask(feed, "decide", [4, 1], flag="keep")
    assert rows_of(told) == [4, 1][::-1]
    assert list(told.buffers[1]) == [1, 1]
    assert {(one.who, one.flag, one.because) for one in log.decisions()} == {
        ("ann", "keep", "labelling, uncertain first")
    }
    ask(feed, "decide", [4], number="x-2", flag=None)
    assert log.state()["id"].to_list() == ["id1"]


def test_an_act_that_comes_twice_is_carried_out_once(feed, log):
    ask(feed, "hello")
    assert ask(feed, "decide", [4], flag="keep") == ask(feed, "decide", [4], flag="keep")
    assert len(log.decisions()) == 1


def test_undo_goes_back_as_far_as_the_log(task, log):
    for row in (3, 1):
        log.decide(task.ids[row], "keep", who="ann")
    feed = LabelFeed(task, log, who="ann")
    ask(feed, "hello")
    undone = [ask(feed, "undo", number=str(k)).message["row"] for k in range(3)]
    assert undone == [1, 3, None]
    assert not log.state().height


def test_what_somebody_else_decided_meanwhile_is_told_too(feed, log):
    ask(feed, "hello")
    log.decide("id0", "unsure", who="bob")
    assert rows_of(ask(feed, "decide", [4], flag="reject")) == [0, 4]


def test_an_item_comes_with_its_picture_or_why_there_is_none(feed):
    item = ask(feed, "item", row=0)
    assert (item.message["key"], item.message["score"], item.message["mime"]) == ("id0", 0.25, "image/png")
    assert item.buffers == [PNG]
    assert ask(feed, "item", row=1).message["score"] is None
    lost = ask(feed, "item", row=2)
    assert lost.message["error"] == "patch2.tif cannot be read: it is gone"
    assert not lost.buffers


def test_orders_are_chosen_by_name(feed):
    ask(feed, "hello")
    assert rows_of(ask(feed, "order", name=GIVEN)) == [0, 1, 2, 3, 4, 5]
    assert rows_of(ask(feed, "order", name="one dataset after another")) == [1, 3, 5, 0, 2, 4]
    assert "choose one of" in ask(feed, "order", name="by chance").message["words"]


def test_the_order_is_made_anew_when_much_was_decided(task, log):
    made = []
    ids = [f"id{row}" for row in range(40)]
    order = np.arange(40)
    reorder = lambda: made.append(1) or order[::-1]  # noqa: E731
    long = replace(task, ids=ids, names=ids, groups=["em"] * 40, scores=None, order=order, reorder=reorder)
    feed = LabelFeed(long, log)
    ask(feed, "hello")
    assert not ask(feed, "decide", range(RENEW - 1), flag="keep").message["stale"]
    assert ask(feed, "decide", [RENEW], number="x-2", flag="keep").message["stale"]
    assert rows_of(ask(feed, "order", name="uncertain first"))[RENEW:][:2] == [39, 38]
    ask(feed, "order", name="uncertain first")
    assert made == [1]  # nothing was decided since


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"type": "dance"}, "it knows hello"),
        ({"type": "item", "row": 6}, "row 6 of 6"),
        ({"type": "item", "row": None}, "row None of 6"),
        ({"type": "decide", "flag": "good"}, "choose one of keep, reject, unsure"),
        ({"type": "decide", "flag": "keep"}, "rows that the task does not have"),
    ],
)
def test_what_cannot_be_done_is_answered_in_words(feed, message, words):
    told = feed.answer({**message, "id": "x-9"})
    assert told.message["type"] == "trouble"
    assert words in told.message["words"]
    assert told.message["answers"] == "x-9"


def test_a_task_says_what_it_cannot_be(task):
    with pytest.raises(UsageError, match="5 names of 6 items"):
        replace(task, names=task.names[:5])
    with pytest.raises(UsageError, match="rows twice, or others than 0 to 5"):
        replace(task, order=np.array([0, 0]))
    with pytest.raises(UsageError, match="none of"):
        replace(task, flags=(Flag("u", "unsharp", "#0072B2", "~"),))


def test_the_widget_gives_flags_order_and_place_back(task, log):
    labeller = Labeller(task, log, who="ann", height=300)
    sent = []
    labeller.send = lambda message, buffers=None: sent.append(message)
    for message in ({"type": "hello", "id": "a"}, {"type": "at", "id": "b", "row": 4}):
        labeller._heard(labeller, message, [])
    assert labeller.current == "id4"
    labeller._heard(labeller, {"type": "decide", "id": "c", "flag": "keep"}, [np.array([4], "<i4").tobytes()])
    assert labeller.flags["id"].to_list() == ["id4"]
    labeller.order = np.array([0, 3])
    assert labeller.order.tolist() == [4, 0, 3, 1, 2, 5]
    assert [labeller.undo(), labeller.undo()] == [True, False]
    assert [one["type"] for one in sent] == ["hello", "done", "decided", "order", "undone"]


@pytest.mark.parametrize("host", ["anywidget", "panel"])
@pytest.mark.parametrize("name", ["label", "mosaic"])
def test_a_module_has_no_imports_left(name, host):
    text = module(name, host)
    assert "import {" not in text
    assert text.count("function talk(") == 1
