"""Whether the levels of a volume agree: sizes, scales, and the order of axes."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

from smalti.curation.sampling.levels import Lengths, Level, Scale, by, factors_of, three
from smalti.curation.sampling.reading import FarError
from smalti.curation.spacing import Sizes

__all__ = ["checked", "scaled"]

_SLACK = 0.02
"""Share of a length by which rounding may be off."""


def checked(
    levels: Sequence[Level], url: str, *, told: bool = False
) -> tuple[tuple[Level, ...], tuple[str, ...]]:
    """Levels whose sizes and scales go together, and sentences on those that were mended.

    A volume that is so many times coarser has so many times fewer voxels. Where stated scales say so of
    other axes than the sizes do, the axes are named in a wrong order.

    Parameters
    ----------
    told
        Whether a person told the axes: scales that do not fit them are then not used.

    Raises
    ------
    FarError
        The axes are in a wrong order.
    """
    top = levels[0]
    made, notes = [top], []
    for number, level in enumerate(levels[1:], start=1):
        factors = factors_of(top.shape, level.shape)
        steps, full = level.scale.steps, top.scale.steps
        if full is not None and (steps is None or not _fits(top.shape, level.shape, steps, full)):
            if steps is not None and _fits_otherwise(top.shape, level.shape, steps, full):
                if told:
                    bare = tuple(replace(one, scale=Scale()) for one in levels)
                    return bare, ("its scale does not fit the axes of the list, and is not used",)
                raise FarError(
                    url,
                    f"the order of its axes is wrong: level {number} has {by(level.shape)} voxels of "
                    f"{by(top.shape)}, but its voxels are {by(steps)} instead of {by(full)} (z × y × x); "
                    "state the axes in the column 'axes', in the order of the sizes in its metadata",
                )
            if steps is not None:
                notes.append(f"the scale of level {number} does not fit its size, which is taken")
            steps = three(a * b for a, b in zip(full, factors, strict=True))
            made.append(replace(level, scale=Scale(steps, top.scale.unit, top.scale.origin)))
        else:
            made.append(level)
    return tuple(made), tuple(notes)


def scaled(levels: Sequence[Level], sizes: Sizes) -> tuple[Level, ...]:
    """Levels with the voxel size that a person states of the full one, in µm."""
    made = []
    for level in levels:
        steps = three(a * b for a, b in zip(sizes, factors_of(levels[0].shape, level.shape), strict=True))
        made.append(replace(level, scale=Scale(steps)))
    return tuple(made)


def _fits(full: Lengths, coarse: Lengths, steps: Sequence[float], top: Sequence[float]) -> bool:
    """Whether so many coarse voxels are as long as all: but for a voxel or two, or rounding."""
    for n, m, step, one in zip(full, coarse, steps, top, strict=True):
        factor = step / one
        if abs(m * factor - n) > max(2 * factor, _SLACK * n):
            return False
    return True


def _fits_otherwise(full: Lengths, coarse: Lengths, steps: Sizes, top: Sizes) -> bool:
    """Whether the same scales on other axes would explain the sizes."""
    ratios = [a / b for a, b in zip(steps, top, strict=True)]
    ones = (1.0, 1.0, 1.0)
    return any(_fits(full, coarse, order, ones) for order in permutations(ratios))
