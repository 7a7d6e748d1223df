"""Selections: what was picked, how, and what that did to the selection before."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np

from smalti.core.errors import UnknownNameError

__all__ = ["HOWS", "Mode", "Pick", "combined", "picked_with", "row_set"]

Mode = Literal["replace", "add", "subtract", "toggle"]
"""What a pick does to the selection before it."""

HOWS = ("box", "lasso", "rule", "click", "code")
"""How a pick was made; clicks and code give rows, the others a rule."""


@dataclass(frozen=True, slots=True)
class Pick:
    """One step of a selection.

    Parameters
    ----------
    how
        One of `HOWS`.
    mode
        What it does to the selection before it.
    text
        The rule, as `smalti.table.expression` reads it; empty where rows were picked one by one.
    rows
        int32 row numbers, ascending and unique, as bytes: comparable, and 4 bytes a row.
    said
        The pick in words, for a box or lasso: ``"mean × std"``.
    """

    how: str
    mode: Mode = "replace"
    text: str = ""
    rows: bytes = field(default=b"", repr=False)
    said: str = ""

    def __post_init__(self) -> None:
        if self.how not in HOWS:
            raise UnknownNameError("way to select", self.how, HOWS)
        if self.mode not in get_args(Mode):
            raise UnknownNameError("mode", self.mode, get_args(Mode))

    @property
    def row_numbers(self) -> np.ndarray:
        """int32, (n,): rows picked one by one."""
        return np.frombuffer(self.rows, np.int32)

    @property
    def words(self) -> str:
        """How it was made: ``"box on mean × std"``."""
        if self.text:
            return f"{self.how} on {self.said}" if self.said else f"rule {self.text}"
        n = len(self.rows) // 4
        return f"{n:,} {'image' if n == 1 else 'images'} by {self.how}"


def row_set(rows: np.ndarray) -> bytes:
    """Row numbers as a `Pick` keeps them."""
    return np.unique(rows).astype(np.int32).tobytes()


def picked_with(picks: tuple[Pick, ...], pick: Pick) -> tuple[Pick, ...]:
    """A selection after one more pick; picks of single rows that follow each other become one."""
    if pick.mode == "replace" or not picks:
        if pick.mode == "subtract":
            return ()
        return (Pick(pick.how, "replace", pick.text, pick.rows, pick.said),)
    last = picks[-1]
    if pick.text or last.text or last.mode not in ("replace", "add"):
        return (*picks, pick)
    if last.mode == "add" and pick.mode != "add":
        return (*picks, pick)  # subtracting from what was added would leave what a rule chose before
    rows = _SETS[pick.mode](last.row_numbers, pick.row_numbers)
    merged = Pick(pick.how, last.mode, "", row_set(rows))
    return (*picks[:-1], merged)


_SETS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "add": np.union1d,
    "subtract": np.setdiff1d,
    "toggle": np.setxor1d,
}


def combined(mode: Mode, before: np.ndarray, these: np.ndarray) -> np.ndarray:
    """Rows selected after a pick of `these`; bool, one for each row."""
    found: np.ndarray = these
    if mode == "add":
        found = before | these
    elif mode == "subtract":
        found = before & ~these
    elif mode == "toggle":
        found = before ^ these
    return found
