"""What metrics ask for, of many planes at once; see `smalti.kernels.accumulators`."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from smalti.kernels.accumulators import (
    Accumulated,
    Cells,
    Colour,
    Moments,
    Profiles,
    Spectrum,
    Stencil,
    Thumbnail,
)
from smalti.kernels.histograms import Histograms

__all__ = ["Several"]


@dataclass(frozen=True, slots=True)
class Several:
    """All accumulators of N planes of one shape and type; see `Accumulated`.

    Parameters
    ----------
    n
        Number of planes.
    digest
        Texts, (N,) of objects.
    """

    n: int
    moments: Moments[np.ndarray] | None = None
    histogram: Histograms | None = None
    stencil: Stencil[np.ndarray] | None = None
    profiles: Profiles[np.ndarray] | None = None
    cells: Cells | None = None
    colour: Colour[np.ndarray] | None = None
    thumbnail: Thumbnail[np.ndarray, np.ndarray] | None = None
    spectrum: Spectrum | None = None
    digest: np.ndarray | None = None

    def plane(self, at: int) -> Accumulated:
        """Those of one plane."""
        return Accumulated(
            **{part.name: _of_one(getattr(self, part.name), at) for part in fields(Accumulated)}
        )


def _of_one(found: Any, at: int) -> Any:
    """Out of what many planes have, what one of them has; what is no array is common to all."""
    if isinstance(found, np.ndarray):
        own = found[at]
        return own.item() if isinstance(own, np.generic) else own
    if isinstance(found, tuple):
        return tuple(_of_one(part, at) for part in found)
    if isinstance(found, Histograms):
        return found.plane(at)
    if isinstance(found, Spectrum):
        return _spectrum_of_one(found, at)
    if isinstance(found, (Moments, Stencil, Profiles, Cells, Colour, Thumbnail)):
        return type(found)(*(_of_one(getattr(found, part.name), at) for part in fields(found)))
    return found


def _spectrum_of_one(found: Spectrum, at: int) -> Spectrum:
    if np.isnan(found.power[at]).all():
        return Spectrum(np.empty(0), np.empty(0), np.empty(0, np.int64))
    return Spectrum(found.frequency, found.power[at], found.count)
