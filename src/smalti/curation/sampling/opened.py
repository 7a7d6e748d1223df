"""One volume of a list, its server asked: the level that boxes are of, and what tells what they hold."""

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

from smalti.core.errors import SmaltiError
from smalti.curation.grey import Intensity
from smalti.curation.sampling.boxes import Judge, coarse_of
from smalti.curation.sampling.levels import Lengths, Level
from smalti.curation.sampling.reading import Reach
from smalti.curation.sampling.volume_list import Wanted
from smalti.curation.sampling.volumes import FarVolume, volume_at
from smalti.curation.stacks import Form

__all__ = ["How", "Opened", "changed", "opened"]


@dataclass(frozen=True, slots=True)
class How:
    """What all volumes share.

    Parameters
    ----------
    reach
        What reads.
    sides, level
        Of boxes, where the list says nothing; `level` None for full size, or the one that a URL names.
    channel
        Which is taken.
    most
        Share of padding that a box may have.
    intensity
        None for voxels as they are.
    limits
        Percentiles.
    seed
        Of the order of boxes.
    form, packed
        What is written.
    pool, ahead
        What looks at boxes, and how many at a time.
    """

    reach: Reach
    sides: Lengths
    level: int | None
    channel: int
    most: float
    intensity: Intensity | None
    limits: tuple[float, float]
    seed: int
    form: Form
    packed: bool
    pool: Executor
    ahead: int


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A volume whose server was asked.

    Parameters
    ----------
    volume, number
        The volume, and which of its levels boxes are of.
    judge
        Tells what boxes hold.
    notes
        What a person should know.
    """

    volume: FarVolume
    number: int
    judge: Judge
    notes: tuple[str, ...] = ()

    @property
    def level(self) -> Level:
        """That boxes are of."""
        return self.volume.levels[self.number]

    def facts(self) -> dict[str, Any]:
        """What must not change while boxes are fetched."""
        level = self.level
        return {
            "url": self.volume.url,
            "format": self.volume.format,
            "level": self.number,
            "axes": level.axes,
            "shape": list(level.shape),
            "dtype": str(level.dtype),
            "first": list(level.first),
            "voxel_size": None if level.scale.steps is None else list(level.scale.steps),
            "unit": level.scale.unit,
            "origin": list(level.scale.origin),
        }


def opened(row: Wanted, how: How) -> Opened:
    """Ask the server of a volume.

    Raises
    ------
    SmaltiError
        It cannot be read, has no such level or channel, or cannot be turned round.
    SkipError
        It is no volume.
    """
    volume = volume_at(how.reach, row.url, row.axes, row.voxel_size)
    number = _level_of(volume, row.level if row.level is not None else how.level)
    level = volume.levels[number]
    if how.channel >= level.channels:
        raise SmaltiError(
            f"channel {how.channel} is asked of a volume with {level.channels}; give --channel 0 to "
            f"{level.channels - 1}"
        )
    if row.invert and not how.intensity and level.dtype.kind == "f":
        raise SmaltiError(
            f"its voxels are {level.dtype}, which have no end to turn round; give --intensity percentile"
        )
    coarse = coarse_of(volume.levels, number, level.shape if row.whole else row.sides or how.sides)
    judge = Judge(level, coarse, how.channel, row.padding, 1.0 if row.whole else how.most)
    notes = [*volume.notes, *_left_out(level, how.channel)]
    if judge.looks and coarse is level:
        notes.append("no coarser level tells what is padding: its own voxels are looked at")
    return Opened(volume, number, judge, tuple(notes))


def _level_of(volume: FarVolume, wanted: int | None) -> int:
    if wanted is None:
        return volume.level
    if volume.level and wanted != volume.level:
        raise SmaltiError(
            f"its URL names level {volume.level}, level {wanted} is asked for; give the URL of all levels"
        )
    if wanted >= (n := len(volume.levels)):
        raise SmaltiError(f"level {wanted} is asked of a volume with {n}; give 0 to {n - 1}")
    return wanted


def _left_out(level: Level, channel: int) -> list[str]:
    """What is not taken of an array with more axes."""
    notes = []
    if level.channels > 1:
        notes.append(f"channel {channel} of {level.channels} is taken")
    if "t" in level.axes and (times := int(level.array.shape[level.axes.index("t")])) > 1:
        notes.append(f"time 0 of {times} is taken")
    if level.scale.steps is None:
        notes.append(
            "its metadata state no size of voxels that can be used; give voxel_z, voxel_y, voxel_x in a list"
        )
    if min(level.first) < 0:
        begin = ",".join(map(str, level.first))
        notes.append(f"it begins at {begin} (z,y,x); names count from its first voxel")
    return notes


def changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """What of its facts is not as it was, in words."""
    name = next(name for name in old if old[name] != new[name])
    return (
        f"it changed since its boxes were chosen: its {name.replace('_', ' ')} was {old[name]}, now it is "
        f"{new[name]}; give another -o, or --fresh to take all anew"
    )
