"""What the demo's dataset holds, decided before a pixel is drawn."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count, cycle
from pathlib import PurePosixPath

import numpy as np

from smalti.core.errors import UsageError
from smalti.testing.defects import DEFECTS

__all__ = ["Item", "plan"]


@dataclass(frozen=True, slots=True)
class Item:
    """One file and what is known of it: a row of the truth.

    Parameters
    ----------
    path
        POSIX path relative to the folder.
    condition
        Its first part.
    scene, dtype, shape
        Out of `smalti.testing.synthetic.SCENES`, or ``z_stack``, ``time_series``; stored type; Y and X.
    defect
        ``none``, a name out of `DEFECTS`, ``exact_duplicate near_duplicate odd_dtype wrong_size
        truncated unreadable drift bleaching``.
    level, unit
        How grave, and in which unit; None where a defect has no levels.
    seed
        Of the scene.
    of
        Path of the original of a duplicate.
    sharpest_z
        Index of the plane in focus of a z-stack.
    drift_px, bleaching
        Of a time series: px a frame along x, and share of light lost a frame.
    """

    path: str
    condition: str
    scene: str
    dtype: str
    shape: tuple[int, int]
    defect: str = "none"
    level: float | None = None
    unit: str | None = None
    seed: int = 0
    of: str | None = None
    sharpest_z: int | None = None
    drift_px: int | None = None
    bleaching: float | None = None


def _film(path: str, drift_px: int, bleaching: float) -> Item:
    condition = path.partition("/")[0]
    film = Item(path, condition, "time_series", "uint16", (256, 256), drift_px=drift_px, bleaching=bleaching)
    if drift_px:
        return replace(film, defect="drift", level=float(drift_px), unit="px a frame")
    if bleaching:
        return replace(film, defect="bleaching", level=bleaching, unit="share a frame")
    return film


@dataclass(frozen=True, slots=True)
class Condition:
    """A folder of the dataset: its share of the files, and how its clean files look."""

    name: str
    share: float
    scene: str
    dtype: str
    shape: tuple[int, int]
    stem: str
    suffixes: tuple[str, ...]


CONDITIONS = (
    Condition("control", 0.31, "nuclei", "uint16", (256, 256), "well", (".tif", ".png")),
    Condition("treated", 0.31, "nuclei", "uint16", (256, 256), "well", (".tif", ".png")),
    Condition("em", 0.14, "micrograph", "uint8", (256, 256), "section", (".png",)),
    Condition("histology", 0.14, "histology", "uint8", (256, 256), "slide", (".jpg",)),
    Condition("sky", 0.10, "stars", "uint16", (256, 256), "field", (".tif",)),
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One item that is not clean: where it goes, and what of a clean item it changes."""

    defect: str
    condition: str
    level: float | None = None
    unit: str | None = None
    source: str | None = None
    suffix: str | None = None
    dtype: str | None = None
    shape: tuple[int, int] | None = None


COPIES = (
    Fault("exact_duplicate", "control", source="control"),
    Fault("exact_duplicate", "treated", source="control"),  # one image counted in both groups
    Fault("exact_duplicate", "em", source="em"),
    Fault("exact_duplicate", "histology", source="histology"),
    Fault("near_duplicate", "control", 2, "px shift", source="control"),
    Fault("near_duplicate", "em", 6, "px shift", source="em"),
    Fault("near_duplicate", "treated", 0.8, "brightness", source="treated"),
    Fault("near_duplicate", "histology", 1.15, "brightness", source="histology"),
    Fault("near_duplicate", "treated", 0.75, "scale", source="control"),
    Fault("near_duplicate", "em", 0.5, "scale", source="em"),
)

ODD = (
    Fault("odd_dtype", "control", suffix=".tif", dtype="float32"),
    Fault("odd_dtype", "treated", suffix=".tif", dtype="int16"),
    Fault("odd_dtype", "sky", suffix=".tif", dtype="uint32"),
    Fault("wrong_size", "control", shape=(256, 200)),
    Fault("wrong_size", "treated", shape=(128, 128)),
    Fault("wrong_size", "histology", shape=(192, 320)),
    Fault("truncated", "sky", 0.6, "share of bytes kept"),
    Fault("truncated", "em", 0.4, "share of bytes kept"),
    Fault("truncated", "histology", 0.7, "share of bytes kept"),
    Fault("unreadable", "control", suffix=".tif"),
    Fault("unreadable", "em", suffix=".png"),
)

STACKS = (
    Item("control/stack_1.ome.tif", "control", "z_stack", "uint16", (256, 256), sharpest_z=4),
    Item("control/stack_2.ome.tif", "control", "z_stack", "uint16", (256, 256), sharpest_z=2),
    Item("treated/stack_3.ome.tif", "treated", "z_stack", "uint16", (256, 256), sharpest_z=6),
    Item("treated/volume.ome.zarr", "treated", "z_stack", "uint16", (256, 256), sharpest_z=3),
    _film("control/film_1.ome.tif", drift_px=0, bleaching=0.0),
    _film("control/film_2.ome.tif", drift_px=3, bleaching=0.0),
    _film("treated/film_3.ome.tif", drift_px=1, bleaching=0.0),
    _film("treated/film_4.ome.tif", drift_px=0, bleaching=0.04),
    _film("treated/film_5.ome.tif", drift_px=0, bleaching=0.1),
)

USUAL = ("blur", "noise", "saturation", "vignetting", "stripes", "jpeg", "empty")
"""Defects that every dataset holds."""

RARE = {
    "tilt": "histology",
    "haze": "control",
    "underexposure": "treated",
    "dead_lines": "em",
    "hot_pixels": "sky",
    "border": "histology",
    "comb": "em",
}
"""Defects that come once, where there is room for them, by condition: JPEG would undo a comb."""

SMALLEST = 100
"""Fewer files than this cannot hold the usual defects at three levels and still be mostly clean."""


def plan(n: int, seed: int) -> list[Item]:
    """The items of a dataset of `n` files: defects in each condition in turn, all others clean.

    Raises
    ------
    UsageError
        `n` is below `SMALLEST`.
    """
    if n < SMALLEST:
        raise UsageError(f"a dataset of {n} files was asked for; it needs {SMALLEST} to hold every defect")
    clean = _clean(n - len(STACKS), seed)
    rng = np.random.default_rng(seed)
    free = {name: [clean[name][i] for i in rng.permutation(len(clean[name]))] for name in clean}
    items = [item for fault in (*_levels(n), *ODD, *COPIES) for item in _spoil(fault, free)]
    items += [item for left in free.values() for item in left]
    items += [replace(item, seed=_seed(seed, n - 1 - i)) for i, item in enumerate(STACKS)]
    return sorted(items, key=lambda item: item.path)


def _clean(n: int, seed: int) -> dict[str, list[Item]]:
    """Clean items by condition; the first condition takes what rounding leaves."""
    counts = {condition.name: int(condition.share * n) for condition in CONDITIONS}
    counts[CONDITIONS[0].name] += n - sum(counts.values())
    number = count()
    return {
        condition.name: [
            _item(condition, i, _seed(seed, next(number))) for i in range(counts[condition.name])
        ]
        for condition in CONDITIONS
    }


def _item(condition: Condition, i: int, seed: int) -> Item:
    path = f"{condition.name}/{condition.stem}_{i + 1:03}{condition.suffixes[i % len(condition.suffixes)]}"
    return Item(path, condition.name, condition.scene, condition.dtype, condition.shape, seed=seed)


def _seed(seed: int, number: int) -> int:
    return seed * 1_000_000 + number


def _levels(n: int) -> Iterator[Fault]:
    """The usual defects at a mild, a middle and a grave level for every hundred files, then the rare ones."""
    conditions = cycle(condition.name for condition in CONDITIONS)
    for _ in range(n // SMALLEST):
        for defect in (DEFECTS[name] for name in USUAL):
            for level in defect.levels[::2]:
                yield Fault(defect.name, next(conditions), level, defect.unit)
    for name, condition in RARE.items() if n >= 2 * SMALLEST else ():
        yield Fault(name, condition, DEFECTS[name].levels[3], DEFECTS[name].unit)


def _spoil(fault: Fault, free: dict[str, list[Item]]) -> list[Item]:
    """Take a clean item out of `free` and give it the fault; a copy comes with its original, kept clean."""
    item = free[fault.condition].pop()
    item = replace(item, defect=fault.defect, level=fault.level, unit=fault.unit)
    if fault.source is not None:
        return _copy(item, free[fault.source].pop())
    path = item.path if fault.suffix is None else _with_suffix(item.path, fault.suffix)
    return [replace(item, path=path, dtype=fault.dtype or item.dtype, shape=fault.shape or item.shape)]


def _copy(item: Item, original: Item) -> list[Item]:
    path = _with_suffix(item.path, PurePosixPath(original.path).suffix)
    return [original, replace(item, path=path, seed=original.seed, of=original.path)]


def _with_suffix(path: str, suffix: str) -> str:
    return PurePosixPath(path).with_suffix(suffix).as_posix()
