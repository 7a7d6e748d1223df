"""One black and white for all images of a folder and type, found once and kept."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from smalti.core.errors import SmaltiError
from smalti.curation.bands import bands, significant_bits
from smalti.curation.grey import Intensity, Window, window_of
from smalti.curation.ledger import Ledger
from smalti.curation.planes import Picked
from smalti.curation.sources import Source

__all__ = ["share_windows", "shared_window"]

PlanesOf = Callable[[Source], Iterator[Picked]]
"""The images of a file, each readable until the next is asked for."""


@dataclass(slots=True)
class _Group:
    """Images that share a window; `bits` is None unless all state how many are used."""

    dtype: np.dtype
    bits: int | None
    series: dict[str, set[int]] = field(default_factory=dict)
    sources: list[Source] = field(default_factory=list)


def shared_window(ledger: Ledger, source: Source, one: Picked) -> Window:
    """The window of an image's folder and type.

    Raises
    ------
    SmaltiError
        It has none, for no pixel was finite.
    """
    found = ledger.notes.get(_key(source, one))
    if found is None:
        raise SmaltiError("no pixel of the images in its folder is finite; there is nothing to show")
    return Window(*found)


def share_windows(
    ledger: Ledger,
    sources: Sequence[Source],
    planes_of: PlanesOf,
    intensity: Intensity,
    limits: tuple[float, float],
) -> None:
    """Find the windows that are not known yet, over all images of each folder and type."""
    groups: dict[str, _Group] = {}
    for source in sources:
        for one in planes_of(source):
            _add(groups, source, one)
    for key, group in groups.items():
        if key not in ledger.notes:
            with suppress(SmaltiError):  # no pixel is finite; each image tells it in its turn
                blocks = partial(_blocks, group, planes_of)
                window = window_of(group.dtype, blocks, intensity, limits, group.bits)
                ledger.remember(key, [window.low, window.high])


def _key(source: Source, one: Picked) -> str:
    return f"window {source.group} {one.image.dtype}"


def _add(groups: dict[str, _Group], source: Source, one: Picked) -> None:
    dtype, bits = one.image.dtype, significant_bits(one)
    assert dtype is not None
    group = groups.setdefault(_key(source, one), _Group(dtype, bits))
    group.bits = None if bits is None or group.bits is None else max(bits, group.bits)
    if source.ref.path not in group.series:
        group.sources.append(source)
    group.series.setdefault(source.ref.path, set()).add(one.image.ref.series)


def _blocks(group: _Group, planes_of: PlanesOf) -> Iterator[np.ndarray]:
    for source in group.sources:
        for one in planes_of(source):
            if one.image.ref.series in group.series[source.ref.path]:
                with suppress(SmaltiError):
                    yield from bands(one)
