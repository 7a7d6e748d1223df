"""Channels of images as viewers show them: names, colours and contrast that files state."""

import re
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from smalti.core.image import Image
from smalti.export.pyramid.source import Channel

__all__ = ["channels_of"]

_SAMPLES = {"R": "FF0000", "G": "00FF00", "B": "0000FF"}


def channels_of(
    image: Image, stated: Sequence[Mapping[str, Any]], n: int, samples: int
) -> tuple[Channel, ...]:
    """What is known of the channels of an image; nothing where none of them has a name, colour or contrast.

    Parameters
    ----------
    image
        Its names of channels and colour samples count.
    stated
        What its file says of each, as the ``omero`` of OME-Zarr or the ``Channel`` of OME-XML has it.
    n
        How many channels it becomes; colour samples are channels, alpha one that is not shown at first.
    samples
        Colour samples of a pixel, 1 for grey.
    """
    names = image.channel_names or ()
    if samples > 1:
        return _coloured(image.samples, names, n, samples)
    if len(names) != n:
        names = ("",) * n
    if len(stated) != n:
        stated = ({},) * n
    found = tuple(map(_channel, names, stated))
    return found if any(one != Channel() for one in found) else ()


def _coloured(letters: str, names: Sequence[str], n: int, samples: int) -> tuple[Channel, ...]:
    letters = letters if len(letters) == samples else "?" * samples
    made = []
    for number in range(n):
        outer, letter = names[number // samples : number // samples + 1], letters[number % samples]
        name = " ".join([*outer, *(letter.replace("?", ""))]).strip()
        coloured = letter in _SAMPLES
        made.append(Channel(name, _SAMPLES.get(letter, ""), letter != "A", not coloured))
    return tuple(made)


def _channel(name: str, stated: Mapping[str, Any]) -> Channel:
    active = stated.get("active", True) is not False
    return Channel(name, _colour(stated), active, window=_window(stated.get("window")))


def _colour(stated: Mapping[str, Any]) -> str:
    """Six hex digits; OME-XML has a signed number of 32 bits, the last eight of which are alpha."""
    text = str(stated.get("color", ""))
    if found := re.fullmatch(r"#?([0-9A-Fa-f]{6})(?:[0-9A-Fa-f]{2})?", text):
        return found[1].upper()
    number = str(stated.get("Color", ""))
    return f"{int(number) >> 8 & 0xFFFFFF:06X}" if re.fullmatch(r"-?\d{1,10}", number) else ""


def _window(stated: Any) -> tuple[float, float] | None:
    if not isinstance(stated, Mapping):
        return None
    try:
        low, high = float(stated["start"]), float(stated["end"])
    except (KeyError, TypeError, ValueError):
        return None
    return (low, high) if isfinite(low) and isfinite(high) and low < high else None
