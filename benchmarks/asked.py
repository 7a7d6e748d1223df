"""What is asked of a measurement, what was found, and how large the sets are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

__all__ = ["Asked", "Sizes", "at_least", "at_most", "claims"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A limit, what was found, and whether it is kept; None where nothing was measured."""

    limit: str
    found: str
    met: bool | None


@dataclass(frozen=True, slots=True)
class Sizes:
    """Numbers of files, as a share of those of the table; below 1 to try the benchmark itself."""

    scale: float = 1.0

    def of(self, n: int, least: int = 2) -> int:
        """So many, scaled."""
        return max(least, round(n * self.scale))


def at_most(what: str, limit: float, found: float, unit: str, digits: int = 2) -> Asked:
    """Ask that a number is no larger than its limit."""
    return Asked(f"{what} ≤ {limit:g}{unit}", f"{found:.{digits}f}{unit}", found <= limit)


def at_least(what: str, limit: float, found: float | None, unit: str, digits: int = 0) -> Asked:
    """Ask that a number is no smaller than its limit; None where nothing was measured."""
    told = f"{what} ≥ {limit:g}{unit}"
    if found is None:
        return Asked(told, "–", None)
    return Asked(told, f"{found:.{digits}f}{unit}", found >= limit)


def claims(asked: Sequence[Asked]) -> Iterator[str]:
    """Three cells of a table: what is asked, what was found, whether it is met."""
    yield "<br>".join(one.limit for one in asked)
    yield "<br>".join(one.found for one in asked)
    yield "<br>".join(_verdict(one) for one in asked)


def _verdict(asked: Asked) -> str:
    return "–" if asked.met is None else "yes" if asked.met else "**no**"
