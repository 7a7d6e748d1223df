"""What a look at a base finds."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from smalti.core.columns import Column
from smalti.core.image import ImageRef

__all__ = ["Found", "in_order", "nothing"]


@dataclass(frozen=True, slots=True)
class Found:
    """What lies below a base.

    Parameters
    ----------
    refs
        One reference a file, Zarr store or stack of files, sorted by path.
    clutter
        How many other things there are, by name: ``.DS_Store``, ``*.csv``, ``.git``, ``broken symlink``.
    conditions
        Names of the conditions, in the order asked for.
    problems
        Sentences on folders that could not be entered, loops, and conditions without an image.
    columns
        Columns that come with the files: of a table of paths, a template, joined metadata.
    facts
        ``path`` and the values of `columns`, one row a reference; None without columns.
    """

    refs: tuple[ImageRef, ...]
    clutter: dict[str, int]
    conditions: tuple[str, ...]
    problems: tuple[str, ...]
    columns: tuple[Column, ...] = ()
    facts: pl.DataFrame | None = None


def in_order(
    refs: Iterable[ImageRef], clutter: Counter[str], conditions: Sequence[str], problems: Iterable[str]
) -> Found:
    """Everything sorted; a condition without an image of its own is said."""
    refs = tuple(sorted(refs, key=lambda ref: ref.path))
    names = tuple(dict.fromkeys(conditions))
    filled = {ref.condition for ref in refs}
    empty = [f"condition {name}: no image of its own" for name in names if name not in filled]
    return Found(refs, dict(sorted(clutter.items())), names, (*problems, *empty))


def nothing(where: str, clutter: Counter[str], problems: Sequence[str], extensions: Iterable[str]) -> str:
    """One sentence on what is there instead of images."""
    count = clutter.total()
    reasons = "".join(f"; {problem}" for problem in problems[:3])
    if not count:
        return f"{where} is empty: not one file in it or its sub-folders{reasons}"
    wanted = ", ".join(sorted(extensions))
    asked = f" with extension {wanted}" if wanted else ""
    items = "1 other item" if count == 1 else f"{count:,} other items"
    held = ", ".join(f"{number:,} {name}" for name, number in clutter.most_common(8))
    return f"{where} holds no image{asked}, but {items}: {held}{reasons}"
