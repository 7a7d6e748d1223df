"""Names of patches and cubes, for people; the one parser of them.

A name is a dataset, a marker, and a place in pixels (first included, last not)::

    dataset-LOC-<axis>_<slice>_<r0>-<r1>_<c0>-<c1>     a patch of a slice of a volume; axis 0 xy, 1 xz, 2 yz
    dataset-LOC-2d-<r0>-<r1>_<c0>-<c1>                 a patch of an image
    dataset-ROI-x<a>-<b>_y<a>-<b>_z<a>-<b>             a cube of a volume

What stands behind the last marker is the place; a dataset may hold markers itself, and that of a patch of a
cube does. Older scripts wrote further forms, which are read and written too.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from smalti.core.errors import UsageError

__all__ = [
    "GRAMMAR",
    "Corner",
    "Cube",
    "Flipbook",
    "Name",
    "Patch2d",
    "Patch3d",
    "Picture",
    "Section",
    "Span",
    "parse",
]

GRAMMAR = (
    "DATASET-LOC-<axis>_<slice>_<r0>-<r1>_<c0>-<c1>, DATASET-LOC-2d-<r0>-<r1>_<c0>-<c1> or "
    "DATASET-ROI-x<a>-<b>_y<a>-<b>_z<a>-<b>"
)

Span = tuple[int, int]
"""From the first, included, to the last, not included."""


@dataclass(frozen=True, slots=True)
class Patch3d:
    """A patch of a slice of a volume.

    Parameters
    ----------
    dataset
        Its volume.
    axis
        Along which the slice lies: 0 for xy, 1 for xz, 2 for yz.
    slice
        Its index along it.
    rows, columns
        The patch in the slice, in pixels.
    """

    dataset: str
    axis: int
    slice: int
    rows: Span
    columns: Span

    def format(self, digits: int = 0) -> str:
        """The name; `digits` of the slice at least, so that names sort as slices do."""
        place = f"{self.axis}_{self.slice:0{max(1, digits)}d}_{_text(self.rows)}_{_text(self.columns)}"
        return f"{self.dataset}-LOC-{place}"


@dataclass(frozen=True, slots=True)
class Patch2d:
    """A patch of an image; `frame` where older scripts numbered the images of a stack."""

    dataset: str
    rows: Span
    columns: Span
    frame: int | None = None

    def format(self) -> str:
        """The name."""
        frame = "" if self.frame is None else f"{self.frame}_"
        return f"{self.dataset}-LOC-2d-{frame}{_text(self.rows)}_{_text(self.columns)}"


@dataclass(frozen=True, slots=True)
class Cube:
    """A cube of a volume, in voxels."""

    dataset: str
    x: Span
    y: Span
    z: Span

    def format(self) -> str:
        """The name."""
        return f"{self.dataset}-ROI-x{_text(self.x)}_y{_text(self.y)}_z{_text(self.z)}"


@dataclass(frozen=True, slots=True)
class Flipbook:
    """Slices before and behind a patch of a volume; `slices` in place of its one."""

    dataset: str
    axis: int
    slices: Span
    rows: Span
    columns: Span

    def format(self) -> str:
        """The name."""
        place = f"{self.axis}_{_text(self.slices)}_{_text(self.rows)}_{_text(self.columns)}"
        return f"{self.dataset}-LOC-{place}"


@dataclass(frozen=True, slots=True)
class Section:
    """A whole slice of a volume, as older scripts saved it."""

    dataset: str
    axis: int
    slice: int

    def format(self) -> str:
        """The name."""
        return f"{self.dataset}-LOC-{self.axis}_{self.slice}"


@dataclass(frozen=True, slots=True)
class Picture:
    """A whole image, as older scripts marked it."""

    dataset: str

    def format(self) -> str:
        """The name."""
        return f"{self.dataset}-LOC-2d"


@dataclass(frozen=True, slots=True)
class Corner:
    """The first row and column of a patch, of which older scripts wrote no more.

    `axis` and `slice` are None of an image.
    """

    dataset: str
    axis: int | None
    slice: int | None
    row: int
    column: int

    def format(self) -> str:
        """The name."""
        where = "2d" if self.axis is None else f"{self.axis}_{self.slice}"
        return f"{self.dataset}-LOC-{where}_{self.row}_{self.column}"


Name = Patch3d | Patch2d | Cube | Flipbook | Section | Picture | Corner


def parse(name: str) -> Name:
    """What a name says; an ending as of a file is left out.

    Raises
    ------
    UsageError
        It is no such name, or its place is empty, as of ``5-5``.
    """
    for pattern, made in _FORMS:
        match = pattern.fullmatch(name)
        if match is None:
            continue
        dataset, *numbers = match.groups()
        made_of = [None if number is None else int(number) for number in numbers]
        found: Name = made(dataset, *made_of)
        _check(name, found)
        return found
    raise UsageError(f"{name!r} is no name of a patch or cube; it should be {GRAMMAR}")


def _check(name: str, found: Name) -> None:
    spans = [
        getattr(found, field) for field in ("rows", "columns", "slices", "x", "y", "z") if _has(found, field)
    ]
    for start, stop in spans:
        if start >= stop:
            raise UsageError(
                f"{name!r} holds the empty range {start}-{stop}; ranges go from the first to behind the last"
            )


def _has(found: Name, field: str) -> bool:
    return field in type(found).__dataclass_fields__


def _text(span: Span) -> str:
    return f"{span[0]}-{span[1]}"


_ENDING = r"(?:\.(?i:tiff?|png|jpe?g|nrrd|mrc|npy|zarr|ome\.zarr|ome\.tiff?|nii|nii\.gz|pkl))?"
_N, _SPAN, _AXIS = "([0-9]+)", "([0-9]+)-([0-9]+)", "([012])"


def _form(marker: str, place: str) -> re.Pattern[str]:
    """Greedy, so that the last marker is the one that splits."""
    return re.compile(f"(.+)-{marker}-{place}{_ENDING}", re.DOTALL)


_FORMS: tuple[tuple[re.Pattern[str], Callable[..., Name]], ...] = (
    (
        _form("LOC", f"{_AXIS}_{_N}_{_SPAN}_{_SPAN}"),
        lambda name, axis, at, a, b, c, d: Patch3d(name, axis, at, (a, b), (c, d)),
    ),
    (
        _form("LOC", f"2d[-_](?:{_N}_)?{_SPAN}_{_SPAN}"),
        lambda name, frame, a, b, c, d: Patch2d(name, (a, b), (c, d), frame),
    ),
    (
        _form("ROI", f"x{_SPAN}_y{_SPAN}_z{_SPAN}"),
        lambda name, a, b, c, d, e, f: Cube(name, (a, b), (c, d), (e, f)),
    ),
    (
        _form("LOC", f"{_AXIS}_{_SPAN}_{_SPAN}_{_SPAN}"),
        lambda name, axis, a, b, c, d, e, f: Flipbook(name, axis, (a, b), (c, d), (e, f)),
    ),
    (_form("LOC", f"{_AXIS}_{_N}_{_N}_{_N}"), Corner),
    (_form("LOC", f"2d[-_]{_N}_{_N}"), lambda name, row, column: Corner(name, None, None, row, column)),
    (_form("LOC", f"{_AXIS}_{_N}"), Section),
    (_form("LOC", "2d"), Picture),
)
