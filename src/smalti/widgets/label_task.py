"""What there is to label: items with their pictures, the flags to choose from, and in which order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from smalti.core.errors import UsageError
from smalti.table.flags import KEEP, REJECT, UNSURE

__all__ = ["FLAGS", "GIVEN", "Flag", "Task"]

GIVEN = "as they lie"
"""Name of the order of the task itself."""

TAKEN = frozenset("uzgao? ")
"""Keys that mean something else in the widget."""


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag to choose.

    Parameters
    ----------
    key
        Keys that give it, a character each: ``"1k"``.
    name
        As it stands in the log.
    colour
        ``"#rrggbb"``, one that people with any colour vision tell apart from the others.
    glyph
        A sign that tells it apart without colour.
    """

    key: str
    name: str
    colour: str
    glyph: str


FLAGS = (
    Flag("1k", KEEP, "#009E73", "✓"),
    Flag("2r", REJECT, "#D55E00", "✕"),
    Flag("3x", UNSURE, "#E69F00", "?"),
)
"""The usual flags, in colours of Okabe & Ito (2008)."""


@dataclass(frozen=True)
class Task:
    """Items to label.

    Parameters
    ----------
    ids, names, groups
        One of each an item; groups are to be labelled evenly, such as datasets.
    picture
        Makes the picture of an item, JPEG or PNG; raises what says why it cannot.
    order
        Rows, what to label next first, int64; it need not hold all. None for as they lie.
    scores
        Of a filter, 0 to 1, NaN where there is none; None without any.
    flags
        To choose from.
    order_name
        What `order` is called.
    reorder
        Makes the order anew of what was decided until now; None where it stays as it is.
    title, item, group
        What is labelled, for people: of the whole, of one, and of what they belong to.
    afterwards
        What to do when all have a flag: a sentence, and a command or "".

    Raises
    ------
    UsageError
        Lengths differ, rows or keys cannot be.
    """

    ids: Sequence[str]
    names: Sequence[str]
    groups: Sequence[str]
    picture: Callable[[int], bytes] = field(repr=False)
    order: np.ndarray | None = None
    scores: np.ndarray | None = None
    flags: tuple[Flag, ...] = FLAGS
    order_name: str = "uncertain first"
    reorder: Callable[[], np.ndarray] | None = field(default=None, repr=False)
    title: str = "patches"
    item: str = "patch"
    group: str = "dataset"
    afterwards: tuple[str, str] = ("", "")

    def __post_init__(self) -> None:
        lengths = {"names": self.names, "groups": self.groups, "scores": self.scores}
        for name, values in lengths.items():
            if values is not None and len(values) != len(self):
                raise UsageError(f"{len(values):,} {name} of {len(self):,} items; give one each")
        keys = "".join(flag.key for flag in self.flags)
        if not self.flags or len(set(keys)) < len(keys) or TAKEN & set(keys):
            taken = " ".join(sorted(TAKEN - {" "}))
            raise UsageError(f"keys of flags are {keys!r}; give each its own, and none of: {taken} or space")
        if self.order is not None:
            self.checked(self.order)

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def rows(self) -> Mapping[str, int]:
        """Row of each id."""
        return {one: row for row, one in enumerate(self.ids)}

    @cached_property
    def group_names(self) -> list[str]:
        """Each group once, by name."""
        return sorted(set(self.groups))

    @cached_property
    def group_index(self) -> np.ndarray:
        """Number of each item's group, int32."""
        numbers = {name: number for number, name in enumerate(self.group_names)}
        return np.array([numbers[name] for name in self.groups], np.int32)

    @property
    def order_names(self) -> list[str]:
        """Orders to choose from, the first one first."""
        own = [] if self.order is None else [self.order_name]
        return [*own, GIVEN, *([self.by_group] if len(self.group_names) > 1 else [])]

    @property
    def by_group(self) -> str:
        """Name of the order that goes through one group after another."""
        return f"one {self.group} after another"

    def checked(self, order: np.ndarray) -> np.ndarray:
        """An order as int64; raises UsageError for rows that are not there or come twice."""
        rows = np.asarray(order, np.int64)
        if len(rows) and (rows.min() < 0 or rows.max() >= len(self) or len(np.unique(rows)) < len(rows)):
            raise UsageError(f"an order holds rows twice, or others than 0 to {len(self) - 1:,}")
        return rows
