"""What a step of curation did, item by item."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from smalti.core.words import count

__all__ = ["Item", "Outcome", "Status"]

Status = Literal["ok", "skipped", "failed"]

SHOWN = 10
"""Items that are told of in words; all are in `Outcome.items`."""


@dataclass(frozen=True, slots=True)
class Item:
    """What became of one image, volume or patch.

    Parameters
    ----------
    path
        As a person may read it, relative to what was given where that is a folder.
    status
        ``ok``, ``skipped`` (it is right that nothing was made of it) or ``failed``.
    why
        The reason, of all but ``ok``; there it may say what a person should know.
    made
        How many things were made of it: patches, files, slices.
    """

    path: str
    status: Status = "ok"
    why: str = ""
    made: int = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step did.

    Parameters
    ----------
    out
        What was written.
    items
        One for each item of the input, in order.
    made
        How many things are in `out` now; None for those that the items made.
    what
        What was made, in the singular: ``"patch"``, ``"image"``.
    notes
        Sentences on what a person should know.
    seconds
        How long it took.
    """

    out: str
    items: tuple[Item, ...] = ()
    made: int | None = None
    what: str = "image"
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def ok(self) -> int:
        """Items that went well."""
        return self._count("ok")

    @property
    def skipped(self) -> int:
        """Items of which nothing was made, as is right."""
        return self._count("skipped")

    @property
    def failed(self) -> int:
        """Items that could not be done; with any, the command line ends with 1."""
        return self._count("failed")

    @property
    def total(self) -> int:
        """Things that are in `out`."""
        return sum(item.made for item in self.items) if self.made is None else self.made

    def _count(self, status: Status) -> int:
        return sum(item.status == status for item in self.items)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        counts = {"ok": self.ok, "skipped": self.skipped, "failed": self.failed, "made": self.total}
        return asdict(self) | counts | {"items": [asdict(item) for item in self.items]}

    def tell(self) -> str:
        """Some lines for a person."""
        counts = [f"{self.ok:,} ok"]
        counts += [f"{n:,} {word}" for n, word in ((self.skipped, "skipped"), (self.failed, "failed")) if n]
        lines = [f"{', '.join(counts)}; {count(self.total, self.what)} in {self.out}"]
        for status in ("failed", "skipped"):
            told = [item for item in self.items if item.status == status]
            lines += [f"  {status}: {item.path}: {item.why}" for item in told[:SHOWN]]
            if len(told) > SHOWN:
                lines.append(f"  and {len(told) - SHOWN:,} more {status}")
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])
