"""What the header of a FITS image says: its axes, its scale, when and with what it was taken.

Source: FITS Standard 4.0, sections 4.4 (keywords), 8 (world coordinates) and appendix A of the first
Year-2000 agreement (dates ``dd/mm/yy`` are of the 20th century).
"""

import re
from datetime import datetime
from math import hypot, sqrt
from typing import Any

from smalti.core.units import micrometres, seconds
from smalti.loaders._about import About

__all__ = ["about_fits", "fits_axes"]

_SPECTRAL = re.compile(r"FREQ|ENER|WAVN|VRAD|WAVE|VOPT|ZOPT|AWAV|VELO|BETA|FELO|LAMBDA|STOKES", re.IGNORECASE)
_TEMPORAL = re.compile(r"TIME|UTC?\b|TAI|TT\b|TDB|GPS", re.IGNORECASE)
_CELESTIAL = re.compile(r"RA\b|RA-|DEC|.LON|.LAT|..LN|..LT", re.IGNORECASE)

_ARCSEC = {"deg": 3600.0, "arcmin": 60.0, "arcsec": 1.0, "mas": 1e-3, "rad": 206264.80624709636}
_STRUCTURE = re.compile(
    r"(SIMPLE|XTENSION|BITPIX|NAXIS\d*|EXTEND|PCOUNT|GCOUNT|BSCALE|BZERO|BLANK|CHECKSUM|DATASUM|COMMENT"
    r"|HISTORY|END|)$"
)
_MOST_CARDS = 1000


def fits_axes(header: Any) -> str:
    """One letter for each array axis, the first NAXIS last.

    The first two axes of FITS are X and Y. A further one is C when its CTYPE is spectral or STOKES, T when
    it is a time, and otherwise, as far as letters reach, Z; ``Q`` says that none of them is stated.
    """
    letters = ["X", "Y"]
    for number in range(3, int(header["NAXIS"]) + 1):
        kind = _text(header, f"CTYPE{number}")
        letter = "C" if _SPECTRAL.match(kind) else "T" if _TEMPORAL.match(kind) else "Q"
        letters.append(letter if letter not in letters else "Q")
    return "".join(reversed(letters))


def about_fits(header: Any, primary: Any, axes: str) -> About:
    """Facts of one image; what its own header does not say of the exposure, the primary header may.

    Parameters
    ----------
    header, primary
        Of the image, and of the file's first HDU (`astropy.io.fits.Header`).
    axes
        A letter for each array axis, the first NAXIS last; ``-`` for one that the image does not run along.
    """
    sizes = {axis: _length(header, axis, axes) for axis in "XYZ" if axis in axes}
    words = (_inherited(header, primary, key) for key in ("TELESCOP", "INSTRUME"))
    found = {
        "exposure_s": _exposure(header, primary),
        "instrument": " ".join(dict.fromkeys(str(word).strip() for word in words if word)),
        "software": str(_inherited(header, primary, "CREATOR") or "").strip(),
        "wcs_scale_arcsec": _angular_scale(header),
    }
    return About(
        pixel_size_um={axis: size for axis, size in sizes.items() if size},
        time_interval_s=_interval(header, axes),
        acquired_at=_date(header) or _date(primary),
        metadata={key: value for key, value in found.items() if value} | _cards(primary) | _cards(header),
    )


def _inherited(header: Any, primary: Any, key: str) -> Any:
    return _value(header, key) or _value(primary, key)


def _value(header: Any, key: str) -> Any:
    """The value of a card; None where it is absent, undefined, or breaks the rules of FITS."""
    try:
        value = header.get(key)
    except Exception:  # astropy reads a card when it is asked for, and refuses malformed ones then
        return None
    return value if isinstance(value, str | int | float | bool) else None


def _text(header: Any, key: str) -> str:
    return str(_value(header, key) or "").strip()


def _number(header: Any, key: str) -> float | None:
    value = _value(header, key)
    return float(value) if isinstance(value, int | float) else None


def _matrix(header: Any, row: int, column: int) -> float | None:
    """An element of the matrix from pixels to world coordinates; None where none is stated.

    CDi_j; or PCi_j, which is 1 on the diagonal, times CDELTi.
    """
    stated = [_number(header, f"CD{i}_{j}") for i in (1, 2) for j in (1, 2)]
    if any(value is not None for value in stated):
        return _number(header, f"CD{row}_{column}") or 0.0
    step, part = _number(header, f"CDELT{row}"), _number(header, f"PC{row}_{column}")
    return None if step is None else step * (float(row == column) if part is None else part)


def _length(header: Any, axis: str, axes: str) -> float | None:
    """Size of a pixel along an axis in µm, where its unit is one of length and no wavelength."""
    number = len(axes) - axes.index(axis)
    if _SPECTRAL.match(_text(header, f"CTYPE{number}")):
        return None
    if number > 2:
        steps = [_matrix(header, number, number)]
    else:
        steps = [_matrix(header, row, number) for row in (1, 2)]
    return micrometres(hypot(*(step or 0.0 for step in steps)), _text(header, f"CUNIT{number}"))


def _angular_scale(header: Any) -> float | None:
    """Arcseconds a pixel on the sky: the square root of its area; None without celestial axes."""
    if not all(_CELESTIAL.match(_text(header, f"CTYPE{i}")) for i in (1, 2)):
        return None
    units = [_ARCSEC.get(_text(header, f"CUNIT{i}") or "deg") for i in (1, 2)]
    xx, xy, yx, yy = (_matrix(header, i, j) for i in (1, 2) for j in (1, 2))
    if None in units or xx is None or xy is None or yx is None or yy is None:
        return None
    assert units[0] is not None
    assert units[1] is not None
    return sqrt(abs(xx * yy - xy * yx) * units[0] * units[1]) or None


def _interval(header: Any, axes: str) -> float | None:
    if "T" not in axes:
        return None
    number = len(axes) - axes.index("T")
    return seconds(_number(header, f"CDELT{number}"), _text(header, f"CUNIT{number}") or "s")


def _exposure(header: Any, primary: Any) -> float | None:
    for key in ("EXPTIME", "EXPOSURE"):
        value = _inherited(header, primary, key)
        if isinstance(value, int | float):
            return seconds(value, "s")
    return None


def _date(header: Any) -> datetime | None:
    """DATE-OBS, with TIME-OBS where it holds the day alone."""
    stated, time = _text(header, "DATE-OBS"), _text(header, "TIME-OBS")
    old = re.fullmatch(r"(\d\d)/(\d\d)/(\d\d)", stated)
    day = "19{2}-{1}-{0}".format(*old.groups()) if old else stated
    for text in (f"{day}T{time}", day):
        try:
            return datetime.fromisoformat(text).replace(tzinfo=None)
        except ValueError:
            continue
    return None


def _cards(header: Any) -> dict[str, object]:
    """Every other card as it stands, upper case as FITS writes its keywords."""
    names = [key for key in dict.fromkeys(header) if not _STRUCTURE.match(key)][:_MOST_CARDS]
    values = {key: _value(header, key) for key in names}
    return {key: value for key, value in values.items() if value is not None and value != ""}
