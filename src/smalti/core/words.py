"""Numbers with what they count, in words."""

__all__ = ["count", "plural"]


def count(n: int, unit: str = "image") -> str:
    """A number with its unit: ``"1 image"``, ``"2,000 images"``."""
    return f"{n:,} {plural(unit, n)}"


def plural(unit: str, n: int) -> str:
    """A unit for so many: ``"patch"``, ``"patches"``; ``"boxes"``."""
    if n == 1:
        return unit
    return f"{unit}es" if unit.endswith(("ch", "x")) else f"{unit}s"
