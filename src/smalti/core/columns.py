"""A column of the QC table, declared beside the code that fills it."""

from dataclasses import dataclass
from typing import Literal, get_args

from smalti.core.errors import UnknownNameError, UsageError

__all__ = ["Column", "Dtype", "Rollup"]

Dtype = Literal[
    "Float32",
    "Float64",
    "Int32",
    "Int64",
    "UInt64",
    "Boolean",
    "String",
    "Binary",
    "Datetime",
    "List(Float32)",
    "List(Float64)",
    "List(Int64)",
    "List(String)",
]

Rollup = Literal[
    "mean",  # mean over planes, each plane counting with its finite pixels
    "pooled_std",  # standard deviation of all pixels of all planes together
    "min",
    "max",
    "sum",
    "any",  # true when true for one plane
    "all",  # true when true for every plane
    "same",  # the value when all planes agree, else null
    "combined_hash",  # hash of the planes' hashes in t, c, z order; one plane keeps its own
    "middle",  # the value of the middle plane in t, c, z order
    "none",  # has no meaning above a plane: null
]

_NUMBERS: tuple[Dtype, ...] = ("Float32", "Float64", "Int32", "Int64", "UInt64")
_ONLY_FOR: dict[Rollup, tuple[Dtype, ...]] = {
    "mean": _NUMBERS,
    "pooled_std": _NUMBERS,
    "sum": _NUMBERS,
    "any": ("Boolean",),
    "all": ("Boolean",),
    "combined_hash": ("String",),
}
"""Types a roll-up can be computed for; one not named here takes all."""


@dataclass(frozen=True, slots=True)
class Column:
    """Name, type, unit, meaning and roll-up of one column.

    Parameters
    ----------
    name
        Snake case, the field's standard term.
    dtype
        Name of the Polars type. Minima, maxima and sums are ``Float64``, counts
        ``Int64``, other metrics ``Float32``.
    unit
        ``"intensity"`` (the units of the stored pixels), ``"share"`` (0 to 1),
        ``"px"``, ``"dB"``, ``"bit"``, ``"µm"``, ``"s"``, or ``""``.
    meaning
        One sentence a user would say.
    rollup
        How values of planes become the value of an image or a group. ``"mean"``, the default, is for
        numbers only.

    Raises
    ------
    UnknownNameError
        There is no such type or roll-up.
    UsageError
        The roll-up cannot be computed for the type.
    """

    name: str
    dtype: Dtype
    unit: str
    meaning: str
    rollup: Rollup = "mean"

    def __post_init__(self) -> None:
        for what, given, known in (
            ("type", self.dtype, get_args(Dtype)),
            ("roll-up", self.rollup, get_args(Rollup)),
        ):
            if given not in known:
                raise UnknownNameError(f"{what} for column {self.name!r}", given, known)
        if self.dtype not in _ONLY_FOR.get(self.rollup, (self.dtype,)):
            fits = [rule for rule in get_args(Rollup) if self.dtype in _ONLY_FOR.get(rule, (self.dtype,))]
            raise UsageError(
                f"column {self.name!r} is {self.dtype}, which has no roll-up {self.rollup!r} over planes; "
                f"add one that fits, rollup={' or '.join(map(repr, fits))}"
            )
