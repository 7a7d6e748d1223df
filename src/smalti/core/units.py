"""Lengths in µm and times in seconds, out of the many ways to write a unit."""

from math import isfinite

__all__ = ["micrometres", "seconds"]

_UM = {
    **dict.fromkeys(("µm", "μm", "um", "micron", "microns", "micrometer", "micrometre", "\\u00b5m"), 1.0),
    **dict.fromkeys(("nm", "nanometer", "nanometre"), 1e-3),
    **dict.fromkeys(("pm", "picometer", "picometre"), 1e-6),
    **dict.fromkeys(("å", "angstrom", "ångström", "ångstrom"), 1e-4),
    **dict.fromkeys(("mm", "millimeter", "millimetre"), 1e3),
    **dict.fromkeys(("cm", "centimeter", "centimetre"), 1e4),
    **dict.fromkeys(("dm", "decimeter", "decimetre"), 1e5),
    **dict.fromkeys(("m", "meter", "metre"), 1e6),
    **dict.fromkeys(("inch", "in"), 25400.0),
}
_SECONDS = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1.0),
    **dict.fromkeys(("ms", "msec", "millisecond"), 1e-3),
    **dict.fromkeys(("µs", "μs", "us", "microsecond"), 1e-6),
    **dict.fromkeys(("ns", "nanosecond"), 1e-9),
    **dict.fromkeys(("min", "minute"), 60.0),
    **dict.fromkeys(("h", "hour"), 3600.0),
    **dict.fromkeys(("d", "day"), 86400.0),
}


def micrometres(value: object, unit: object) -> float | None:
    """A length in µm; None when the unit is none of length, or the value is not a positive number."""
    return _scaled(value, _UM.get(str(unit).strip().lower()))


def seconds(value: object, unit: object) -> float | None:
    """A time in seconds; None when the unit is none of time, or the value is not a positive number."""
    return _scaled(value, _SECONDS.get(str(unit).strip().lower()))


def _scaled(value: object, factor: float | None) -> float | None:
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number * factor if factor and isfinite(number) and number > 0 else None
