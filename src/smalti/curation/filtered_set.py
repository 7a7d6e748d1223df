"""The new set that ``filter`` makes of what it keeps."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl
import xxhash

from smalti.core.progress import Progress
from smalti.curation import manifest
from smalti.curation.deciding import ENTRY
from smalti.curation.new_set import NewSet, refuse_set
from smalti.curation.outcome import Item
from smalti.curation.patchset import PatchSet
from smalti.curation.store import Write

__all__ = ["FilteredSet"]

_TOLD = ("patch_id", "pixel_hash", "dataset", "name", "decision", "reason")


@dataclass(frozen=True, slots=True)
class FilteredSet:
    """A new set of a filter.

    Parameters
    ----------
    folder
        Where it goes.
    write
        How pixels are written.
    facts
        What decides what it is beside the set it is made of: scorer, threshold.
    """

    folder: Path
    write: Write
    facts: Mapping[str, Any]

    def asked(self, old: PatchSet) -> dict[str, Any]:
        """What it is made with, for the footer of its manifest."""
        footer = manifest.info(old.folder / manifest.FILE_NAME).footer
        curation = json.loads(footer.get("curation", "{}"))
        hashes = {name: curation[name] for name in ("bits", "compatible") if name in curation}
        rows = old.frame.select(pl.struct(_TOLD).struct.json_encode()).to_series()
        of = xxhash.xxh3_64_hexdigest("\n".join(rows).encode())
        return {"step": "filter of a set 1", "of": of, "write": self.write, **self.facts, **hashes}

    def is_there(self, old: PatchSet) -> bool:
        """Whether the same command has made it already.

        Raises
        ------
        UsageError
            There is another set.
        """
        place = self.folder / manifest.FILE_NAME
        if not place.exists():
            return False
        if json.loads(manifest.info(place).footer.get("curation", "{}")) != self.asked(old):
            refuse_set(self.folder)
        return True

    def put(self, old: PatchSet, decided: pl.DataFrame, threads: int, progress: Progress) -> tuple[Item, ...]:
        """Write it; gives patches whose pixels could not be read."""
        now = PatchSet.open(old.folder)  # with the features that it was given
        frame = now.frame.with_columns(decided["score"], decided["decision"], decided["reason"])
        info = manifest.info(now.folder / manifest.FILE_NAME)
        known = replace(info, footer={**info.footer, ENTRY: json.dumps(self.facts)})
        new = NewSet(frame, now.read, self.write, self.asked(old), known)
        return new.put(self.folder, threads, progress)

    def unread(self) -> tuple[Item, ...]:
        """Patches of the set that is there which could not be read when it was made."""
        frame = PatchSet.open(self.folder).frame
        bare = pl.col("array").is_null() & pl.col("file").is_null() & pl.lit(self.write != "none")
        kept = pl.col("decision").fill_null("keep") == "keep"
        names = frame.filter(kept & (bare | pl.col("score").is_null()))["name"]
        why = "it could not be read when the set was made; give another -o to try again"
        return tuple(Item(name, "failed", why, 0) for name in names)
