"""Names of units as OME-Zarr writes them, out of the many ways to write a unit."""

from collections.abc import Iterable

__all__ = ["unit_name"]

_PREFIXES = {
    **{"y": "yocto", "z": "zepto", "a": "atto", "f": "femto", "p": "pico", "n": "nano", "µ": "micro"},
    **{"μ": "micro", "u": "micro", "m": "milli", "c": "centi", "d": "deci", "h": "hecto", "k": "kilo"},
    **{"M": "mega", "G": "giga", "T": "tera"},
}


def _metric(sign: str, names: Iterable[str]) -> dict[str, str]:
    """``nm``, ``nanometer``, ``nanometre``, ``nanometers`` … by the name to be written."""
    known: dict[str, str] = {}
    for short, prefix in [("", ""), *_PREFIXES.items()]:
        first, *others = [f"{prefix}{name}" for name in names]
        known[f"{short}{sign}"] = first
        for name in (first, *others):
            known[name] = known[f"{name}s"] = first
    return known


_NAMES = {
    **_metric("m", ("meter", "metre")),
    **_metric("s", ("second",)),
    **dict.fromkeys(("micron", "microns", r"\u00b5m"), "micrometer"),
    **dict.fromkeys(("å", "Å", "Å", "ångström", "angstrom", "angstroms"), "angstrom"),
    **dict.fromkeys(("in", "inch", "inches"), "inch"),
    **dict.fromkeys(("ft", "foot", "feet"), "foot"),
    **dict.fromkeys(("sec", "secs"), "second"),
    **dict.fromkeys(("msec", "msecs"), "millisecond"),
    **dict.fromkeys(("min", "minute", "minutes"), "minute"),
    **dict.fromkeys(("h", "hr", "hour", "hours"), "hour"),
    **dict.fromkeys(("d", "day", "days"), "day"),
}


def unit_name(unit: str | None) -> str | None:
    """``"micrometer"`` for ``"µm"``, ``"um"`` or ``"Micron"``; what is not known stays as it is."""
    if not unit or unit in ("pixel", "px"):
        return None
    text = unit.strip()
    return _NAMES.get(text) or _NAMES.get(text.lower()) or text
