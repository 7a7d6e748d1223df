"""``sample``: boxes of volumes elsewhere that are too large to be fetched whole."""

import time
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from smalti.core.ahead import result_of
from smalti.core.errors import UsageError
from smalti.core.options import option
from smalti.core.plugin import step
from smalti.core.progress import Progress, State
from smalti.core.remote import is_url, shown
from smalti.curation.each import folder_at
from smalti.curation.ledger import Ledger, ledger_of
from smalti.curation.outcome import Outcome
from smalti.curation.records import Record
from smalti.curation.sampling.box_lists import BoxList
from smalti.curation.sampling.fetching import fetched
from smalti.curation.sampling.levels import Box, Lengths
from smalti.curation.sampling.opened import How
from smalti.curation.sampling.places import place_of
from smalti.curation.sampling.reading import Reach
from smalti.curation.sampling.run import Budget, Sampled, planned
from smalti.curation.sampling.volume_list import Wanted, read_list, read_sides, wanted_at
from smalti.curation.sources import Given
from smalti.curation.stacks import Form, form_option, packed_option
from smalti.curation.usual import fresh_option, high_option, low_option, seed_option

__all__ = ["SampleOptions", "sample"]

_STEP = "sample"
_LISTS = (".csv", ".tsv", ".txt")
_ASKED = ("crop", "level", "channel", "max_padding", "intensity", "low", "high", "write", "gzip", "seed")
_GB = 1e9
_ENDLESS = 1e9
"""Gigabytes that stand for inf, of which no number of boxes follows."""


@dataclass(frozen=True, slots=True)
class SampleOptions:
    """How much is fetched of each volume, of which level, and how it is stored."""

    gigabytes: float = option(
        5.0, "Of each volume so much is taken at most, as it is stored (10⁹ bytes).", least=0, metavar="GB"
    )
    total: float | None = option(
        None, "Of all volumes so much, the same of each.", least=0, metavar="GB", usual="no limit"
    )
    crop: str = option("256", "Side of a box in voxels, or three along z, y and x.", metavar="PX|Z,Y,X")
    level: str = option(
        "auto", "Resolution level; auto is what the list or the URL says, else full size.", metavar="auto|0…"
    )
    max_padding: float = option(
        0.3,
        "A box of which more than this share is padding is passed over; a coarse level tells.",
        least=0,
        most=1,
        metavar="SHARE",
        title="Most padding",
    )
    intensity: Literal["keep", "range", "data", "percentile"] = option(
        "keep", "Voxels as they are, or as bytes with one black and white for all boxes of a volume."
    )
    low: float = low_option()
    high: float = high_option()
    channel: int = option(0, "Channel to take.", least=0, metavar="N")
    write: Form = form_option()
    gzip: bool = packed_option()
    seed: int = seed_option("Decides which boxes are taken.")
    retries: int = option(
        5, "How often what does not come is asked for again.", least=0, most=100, metavar="N"
    )
    workers: int = option(4, "Boxes that are fetched side by side.", least=1, most=64, metavar="N")
    fresh: bool = fresh_option()


@step(_STEP, title="Boxes of remote volumes", options=SampleOptions, takes="urls")
def sample(sources: Sequence[Given], out: str, options: SampleOptions, progress: Progress) -> Outcome:
    """Fetch boxes, drawn by chance, of volumes elsewhere that are too large to be fetched whole.

    Volumes are OME-Zarr, N5 or neuroglancer precomputed, by http, s3, gs or on this machine. They are given
    by URLs, or by a CSV with the column url, and where needed name, level, crop_size, invert, padding_value,
    axes, voxel_x, voxel_y and voxel_z. Which boxes are taken is stored first. The same command goes on where
    it was stopped, and asks for nothing that is there; with more gigabytes it takes further boxes.

    Raises
    ------
    UsageError
        There is no list, it has other columns, or `out` was filled with other options.
    MissingExtraError
        tensorstore is not installed.
    """
    started = time.monotonic()
    folder = folder_at(out)
    sides, level = _sides(options.crop), _level(options.level)
    reach = Reach.of(options.retries)
    rows, notes = _rows(sources, reach)
    asked = {"step": "sample 1", **{name: getattr(options, name) for name in _ASKED}}
    total = None if options.total is None else options.total * _GB
    budget = Budget(min(options.gigabytes, _ENDLESS) * _GB, total)
    with (
        ledger_of(folder, _STEP, asked, fresh=options.fresh) as ledger,
        ThreadPoolExecutor(options.workers) as pool,
        closing(reach),
    ):
        how = How(
            reach=reach,
            sides=sides,
            level=level,
            channel=options.channel,
            most=options.max_padding,
            intensity=None if options.intensity == "keep" else options.intensity,
            limits=(options.low, options.high),
            seed=options.seed,
            form=options.write,
            packed=options.gzip,
            pool=pool,
            ahead=2 * options.workers,
        )
        volumes = planned(rows, how, budget, ledger, progress)
        keys = _work(volumes, ledger, pool, progress)
        ledger.finish(keys)
        items = tuple(item for volume in volumes for item in volume.items(ledger))
    if short := [volume.row.name for volume in volumes if volume.is_short]:
        notes = (*notes, f"these have fewer cubes than the budget: {', '.join(short)}")
    return Outcome(str(folder), items, what="cube", notes=notes, seconds=time.monotonic() - started)


def _sides(text: str) -> Lengths:
    try:
        return read_sides(text)
    except ValueError:
        raise UsageError(f"--crop is {text!r}; give a whole number above 0, or three as z,y,x") from None


def _level(text: str) -> int | None:
    if text == "auto":
        return None
    if not (text.isascii() and text.isdecimal()):
        raise UsageError(f"--level is {text!r}; give auto, or a whole number from 0")
    return int(text)


def _rows(sources: Sequence[Given], reach: Reach) -> tuple[list[Wanted], tuple[str, ...]]:
    """Volumes of a list, or of URLs."""
    given = [source for source in sources if isinstance(source, str)]
    if not given or len(given) < len(sources):
        raise UsageError("give a CSV with the column url, or URLs of volumes")
    lists = [one for one in given if one.partition("?")[0].lower().endswith(_LISTS)]
    if not lists:
        return wanted_at(given), ()
    if len(given) > 1:
        raise UsageError("give one CSV alone, or URLs of volumes")
    return read_list(_text(lists[0], reach), Path(shown(lists[0])).name)


def _text(given: str, reach: Reach) -> str:
    if is_url(given):
        place, _ = place_of(given)
        data = reach.bytes_of(place.below(".."), place.name)
    else:
        path = Path(given).expanduser()
        data = path.read_bytes() if path.is_file() else None
    if data is None:
        raise UsageError(f"there is no file {shown(given)}; give a CSV with the column url")
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):  # "Unicode text" of spreadsheets
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")  # as spreadsheets save it


def _work(
    volumes: Sequence[Sampled], ledger: Ledger, pool: ThreadPoolExecutor, progress: Progress
) -> set[str]:
    """Fetch boxes that are not there; gives the keys of all that the run is about."""
    waiting = [pair for volume in volumes for pair in _lacking(volume, ledger)]
    for volume in volumes:
        if volume.status != "ok":
            ledger.end(volume.record())
    keys = {volume.row.name for volume in volumes if volume.status != "ok"}
    keys |= {volume.boxes.key(box) for volume in volumes for box in volume.chosen}
    failed, started = 0, time.monotonic()
    ahead: list[Future[Record]] = [pool.submit(fetched, boxes, box, ledger) for boxes, box in waiting]
    try:
        for number, future in enumerate(ahead, start=1):
            failed += result_of(future).status == "failed"
            progress.update(State(number, len(ahead), failed, time.monotonic() - started, _STEP))
    finally:
        for future in ahead:  # of an interrupted run nothing more is begun
            future.cancel()
    return keys


def _lacking(volume: Sampled, ledger: Ledger) -> list[tuple[BoxList, Box]]:
    """Boxes to fetch; the server is asked only where there are some."""
    lacking = volume.lacking(ledger)
    try:
        if lacking:
            volume.boxes.opened()
    except Exception as error:  # a server may answer anything; it costs this volume only
        volume.fail(error)
        return []
    return [(volume.boxes, box) for box in lacking]
