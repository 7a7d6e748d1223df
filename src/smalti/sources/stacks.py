"""Files that are planes of one image: grouped by a template, one image a group."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, product
from math import gcd
from typing import Any

from smalti.core.errors import UsageError
from smalti.core.image import ImageRef, Stack
from smalti.sources.template import Hit, Template

__all__ = ["axes_of", "stacked"]

AXES = "tcz"


def axes_of(text: str, template: Template | None) -> tuple[str, ...]:
    """The axes that ``"t,z"`` asks for, in t, c, z order.

    Raises
    ------
    UsageError
        They are no axes of a stack, or the template does not name each of them.
    """
    given = [axis.strip().lower() for axis in text.split(",")]
    if not set(given) <= set(AXES) or len(set(given)) < len(given):
        raise UsageError(f"--stack-by {text}: give axes out of t, c, z, such as --stack-by z or t,c")
    named = {field.name for field in template.fields} if template else set()
    if missing := [axis for axis in AXES if axis in given and axis not in named]:
        raise UsageError(
            f"--stack-by {text} needs a template that names {', '.join(missing)}, such as "
            f"--group-template 'image_{missing[0]}{{{missing[0]}:int}}.tif'"
        )
    return tuple(axis for axis in AXES if axis in given)


@dataclass(frozen=True, slots=True)
class _Plane:
    """A file, and where it belongs in its stack."""

    ref: ImageRef
    at: tuple[Any, ...]


def stacked(
    refs: Sequence[ImageRef], template: Template, axes: Sequence[str]
) -> tuple[list[ImageRef], list[str]]:
    """References in which files that differ in `axes` only are one.

    The path of a stack is that of its files with the axes' names in braces, its size their sum, its time of
    change the newest. Positions along an axis are the values that its files have; of numbers, also those
    between them as long as no more than half are missing. A file that the template does not fit stays
    alone, and so does a second file of one position.

    Returns
    -------
    tuple of list
        The references sorted by path, and sentences on what did not fit.
    """
    groups: dict[tuple[str, str], list[_Plane]] = defaultdict(list)
    alone: list[ImageRef] = []
    for ref in refs:
        hits = template.match(ref.path)
        if hits is None or ref.uri.endswith("/"):
            alone.append(ref)
        else:
            key = _path_of_stack(ref.path, hits, axes)
            groups[key, ref.condition].append(_Plane(ref, tuple(hits[axis].value for axis in axes)))
    twice: list[ImageRef] = []
    found = [_stack(path, planes, axes, twice) for (path, _), planes in groups.items()]
    said = (
        [
            f"files that stand for the same position of a stack as another, left alone: {len(twice):,}, such "
            f"as {twice[0].path}"
        ]
        if twice
        else []
    )
    return sorted([*alone, *twice, *_with_own_paths(found)], key=lambda ref: ref.path), said


def _path_of_stack(path: str, hits: Mapping[str, Hit], axes: Sequence[str]) -> str:
    """The path with the text of each axis replaced by its name in braces."""
    for axis in sorted(axes, key=lambda axis: -hits[axis].start):
        hit = hits[axis]
        path = f"{path[: hit.start]}{{{axis}}}{path[hit.start + len(hit.text) :]}"
    return path


def _stack(path: str, planes: Sequence[_Plane], axes: Sequence[str], twice: list[ImageRef]) -> ImageRef:
    at: dict[tuple[Any, ...], ImageRef] = {}
    for plane in sorted(planes, key=lambda plane: plane.ref.path):
        if plane.at in at:
            twice.append(plane.ref)
        else:
            at[plane.at] = plane.ref
    positions = [_positions({key[number] for key in at}) for number in range(len(axes))]
    members = tuple(at[key].uri if key in at else "" for key in product(*positions))
    lengths = [len(positions[axes.index(axis)]) if axis in axes else 0 for axis in AXES]
    channels = positions[axes.index("c")] if "c" in axes else ()
    names = tuple(channels) if all(isinstance(name, str) for name in channels) else ()
    first = next(member for member in members if member)
    return replace(
        next(ref for ref in at.values() if ref.uri == first),
        path=path,
        size_bytes=sum(ref.size_bytes for ref in at.values()),
        mtime=max(ref.mtime for ref in at.values()),
        stack=Stack(members, (lengths[0], lengths[1], lengths[2]), names),
    )


def _positions(values: set[Any]) -> list[Any]:
    """Values in order, with the numbers that are missing in between."""
    ordered = sorted(values, key=_natural)
    if len(ordered) < 3 or not all(isinstance(value, int) for value in ordered):
        return ordered
    step = gcd(*(b - a for a, b in pairwise(ordered)))
    every = range(ordered[0], ordered[-1] + 1, step)
    return list(every) if len(every) <= 2 * len(ordered) else ordered


def _natural(value: Any) -> Any:
    """An order in which ``"c2"`` comes before ``"c10"``; numbers and dates by their size."""
    if not isinstance(value, str):
        return value
    return [
        (part.isdigit(), int(part) if part.isdigit() else 0, part) for part in re.split(r"([0-9]+)", value)
    ]


def _with_own_paths(refs: Sequence[ImageRef]) -> list[ImageRef]:
    """A stack that two conditions share is named after the condition too."""
    count = Counter(ref.path for ref in refs)
    return [
        replace(ref, path=f"{ref.path} ({ref.condition})") if count[ref.path] > 1 else ref for ref in refs
    ]
