"""What an export did, as words and as JSON."""

from dataclasses import asdict, dataclass
from typing import Any

from smalti.core.words import count

__all__ = ["Report"]


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the images.

    Parameters
    ----------
    path
        What was written; of a dry run, what would be.
    written, failed
        Images that are in it, and those that could not be, by this run.
    total
        Images that are in it now.
    errors
        Path and reason of the first images that failed.
    problems
        Sentences on what a person should know, such as rows of a table that match no image.
    seconds
        How long it took.
    plan
        What was planned, in lines; all there is of a dry run.
    what
        What was written, in the singular.
    told_in
        What holds the reasons of all that failed; empty where the report does.
    """

    path: str
    written: int = 0
    failed: int = 0
    total: int = 0
    errors: tuple[tuple[str, str], ...] = ()
    problems: tuple[str, ...] = ()
    seconds: float = 0.0
    plan: tuple[str, ...] = ()
    what: str = "image"
    told_in: str = "the table"

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self)

    def tell(self) -> str:
        """Some lines for a person."""
        lines = [*self.plan]
        if self.written or self.failed:
            rate = f", {self.written / self.seconds:,.0f} a second" if self.seconds >= 1 else ""
            lines.append(f"{count(self.written, self.what)} written{rate}; {self.total:,} in {self.path}")
        elif not self.plan:
            lines.append(f"nothing to do; {count(self.total, self.what)} in {self.path}")
        if self.failed:
            told = f", each with its reason in {self.told_in}" if self.told_in else ""
            lines.append(f"{self.failed:,} failed{told}:")
            lines += [f"  {path}: {reason}" for path, reason in self.errors]
            if self.failed > len(self.errors):
                lines.append(f"  and {self.failed - len(self.errors):,} more")
        return "\n".join([*lines, *(f"note: {problem}" for problem in self.problems)])
