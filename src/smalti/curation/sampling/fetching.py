"""One box of a volume elsewhere: fetched, made grey or turned round where that is asked for, and written."""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from smalti.core.errors import UsageError
from smalti.curation.grey import Window, grey
from smalti.curation.ledger import Ledger
from smalti.curation.records import Record
from smalti.curation.sampling.box_lists import BoxList
from smalti.curation.sampling.levels import Box, Lengths, Level
from smalti.curation.stacks import ENDINGS, write_stack
from smalti.processing.frames import reason
from smalti.writers.levels import Region
from smalti.writers.volume import Volume

__all__ = ["Tint", "fetched"]

BAND_BYTES = 64 << 20
"""Of a box that is in memory at a time; larger ones are fetched in bands of slices."""


def fetched(boxes: BoxList, box: Box, ledger: Ledger) -> Record:
    """Fetch a box and keep what became of it; what fails costs this box only."""
    assert boxes.facts is not None
    key, url = boxes.key(box), boxes.facts["url"]
    try:
        path = ledger.claim(key, url, key)
        told = _write(path, boxes, box)
        record = Record(key, key, url, boxes.stamp, "ok", told, (_file(boxes, box),))
    except UsageError:
        raise
    except Exception as error:  # a server may answer anything
        record = Record(key, key, url, boxes.stamp, "failed", reason(error))
    ledger.end(record)
    return record


def _file(boxes: BoxList, box: Box) -> dict[str, Any]:
    """As in `smalti.curation.records.COLUMNS`."""
    z, y, x = box
    scale, window = boxes.scale, boxes.window
    return {
        "file": boxes.key(box),
        "kind": "cube",
        "series": 0,
        "shape": list(_shape(box)),
        "dtype": str(boxes.dtype),
        "box": [*z, *y, *x],
        "seed": boxes.how.seed,
        **({"voxel_size": list(scale.steps)} if scale.steps and scale.unit else {}),
        **({"low": window.low, "high": window.high} if window else {}),
    }


def _write(path: Path, boxes: BoxList, box: Box) -> str:
    """Write a box, whole or not at all; gives what of it the form cannot hold."""
    how, level, volume = boxes.how, boxes.opened().level, _volume(boxes, box)
    fetch = _Fetch(level, box, how.channel, Tint(boxes.window, boxes.row.invert))
    read: Callable[[Region], np.ndarray] = fetch.region
    if how.form != "zarr" or prod(volume.shape) * level.dtype.itemsize <= BAND_BYTES:
        read = _Bands(fetch, min(level.deep(box, BAND_BYTES), volume.shape[0])).region
    return write_stack(path, how.form, volume, read, packed=how.packed)


def _volume(boxes: BoxList, box: Box) -> Volume:
    scale, facts = boxes.scale, boxes.facts
    assert facts is not None
    steps = {} if scale.steps is None else dict(zip("zyx", scale.steps, strict=True))
    places = zip("zyx", scale.origin, box, strict=True)
    return Volume(
        axes="zyx",
        shape=_shape(box),
        dtype=boxes.dtype,
        steps=steps,
        origin={axis: place + span[0] * steps.get(axis, 0.0) for axis, place, span in places},
        unit=scale.unit,
        name=boxes.key(box).rpartition("/")[2].removesuffix(ENDINGS[boxes.how.form]),
        facts={"kind": "cube", "source": facts["url"], "level": str(facts["level"])},
    )


def _shape(box: Box) -> Lengths:
    z, y, x = (stop - start for start, stop in box)
    return z, y, x


@dataclass(frozen=True, slots=True)
class Tint:
    """What becomes of voxels.

    Parameters
    ----------
    window
        What becomes black and white; None leaves voxels as they are.
    invert
        Whether dark becomes bright: v becomes least + greatest - v of its type, or of bytes.
    """

    window: Window | None = None
    invert: bool = False

    def of(self, pixels: np.ndarray) -> np.ndarray:
        """Those voxels."""
        made = pixels
        if self.window is not None:
            made = np.empty(pixels.shape, np.uint8)
            for number, plane in enumerate(pixels):  # of all at once the floats would be four times as large
                made[number] = grey(plane, self.window)
        return np.invert(made) if self.invert else made


@dataclass(frozen=True, slots=True)
class _Fetch:
    """Regions of a box, as they are asked for."""

    level: Level
    box: Box
    channel: int
    tint: Tint

    def region(self, region: Region) -> np.ndarray:
        """Voxels of a part of the box."""
        parts = zip(region, self.box, strict=True)
        z, y, x = ((start + part.start, start + part.stop) for part, (start, _) in parts)
        return self.tint.of(self.level.pixels((z, y, x), self.channel))


@dataclass(slots=True)
class _Bands:
    """Regions out of bands of whole slices, the last of which is kept: chunks are fetched once."""

    fetch: _Fetch
    deep: int
    _at: int = -1
    _band: np.ndarray | None = None
    _one: Lock = field(default_factory=Lock)

    def region(self, region: Region) -> np.ndarray:
        """Voxels of a part of the box."""
        z, y, x = region
        numbers = range(z.start // self.deep, (z.stop - 1) // self.deep + 1)
        parts = []
        for number in numbers:
            begin = number * self.deep
            part = slice(max(z.start - begin, 0), min(z.stop - begin, self.deep))
            parts.append(self._of(number)[part, y, x])
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _of(self, number: int) -> np.ndarray:
        with self._one:
            if self._band is None or self._at != number:
                self._band = None
                lengths = _shape(self.fetch.box)
                start, stop = number * self.deep, min((number + 1) * self.deep, lengths[0])
                rows, columns = slice(0, lengths[1]), slice(0, lengths[2])
                self._band = self.fetch.region((slice(start, stop), rows, columns))
                self._at = number
            return self._band
