"""What the name of a file says: its extension, whether it is clutter, and how to write it down."""

import re
from collections.abc import Collection
from functools import lru_cache

__all__ = ["clutter_name", "endings", "readable", "tidy"]

_WELL_KNOWN = {name.casefold(): name for name in (".DS_Store", "Thumbs.db", "desktop.ini")}

# DICOM files are named by numbers with dots (1.2.840.113619.2.55), so digits alone are no extension.
_EXTENSION = re.compile(r"(?!\d+$)[^\W_][\w~#-]{0,11}")


def tidy(extensions: Collection[str]) -> frozenset[str]:
    """Extensions in lower case without the leading dot or ``*.``."""
    return frozenset(extension.lower().removeprefix("*").removeprefix(".") for extension in extensions)


def endings(name: str) -> tuple[str, ...]:
    """Everything that may be the extension of `name`, in lower case, the longest first.

    ``"a.ome.TIF"`` gives ``"ome.tif"`` and ``"tif"``; a name without an extension gives nothing.
    """
    return _endings(name.lstrip(".").lower().partition(".")[2])


@lru_cache(maxsize=1024)  # most files of a folder end alike
def _endings(rest: str) -> tuple[str, ...]:
    found = []
    while rest and _EXTENSION.fullmatch(rest.rpartition(".")[2]):
        found.append(rest)
        rest = rest.partition(".")[2]
    return tuple(found)


def clutter_name(name: str) -> str | None:
    """Under which name a file is counted that no one means to be an image; None for any other.

    ``.DS_Store``, ``Thumbs.db`` and ``desktop.ini`` by their own name, AppleDouble files as ``._*``, other
    hidden files as ``.*``.
    """
    known = _WELL_KNOWN.get(name.casefold())
    if known:
        return known
    if name.startswith("._"):
        return "._*"
    return ".*" if name.startswith(".") else None


def readable(text: str) -> str:
    """Text that is valid UTF-8, as a table needs it: bytes of a name that are not become ``%XX``."""
    if text.isascii():
        return text
    return "".join(f"%{ord(c) & 0xFF:02X}" if "\ud800" <= c <= "\udfff" else c for c in text)
