"""Text fields that act when Enter is pressed."""

from collections.abc import Callable
from typing import Any

__all__ = ["on_enter"]

DEBOUNCE = 5
"""Milliseconds Panel waits for more keys; its 50 would show what was typed too late."""


def on_enter(field: Any, done: Callable[[], None]) -> None:
    """Call `done` once the value of a Material text field is the one that Enter was pressed on.

    The browser tells of the key before it sends the value, so the value is waited for; where it was sent
    before, when the field lost the focus, no other comes.
    """
    waiting = False

    def pressed(_event: Any) -> None:
        nonlocal waiting
        waiting = not field.value or field.value != field.value_input
        if not waiting:
            done()

    def changed(_event: Any) -> None:
        nonlocal waiting
        if waiting:
            waiting = False
            done()

    field._debounce = DEBOUNCE
    field.param.watch(pressed, "enter_pressed")
    field.param.watch(changed, "value")
