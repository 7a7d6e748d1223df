"""Pyramids as xarray has them: a DataTree with a lazy image a level."""

from typing import TYPE_CHECKING, Any

import numpy as np

from smalti.core.errors import MissingExtraError
from smalti.export.pyramid.labelled import COLOURS, SPACING
from smalti.export.pyramid.lazy import lazily_reduced
from smalti.export.pyramid.ngff import Placed, placed
from smalti.export.pyramid.source import Source
from smalti.export.pyramid.writing import How, planned

if TYPE_CHECKING:
    import xarray

__all__ = ["tree_of"]


def tree_of(source: Source, how: How) -> "xarray.DataTree":
    """Levels as nodes ``scale0``, ``scale1``, …, each with the lazy image and coordinates of its pixels."""
    try:
        import dask.array as da
        import xarray
    except ImportError as error:
        raise MissingExtraError("xarray and dask", "xarray") from error
    plan = planned(source, how)
    step = how.chunks or tuple(map(min, plan.unit, source.shape))
    array = da.from_array(
        _Lazy(source), chunks=step, name=False, asarray=False, meta=np.empty(0, source.dtype)
    )
    nodes = {}
    for number, (level, place) in enumerate(zip(plan.levels, placed(source, plan), strict=True)):
        array = array if number == 0 else lazily_reduced(array, how.method, level.factors)
        nodes[f"scale{number}"] = xarray.Dataset({source.name: _labelled(source, array, place)})
    return xarray.DataTree.from_dict(nodes, name="multiscale")


class _Lazy:
    """A source as dask takes arrays."""

    def __init__(self, source: Source) -> None:
        self.shape, self.dtype, self.ndim = source.shape, source.dtype, len(source.shape)
        self._read = source.read

    def __getitem__(self, region: tuple[slice, ...]) -> np.ndarray:
        whole = (slice(*part.indices(n)) for part, n in zip(region, self.shape, strict=True))
        return self._read(tuple(whole))


def _labelled(source: Source, array: Any, place: Placed) -> "xarray.DataArray":
    import xarray

    coords: dict[str, Any] = {}
    for name, length in zip(source.names, array.shape, strict=True):
        if name == "c":
            if source.channels:
                coords["c"] = _channels(source)
            continue
        values = place.translation[name] + place.scale[name] * np.arange(length)
        unit = source.units.get(name)
        attributes: dict[str, Any] = {"units": unit} if unit else {}
        if length == 1:
            attributes[SPACING] = place.scale[name]
        coords[name] = xarray.Variable((name,), values, attributes)
    return xarray.DataArray(array, coords, tuple(source.names))


def _channels(source: Source) -> "xarray.Variable":
    """Names of channels; their colours are an attribute, which xarray keeps."""
    import xarray

    colours = [channel.colour for channel in source.channels]
    attributes = {COLOURS: colours} if any(colours) else {}
    return xarray.Variable(("c",), [channel.name for channel in source.channels], attributes)
