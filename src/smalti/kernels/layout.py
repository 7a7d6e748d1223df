"""How the samples of a plane lie, and which of them are colour."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

__all__ = ["Layout", "native", "row_strips"]

STRIP_SAMPLES = 65_536  # 512 KiB of float64, well inside a second-level cache

MOST_PLANES = 256

LUMA = (299, 587, 114)  # thousandths, ITU-R BT.601; whole numbers keep 8-bit luma exact in float32


@dataclass(frozen=True, slots=True)
class Layout:
    """Size, type and colour samples of one plane.

    Parameters
    ----------
    height, width
        Length of Y and X.
    dtype
        Stored type.
    keep
        Indices of the colour samples along S, R G B first to last where there are these; empty for a
        plane without S.
    rgb
        Whether the colour samples are R, G and B.
    stored
        Length of S, alpha included; 0 for a plane without S.
    """

    height: int
    width: int
    dtype: np.dtype
    keep: tuple[int, ...] = ()
    rgb: bool = False
    stored: int = 0

    @classmethod
    def of(cls, shape: tuple[int, ...], dtype: np.dtype, samples: str = "") -> "Layout":
        """Read the layout from a shape (Y, X) or (Y, X, S) and the letters of the samples.

        Raises
        ------
        ValueError
            Another number of axes, or letters that do not fit S.
        TypeError
            A type that holds no numbers.
        """
        if dtype.kind not in "buifc":
            raise TypeError(f"pixels of type {dtype} cannot be measured; expected numbers or booleans")
        if len(shape) not in (2, 3):
            raise ValueError(f"a plane has the axes Y, X and perhaps S; got the shape {shape}")
        if len(shape) == 2:
            return cls(*shape, dtype)
        letters = samples or "?" * shape[2]
        if len(letters) != shape[2]:
            raise ValueError(f"samples {samples!r} name {len(letters)} samples, the plane has {shape[2]}")
        colours = [i for i, letter in enumerate(letters) if letter != "A"] or list(range(shape[2]))
        rgb = sorted(letters[i] for i in colours) == ["B", "G", "R"]
        if rgb:
            colours = [letters.index(letter) for letter in "RGB"]
        return cls(shape[0], shape[1], dtype, tuple(colours), rgb, shape[2])

    @property
    def shape(self) -> tuple[int, ...]:
        """(Y, X) or (Y, X, S) of the plane as stored."""
        return (self.height, self.width, self.stored) if self.keep else (self.height, self.width)

    @property
    def weights(self) -> tuple[int, ...]:
        """Share of each colour sample in luma, in whole numbers; empty when luma is the plane itself."""
        if self.rgb:
            return LUMA
        return (1,) * len(self.keep) if len(self.keep) > 1 else ()

    @property
    def unit(self) -> float:
        """What one step of weighted luma is worth in stored values."""
        return 1 / (sum(self.weights) or 1)

    @property
    def n_samples(self) -> int:
        """Number of colour samples of the plane."""
        return self.height * self.width * max(1, len(self.keep))

    @property
    def strip_rows(self) -> int:
        """Rows that are measured at once."""
        return max(8, STRIP_SAMPLES // max(1, self.width * max(1, len(self.keep))))

    @property
    def side_by_side(self) -> int:
        """Planes that are measured at once: as many as one strip holds, or one."""
        return max(1, min(MOST_PLANES, STRIP_SAMPLES // max(1, self.n_samples)))

    def colours(self, rows: np.ndarray) -> np.ndarray:
        """The colour samples of some rows, (…, X) or (…, X, colours)."""
        if not self.keep:
            return rows
        if len(self.keep) == 1:
            return rows[..., self.keep[0]]
        if self.keep == tuple(range(len(self.keep))):
            return rows[..., : len(self.keep)]
        return rows[..., self.keep]


def row_strips(planes: np.ndarray, layout: Layout, rows: int) -> Iterator[np.ndarray]:
    """Views of `rows` rows each, top to bottom, of planes (k, Y, X[, S])."""
    if layout.n_samples:
        for top in range(0, planes.shape[1], rows):
            yield planes[:, top : top + rows]


def native(rows: np.ndarray) -> np.ndarray:
    """Writable C-ordered rows of an integer type of this machine, float32 or float64.

    One flavour of array (writable, contiguous, native) keeps each loop to one compiled version a type.
    """
    if rows.dtype.kind == "c":
        rows = np.abs(rows)
    elif rows.dtype.kind == "b":
        rows = np.ascontiguousarray(rows).view(np.uint8)
    dtype = rows.dtype.newbyteorder("=")
    if dtype.kind == "f":
        dtype = np.dtype(np.float32 if dtype.itemsize <= 4 else np.float64)
    if rows.dtype == dtype and rows.flags.carray:
        return rows
    return np.require(rows, dtype, ("C_CONTIGUOUS", "WRITEABLE"))
