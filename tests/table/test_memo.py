from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import numpy as np
import pytest

from smalti.table.memo import Memo


def test_a_value_is_made_once_however_many_ask_at_once():
    memo, made, together = Memo(), [], Barrier(8)
    go_on = Event()

    def make():
        made.append(1)
        go_on.wait(5)
        return "value"

    def ask(place):
        together.wait(5)
        if place == 7:
            go_on.set()
        return memo.get("key", make)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))) == ["value"] * 8
    assert len(made) == 1


def test_what_was_asked_for_longest_ago_is_dropped_first():
    memo, made = Memo(most_bytes=4500), []

    def ask(key):
        return memo.get(key, lambda: (made.append(key), np.zeros(1000, np.uint8))[1])

    for key in ("a", "b", "a", "c", "a", "b"):
        ask(key)
    assert made == ["a", "b", "c", "b"]


def test_an_error_is_raised_and_not_kept():
    memo = Memo()
    with pytest.raises(ZeroDivisionError):
        memo.get("key", lambda: 1 / 0)
    assert memo.get("key", lambda: 3) == 3
