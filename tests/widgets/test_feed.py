"""What a mosaic asks, and what it is told."""

from collections.abc import Callable

import imagecodecs
import numpy as np
import pytest

from smalti.core.errors import UnknownNameError, UsageError
from smalti.table.view import ViewState
from smalti.widgets.feed import Feed, Reply
from smalti.widgets.look import Look
from smalti.widgets.sheets import Sheets

Flat = Callable[..., tuple[ViewState, Sheets]]


@pytest.fixture
def state_and_feed(flat: Flat) -> tuple[ViewState, Feed]:
    state, sheets = flat({"a": 10, "b": 200, "c": 120, "d": -1, "e": 60})
    feed = Feed(state, sheets, title="greys")
    feed.change(state.snapshot())
    return state, feed


def ask(feed: Feed, type: str, rows: list[int] | None = None, **fields: object) -> Reply:
    buffers = [] if rows is None else [np.array(rows, "<i4").tobytes()]
    return feed.answer({"type": type, "id": "x-1", **fields}, buffers)


def test_the_first_answer_tells_all(state_and_feed: tuple[ViewState, Feed]) -> None:
    told = ask(state_and_feed[1], "hello")
    assert told.message["answers"] == "x-1"
    assert told.message["n"] == 5
    status, sizes, order, _group, picked = told.buffers
    assert [told.message["statuses"][code] for code in status] == ["ok", "ok", "ok", "unreadable", "ok"]
    assert np.frombuffer(sizes, np.uint8).reshape(-1, 2)[:, 0].tolist() == [32, 32, 32, 0, 32]
    assert np.frombuffer(order, "<i4").tolist() == [0, 1, 2, 3, 4]
    assert not any(picked)


def test_a_sheet_holds_the_rows_in_the_order_asked(state_and_feed: tuple[ViewState, Feed]) -> None:
    reply = ask(state_and_feed[1], "sheet", [1, 0], tile=16, contrast="image", channel=0)
    assert reply.message["columns"] == 2
    sheet = imagecodecs.jpeg8_decode(reply.buffers[0])
    assert sheet[8, 8] == pytest.approx(200, abs=3)
    assert sheet[8, 24] == pytest.approx(10, abs=3)


def test_what_is_selected_on_screen_is_selected_in_python(state_and_feed: tuple[ViewState, Feed]) -> None:
    state, feed = state_and_feed
    assert ask(feed, "select", [2, 0], mode="replace").message["revision"] == state.revision
    assert state.selected["image_id"].to_list() == ["a", "c"]
    ask(feed, "select", [0], mode="toggle")
    ask(feed, "select", [4], mode="add")
    assert state.selected["image_id"].to_list() == ["c", "e"]
    ask(feed, "select", [], mode="replace")
    assert state.selected.height == 0


def test_what_is_selected_in_python_is_told_and_nothing_else(state_and_feed: tuple[ViewState, Feed]) -> None:
    state, feed = state_and_feed
    state.select(["b", "e"])
    told = feed.change(state.snapshot())
    assert told is not None
    assert told.message["parts"] == ["picked"]
    assert np.unpackbits(np.frombuffer(told.buffers[0], np.uint8))[:5].tolist() == [0, 1, 0, 0, 1]
    assert feed.change(state.snapshot()) is None


def test_order_and_groups_are_told_when_they_change(state_and_feed: tuple[ViewState, Feed]) -> None:
    state, feed = state_and_feed
    ask(feed, "arrange", sort_by="grey", descending=True)
    ask(feed, "arrange", group_by="status")
    told = feed.change(state.snapshot())
    assert told is not None
    assert told.message["parts"] == ["order", "group_index"]
    assert np.frombuffer(told.buffers[0], "<i4").tolist() == [1, 2, 4, 0, 3]
    assert [group["name"] for group in told.message["groups"]] == ["ok", "unreadable"]
    colours = {group["name"]: group["colour"] for group in told.message["groups"]}
    state.add_filter("status", "==", "unreadable")
    again = feed.change(state.snapshot())
    assert again is not None
    assert {group["name"]: group["colour"] for group in again.message["groups"]} == colours


def test_a_card_says_what_the_image_is(state_and_feed: tuple[ViewState, Feed]) -> None:
    state, feed = state_and_feed
    state.sort_by = "grey"
    card = ask(feed, "card", row=1, tile=128, contrast="image", channel=0)
    assert card.message["name"] == "b"
    assert ["grey", 200, ""] in card.message["values"]
    assert imagecodecs.jpeg8_decode(card.buffers[0]).shape == (128, 128)
    assert ask(feed, "card", row=3, tile=128, contrast="image", channel=0).buffers == []


def test_a_click_opens(flat: Flat) -> None:
    opened: list[int] = []
    feed = Feed(*flat({"a": 10, "b": 20}), opened=opened.append)
    ask(feed, "open", row=1)
    assert opened == [1]


@pytest.mark.parametrize(
    ("type", "rows", "fields"),
    [
        ("sheat", None, {}),
        ("sheet", [9], {"tile": 16, "contrast": "image"}),
        ("sheet", [-1], {"tile": 16, "contrast": "image"}),
        ("sheet", [0], {"tile": 17, "contrast": "image"}),
        ("sheet", [0], {"tile": 16, "contrast": "some"}),
        ("select", [0], {"mode": "maybe"}),
        ("select", [7], {"mode": "add"}),
        ("card", None, {"row": 5, "tile": 0}),
        ("open", None, {"row": -1}),
        ("arrange", None, {"sort_by": "gray"}),
    ],
)
def test_a_wrong_question_is_answered_in_words(
    state_and_feed: tuple[ViewState, Feed], type: str, rows: list[int] | None, fields: dict[str, object]
) -> None:
    state, feed = state_and_feed
    before = state.revision
    answer = ask(feed, type, rows, **fields)
    assert answer.message["type"] == "trouble"
    assert answer.message["answers"] == "x-1"
    assert answer.message["words"]
    assert state.revision == before


def test_shared_contrast_follows_the_groups(state_and_feed: tuple[ViewState, Feed]) -> None:
    state, feed = state_and_feed
    state.group_by = "status"
    sheet = ask(feed, "sheet", [1], tile=16, contrast="group", channel=0).buffers[0]
    assert imagecodecs.jpeg8_decode(sheet)[8, 8] == pytest.approx(200, abs=3)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"contrast": "al"}, UnknownNameError),
        ({"grouping": "section"}, UnknownNameError),
        ({"tile": 300}, UsageError),
        ({"channel": -1}, UsageError),
    ],
)
def test_a_look_that_does_not_exist_is_refused(wrong: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        Look(**wrong)  # type: ignore[arg-type]
