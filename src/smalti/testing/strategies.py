"""Hypothesis strategies for planes and images; Hypothesis is imported on use."""

from typing import TYPE_CHECKING

import numpy as np

from smalti.core.axes import STACK_AXES
from smalti.core.errors import SmaltiError
from smalti.core.image import Image
from smalti.testing.memory import image_of

if TYPE_CHECKING:
    from types import ModuleType

    from hypothesis.strategies import SearchStrategy

__all__ = ["images", "planes"]

DTYPES = ("uint8", "uint16", "int16", "uint32", "float32", "float64", "bool")


def planes(
    dtypes: tuple[str, ...] = DTYPES, max_side: int = 40, colour: bool = False, holes: bool = True
) -> "SearchStrategy[np.ndarray]":
    """Planes of all sizes from 1×1: constant, noisy or smooth, on offsets, some with NaN and Inf.

    Pixels come from a drawn seed, not from Hypothesis itself: a thousand pixels cost as much as one, and
    what shrinks is the shape, the dtype, the kind and the seed.

    Parameters
    ----------
    dtypes
        Names to draw from.
    max_side
        Longest side in px.
    colour
        Draw (Y, X, 3) instead of (Y, X).
    holes
        Whether floats may hold NaN and Inf.
    """
    st = _hypothesis()
    side = st.integers(1, max_side)
    drawn: SearchStrategy[np.ndarray] = st.builds(
        _plane,
        shape=st.tuples(side, side, st.just(3)) if colour else st.tuples(side, side),
        dtype=st.sampled_from(dtypes),
        kind=st.sampled_from(("constant", "noise", "ramp")),
        offset=st.sampled_from((0.0, 0.25, 0.9)),
        seed=st.integers(0, 2**16),
        holes=st.booleans() if holes else st.just(False),
    )
    return drawn


def images(
    dtypes: tuple[str, ...] = ("uint8", "uint16", "float32"), max_side: int = 12
) -> "SearchStrategy[tuple[Image, np.ndarray]]":
    """Images in memory with any set and order of axes, and the array they were made of.

    Parameters
    ----------
    dtypes
        Names to draw from.
    max_side
        Longest side in px; stack axes have up to 3 positions.
    """
    st = _hypothesis()
    stack = st.lists(st.sampled_from(STACK_AXES), unique=True)
    axes = st.builds(
        lambda stack, colour: [*stack, "Y", "X", *("S" if colour else "")], stack, st.booleans()
    ).flatmap(st.permutations)
    drawn: SearchStrategy[tuple[Image, np.ndarray]] = st.builds(
        _image,
        axes=axes.map("".join),
        lengths=st.tuples(*[st.integers(1, 3)] * 3, st.integers(1, max_side), st.integers(1, max_side)),
        dtype=st.sampled_from(dtypes),
        seed=st.integers(0, 2**16),
    )
    return drawn


def _plane(
    shape: tuple[int, ...], dtype: str, kind: str, offset: float, seed: int, holes: bool
) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = offset + (1 - offset) * _unit(rng, shape, kind)
    type_ = np.dtype(dtype)
    if type_.kind == "b":
        return values > 0.5
    if type_.kind in "iu":
        return (values * np.iinfo(type_).max).astype(type_)
    plane = (values * 10.0 ** rng.integers(-3, 6)).astype(type_)
    if holes:
        plane[rng.random(shape) < 0.1] = np.nan
        plane[rng.random(shape) < 0.02] = np.inf
    return plane


def _unit(rng: np.random.Generator, shape: tuple[int, ...], kind: str) -> np.ndarray:
    if kind == "constant":
        return np.zeros(shape)
    return rng.random(shape) if kind == "noise" else np.linspace(0, 1, int(np.prod(shape))).reshape(shape)


def _image(axes: str, lengths: tuple[int, ...], dtype: str, seed: int) -> tuple[Image, np.ndarray]:
    length = dict(zip("TCZYX", lengths, strict=True)) | {"S": 3}
    shape = tuple(length[axis] for axis in axes)
    array = (np.random.default_rng(seed).random(shape) * 255).astype(dtype)
    return image_of(array, axes, samples="RGB" if "S" in axes else ""), array


def _hypothesis() -> "ModuleType":
    try:
        from hypothesis import strategies
    except ImportError as error:
        raise SmaltiError("hypothesis is not installed; run: pip install hypothesis") from error
    return strategies
