"""``reconstruct``: from patches back to their volumes, for what lies around them."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from smalti.core.errors import SmaltiError, UsageError
from smalti.core.image import Image
from smalti.core.options import option
from smalti.core.plugin import step
from smalti.core.progress import Progress, State
from smalti.core.remote import shown
from smalti.curation.each import folder_at, item_of, stamp_of
from smalti.curation.ledger import Ledger, ledger_of
from smalti.curation.named_volumes import Found, Volumes
from smalti.curation.names import Span
from smalti.curation.outcome import Outcome, Status
from smalti.curation.placing import around_of, flipbook_of, opened_of, read_around, volume_of
from smalti.curation.plans import SkipError
from smalti.curation.records import Record
from smalti.curation.sources import Given, Source, images_of, sources_of
from smalti.curation.stacks import ENDINGS, Form, form_option, packed_option, write_stack
from smalti.curation.surroundings import AtEdge, Boxes
from smalti.curation.usual import fresh_option
from smalti.curation.wanted import Wanted, wanted_of
from smalti.processing.frames import reason

__all__ = ["ReconstructOptions", "reconstruct"]

_STEP = "reconstruct"
_ASKED = ("nz", "edge", "shape", "overlap", "write", "gzip")


@dataclass(frozen=True, slots=True)
class ReconstructOptions:
    """Where patches are looked for, and what is taken around them."""

    volumes: tuple[str, ...] = option(
        (), "Volumes, or folders or patterns of them.", metavar="VOLUMES", short="-v", names_files=True
    )
    nz: int = option(
        5, "Slices, with that of the patch in the middle; an odd number.", least=1, metavar="N", short="-nz"
    )
    edge: AtEdge = option(
        "shift", "At the end of a volume: other slices of it, mirrored ones, or no sub-volume."
    )
    shape: Literal["volume", "flipbook"] = option(
        "volume", "A sub-volume in the order of its volume, or slices as the patch shows them, one by one."
    )
    overlap: float = option(
        0.0,
        "The greatest share of a sub-volume that an earlier one may have too; 1 for all.",
        least=0,
        most=1,
        metavar="SHARE",
    )
    write: Form = form_option()
    gzip: bool = packed_option()
    fresh: bool = fresh_option()


@step(_STEP, title="Sub-volumes around patches", options=ReconstructOptions, takes="patches")
def reconstruct(
    sources: Sequence[Given], out: str, options: ReconstructOptions, progress: Progress
) -> Outcome:
    """Write what lies around patches in their volumes: voxels as they are stored, with their spacing.

    Patches are those that a set keeps, or files or names in the grammar of patches. A patch is looked for in
    the volume of exactly its name; one of a cube in the cube, or in the volume that it was cut of, within the
    cube. Only what is around a patch is read. The same command goes on where it was stopped, and takes only
    patches that are new, or whose volume changed.

    Raises
    ------
    UsageError
        -nz is even, there are no patches or no volumes, or `out` was filled with other options.
    """
    started = time.monotonic()
    if options.nz % 2 == 0:
        raise UsageError(
            f"-nz is {options.nz}; give an odd number, such as {options.nz + 1}: the patch is in the middle"
        )
    if not options.volumes:
        raise UsageError("no volumes are given; name them, or their folder, with -v")
    folder = folder_at(out)
    wanted = wanted_of(sources)
    found, problems = sources_of(options.volumes, str(folder))
    asked = {"step": "reconstruct 1", **{name: getattr(options, name) for name in _ASKED}}
    with ledger_of(folder, _STEP, asked, fresh=options.fresh) as ledger:
        run = _Run(ledger, Volumes(found), options, progress, len(wanted), started)
        run.run(wanted)
        ledger.finish(set(run.keys))
        items = tuple(item_of(ledger.records[key]) for key in run.keys)
    what = "flipbook" if options.shape == "flipbook" else "sub-volume"
    return Outcome(str(folder), items, what=what, notes=problems, seconds=time.monotonic() - started)


@dataclass(slots=True)
class _Run:
    """One run over patches."""

    ledger: Ledger
    volumes: Volumes
    options: ReconstructOptions
    progress: Progress
    total: int
    started: float
    done: int = 0
    failed: int = 0
    keys: list[str] = field(default_factory=list)
    _taken: dict[tuple[str, int, int], Boxes] = field(default_factory=dict)
    _named: dict[str, str] = field(default_factory=dict)

    def run(self, wanted: Sequence[Wanted]) -> None:
        """Work on all patches, those of one volume together, so that it is opened once."""
        by_volume: dict[tuple[str, int], list[tuple[Wanted, Found]]] = {}
        for one in wanted:
            self.keys.append(one.key)
            if one.status:
                self._end(one, None, "skipped" if one.status == "skipped" else "failed", one.why)
                continue
            try:
                found = self.volumes.of(one)
            except SmaltiError as error:
                self._end(one, None, "failed", str(error))
                continue
            keyed = replace(one, key=self.ledger.key_for(one.key, shown(found.source.ref.uri)))
            self.keys[-1] = keyed.key
            by_volume.setdefault((found.source.ref.path, one.series), []).append((keyed, found))
        for (_, series), those in by_volume.items():
            self._of_volume(series, those)

    def _of_volume(self, series: int, those: Sequence[tuple[Wanted, Found]]) -> None:
        source = those[0][1].source
        waiting = []
        for one, found in those:
            record = self.ledger.done(one.key, self._stamp(source))
            if record is None or record.status == "skipped":
                waiting.append((one, found))
                continue
            self.done += 1
            for file in record.files:
                self._named[str(file["file"])] = one.name
                self._boxes(source, one).take(one.name, _pairs(file["box"]))
        if not waiting:
            return
        begun: set[str] = set()
        try:
            for image in images_of(source):
                if image.ref.series == series:
                    for one, found in waiting:
                        begun.add(one.key)
                        self._of_patch(one, found, image)
                    return
            raise SmaltiError(f"{source.ref.path} has no image {series}")
        except Exception as error:  # a reader may raise anything; it costs the patches of this volume only
            for one, _ in waiting:
                if one.key not in begun:
                    self._end(one, source, "failed", f"{source.ref.path}: {reason(error)}")

    def _of_patch(self, one: Wanted, found: Found, image: Image) -> None:
        try:
            files, note = self._made(one, found, image)
            self._end(one, found.source, "ok", note, files)
        except SkipError as skip:
            self._end(one, found.source, "skipped", str(skip))
        except Exception as error:  # it costs this patch only
            self._end(one, found.source, "failed", reason(error))

    def _made(self, one: Wanted, found: Found, image: Image) -> tuple[tuple[dict[str, Any], ...], str]:
        asked = self.options
        opened = opened_of(found, image, one)
        around = around_of(one, opened, asked.nz, asked.edge)
        boxes = self._boxes(found.source, one)
        if (other := boxes.overlapping(around.box)) is not None:
            name, share = other
            raise SkipError(f"{share:.0%} of it is in the sub-volume of {name} (--overlap {asked.overlap:g})")
        volume = (flipbook_of if asked.shape == "flipbook" else volume_of)(one, opened, around)
        path = self._place(one, found.source, f"{volume.name}{ENDINGS[asked.write]}")
        pixels = read_around(one, opened, around, asked.shape == "flipbook")
        note = write_stack(path, asked.write, volume, lambda region: pixels[region], packed=asked.gzip)
        boxes.take(one.name, around.box)
        made = {
            "file": path.relative_to(self.ledger.folder).as_posix(),
            "kind": volume.facts["kind"],
            "series": one.series,
            "shape": list(volume.shape),
            "dtype": str(volume.dtype),
            "axis": one.axis,
            "box": [n for span in around.box for n in span],
            "voxel_size": opened.spacing.voxel_size,
        }
        return (made,), note

    def _place(self, one: Wanted, source: Source, name: str) -> Path:
        """Where a file goes: in the folder that its volume is in."""
        folder, slash, _ = source.ref.path.rpartition("/")
        file = f"{folder}{slash}{name}"
        if (other := self._named.setdefault(file, one.name)) != one.name:
            raise SkipError(f"it would be {file}, as that of {other}")
        return self.ledger.claim(one.key, source.ref.uri, file)

    def _boxes(self, source: Source, one: Wanted) -> Boxes:
        """Of one image at one time."""
        key = source.ref.path, one.series, one.time
        return self._taken.setdefault(key, Boxes(self.options.overlap))

    def _stamp(self, source: Source) -> str:
        return f"{source.ref.path} {stamp_of(source)}"

    def _end(
        self,
        one: Wanted,
        source: Source | None,
        status: Status,
        why: str = "",
        files: tuple[dict[str, Any], ...] = (),
    ) -> None:
        uri = "" if source is None else shown(source.ref.uri)
        stamp = "" if source is None else self._stamp(source)
        self.ledger.end(Record(one.key, one.name, uri, stamp, status, why, files))
        self.done += 1
        self.failed += status == "failed"
        seconds = time.monotonic() - self.started
        self.progress.update(State(self.done, self.total, self.failed, seconds, _STEP))


def _pairs(numbers: Sequence[int]) -> tuple[Span, Span, Span]:
    z0, z1, y0, y1, x0, x1 = numbers
    return (z0, z1), (y0, y1), (x0, x1)
