"""By how much each level is smaller than the one before it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from smalti.core.errors import UsageError
from smalti.kernels.pyramid import coarse_shape

__all__ = ["Factors", "all_factors", "parse_factors"]

Factors = Sequence[int | Mapping[str, int]]
"""For each level after the first a number for z, y and x, or a number by the name of an axis."""

SHORT_SIDE = 256
"""Levels are halved until the shorter of height and width is below this."""

_SPACE = "zyx"
_ASKED = "give a whole number a level, such as 2,2, or one by axis, such as z1y2x2"


def parse_factors(text: str) -> Factors:
    """``"2,4"`` or ``"2 4"``, or by axis ``"z1y2x2,z2y2x2"``: a part for each level after the first.

    Raises
    ------
    UsageError
        It is neither.
    """
    return [_parsed(part) for part in re.split(r"\s*,\s*|\s+", text.lower().strip())]


def _parsed(text: str) -> int | dict[str, int]:
    if text.isdecimal():
        return int(text)
    if not re.fullmatch(r"([a-z]\d+)+", text):
        raise UsageError(f"scale factor {text!r}: {_ASKED}")
    return {axis: int(number) for axis, number in re.findall(r"([a-z])(\d+)", text)}


def all_factors(
    names: str, shape: tuple[int, ...], scale: Mapping[str, float], wanted: Factors | int | None = None
) -> list[tuple[int, ...]]:
    """Factors of each further level for every axis; a level that would be like the one before is left out.

    Parameters
    ----------
    names, shape
        A letter for each axis, and its length.
    scale
        Sizes of a pixel by axis, in one unit, where they are known.
    wanted
        Relative to the level before each; None to halve y and x until the shorter is below 256 pixels,
        and z from the level on whose y and x are as large as it.

    Raises
    ------
    UsageError
        A factor that is none, or of an axis that is not reduced.
    """
    given = [wanted] if isinstance(wanted, int) else wanted
    levels = _usual(names, shape, scale) if given is None else (_level(names, level) for level in given)
    kept = []
    for level in levels:
        smaller = tuple(1 if n == 1 else factor for n, factor in zip(shape, level, strict=True))
        if max(smaller) > 1:
            kept.append(smaller)
            shape = coarse_shape(shape, smaller)
    return kept


def _usual(names: str, shape: tuple[int, ...], scale: Mapping[str, float]) -> Iterator[tuple[int, ...]]:
    lengths = dict(zip(names, shape, strict=True))
    flat = max(scale.get(axis, 1.0) for axis in "yx")
    deep = scale.get("z", flat) if {"y", "x"} & scale.keys() else flat
    short = min(lengths["y"], lengths["x"])
    while short >= SHORT_SIDE:
        level = {"y": 2, "x": 2, "z": 2 if deep <= flat else 1}
        yield tuple(level.get(name, 1) for name in names)
        short = -(-short // 2)
        flat, deep = flat * 2, deep * level["z"]


def _level(names: str, wanted: Any) -> tuple[int, ...]:
    asked = wanted if isinstance(wanted, Mapping) else dict.fromkeys(_SPACE, wanted)
    for axis, factor in asked.items():
        if axis not in names and isinstance(wanted, Mapping) and factor != 1:
            raise UsageError(f"scale factor {factor} of axis {axis!r}; the axes are {', '.join(names)}")
        if axis not in _SPACE and factor != 1:
            raise UsageError(f"scale factor {factor} of axis {axis!r}; only z, y and x can be reduced")
        if isinstance(factor, bool) or int(factor) != factor or factor < 1:
            raise UsageError(f"scale factor {factor!r}: {_ASKED}, from 1 up")
    return tuple(int(asked.get(name, 1)) for name in names)
