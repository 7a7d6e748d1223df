"""What OME-XML says of each image.

Elements and defaults of units: Open Microscopy Environment, OME data model, schema 2016-06.
"""

from datetime import datetime
from functools import partial
from typing import Any

from smalti.core.units import micrometres, seconds
from smalti.loaders._about import About
from smalti.loaders._ome_details import ome_details

__all__ = ["read_ome"]


def read_ome(xml: str) -> list[About]:
    """One record for each Image element, in order.

    Raises
    ------
    ValueError
        Not well-formed, or it declares entities, which can blow up to gigabytes.
    """
    from xml.etree.ElementTree import ParseError

    from defusedxml.ElementTree import fromstring

    try:
        root = fromstring(xml, forbid_dtd=True)
    except ParseError as error:
        raise ValueError(f"the OME-XML is not well-formed: {error}") from None
    for element in root.iter():  # names without namespace: there are a dozen schema versions
        if isinstance(element.tag, str):
            element.tag = element.tag.rpartition("}")[2]
    return [_about(root, image) for image in root.findall("Image")]


def _about(root: Any, image: Any) -> About:
    pixels = image.find("Pixels")
    if pixels is None:
        return About(name=image.get("Name", ""), details=partial(ome_details, root, image))
    names = tuple(channel.get("Name") for channel in pixels.findall("Channel"))
    sizes = {axis: _length(pixels, f"PhysicalSize{axis}") for axis in "XYZ"}
    return About(
        channel_names=tuple(name or f"channel {i}" for i, name in enumerate(names)) if any(names) else None,
        pixel_size_um={axis: size for axis, size in sizes.items() if size},
        time_interval_s=_interval(pixels),
        acquired_at=_time(image),
        metadata=_metadata(root, image, pixels),
        name=image.get("Name", ""),
        lengths={axis: int(_number(pixels.get(f"Size{axis}"), int) or 1) for axis in "TCZ"},
        details=partial(ome_details, root, image),
    )


def _length(pixels: Any, key: str) -> float | None:
    return micrometres(pixels.get(key), pixels.get(f"{key}Unit", "µm")) if pixels.get(key) else None


def _interval(pixels: Any) -> float | None:
    """TimeIncrement, or the mean step of DeltaT of the first z and channel."""
    stated = seconds(pixels.get("TimeIncrement"), pixels.get("TimeIncrementUnit", "s"))
    if stated:
        return stated
    deltas = {
        int(plane.get("TheT", 0)): float(plane.get("DeltaT"))
        for plane in pixels.findall("Plane")
        if plane.get("DeltaT") and plane.get("TheZ") == plane.get("TheC") == "0"
    }
    if len(deltas) < 2:
        return None
    first, last = min(deltas), max(deltas)
    return seconds((deltas[last] - deltas[first]) / (last - first), _delta_unit(pixels))


def _delta_unit(pixels: Any) -> str:
    return next((str(plane.get("DeltaTUnit", "s")) for plane in pixels.findall("Plane")), "s")


def _time(image: Any) -> datetime | None:
    """AcquisitionDate (an element; an attribute until 2011), as stated."""
    stated = image.findtext("AcquisitionDate") or image.findtext("AcquiredDate") or ""
    try:
        return datetime.fromisoformat(stated.strip()).replace(tzinfo=None)
    except ValueError:
        return None


def _metadata(root: Any, image: Any, pixels: Any) -> dict[str, object]:
    found: dict[str, object] = {
        "significant_bits": _number(pixels.get("SignificantBits"), int),
        "exposure_s": _exposure(pixels),
        "software": root.get("Creator"),
        "description": (image.findtext("Description") or "").strip(),
    }
    objective = _referred(root, image, "Objective")
    if objective is not None:
        found["objective_magnification"] = _number(objective.get("NominalMagnification"), float)
        found["objective_na"] = _number(objective.get("LensNA"), float)
    microscope = next(root.iter("Microscope"), None)
    if microscope is not None:
        words = (microscope.get("Manufacturer"), microscope.get("Model"))
        found["instrument"] = " ".join(word for word in words if word)
    return {key: value for key, value in found.items() if value not in (None, "")}


def _referred(root: Any, image: Any, what: str) -> Any:
    """The element `what` that an image points to by `ObjectiveSettings` or `ObjectiveRef`."""
    for kind in (f"{what}Settings", f"{what}Ref"):
        pointer = image.find(kind)
        if pointer is not None:
            return next((e for e in root.iter(what) if e.get("ID") == pointer.get("ID")), None)
    return None


def _exposure(pixels: Any) -> float | None:
    plane = next((p for p in pixels.findall("Plane") if p.get("ExposureTime")), None)
    if plane is None:
        return None
    return seconds(plane.get("ExposureTime"), plane.get("ExposureTimeUnit", "s"))


def _number(text: str | None, kind: type[int] | type[float]) -> float | None:
    try:
        return kind(text) if text else None
    except ValueError:
        return None
