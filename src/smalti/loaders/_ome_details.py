"""All that OME-XML says of one image, as plain values: units as stated, every plane, annotations.

Elements and defaults: Open Microscopy Environment, OME data model, schema 2016-06.
"""

from collections.abc import Iterator
from math import prod
from typing import Any

__all__ = ["ome_details"]

Index = tuple[int, int, int]
"""Of a plane along T, C and Z."""

_UNITS = {"Position": "reference frame", "DeltaT": "s", "ExposureTime": "s", "PhysicalSize": "µm"}
"""What a quantity is in where nothing is said."""


def ome_details(root: Any, image: Any) -> dict[str, Any]:
    """What the elements say, see `smalti.core.image.Image.details`; tags without their namespaces.

    Returns
    -------
    dict
        ``uuid``, ``acquired_at`` (as it is written), ``scale`` (axis to number and unit), ``channels``,
        ``planes`` (``t``, ``c``, ``z``; where they are stated ``position``, ``delta_t``, ``exposure``,
        ``uuid``, ``file`` and ``ifd``) and ``annotations``.
    """
    pixels = image.find("Pixels")
    acquired = image.findtext("AcquisitionDate") or image.findtext("AcquiredDate")
    found = {
        "uuid": root.get("UUID"),
        "acquired_at": acquired.strip() if acquired else None,
        "annotations": list(_annotations(root, image)),
    }
    if pixels is not None:
        scale = {axis: _quantity(pixels, f"PhysicalSize{axis}", "PhysicalSize") for axis in "XYZ"}
        found |= {
            "scale": {axis: size for axis, size in scale.items() if size},
            "channels": [dict(channel.attrib) for channel in pixels.findall("Channel")],
            "planes": list(_planes(pixels)),
        }
    return {key: value for key, value in found.items() if value}


def _quantity(element: Any, key: str, kind: str) -> dict[str, Any] | None:
    """A number and its unit; None where there is none."""
    value = _number(element.get(key))
    return None if value is None else {"value": value, "unit": element.get(f"{key}Unit") or _UNITS[kind]}


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _whole(text: str | None, default: int = 0) -> int:
    number = _number(text)
    return default if number is None or number != number else int(min(max(number, 0), 2**31))


def _planes(pixels: Any) -> Iterator[dict[str, Any]]:
    """What is stated of planes, of those of which something is."""
    told: dict[Index, dict[str, Any]] = {}
    for at, ifd, uuid in _places(pixels):
        told.setdefault(at, {}).update(_stated(ifd=ifd, uuid=uuid.text, file=uuid.get("FileName")))
    for plane in pixels.findall("Plane"):
        at = (_whole(plane.get("TheT")), _whole(plane.get("TheC")), _whole(plane.get("TheZ")))
        position = {axis: _quantity(plane, f"Position{axis}", "Position") for axis in "XYZ"}
        told.setdefault(at, {}).update(
            _stated(
                position={axis: place for axis, place in position.items() if place} or None,
                delta_t=_quantity(plane, "DeltaT", "DeltaT"),
                exposure=_quantity(plane, "ExposureTime", "ExposureTime"),
            )
        )
    for (t, c, z), facts in told.items():
        yield {"t": t, "c": c, "z": z, **facts}


def _stated(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def _places(pixels: Any) -> Iterator[tuple[Index, int, Any]]:
    """Plane, directory and UUID element of each TiffData that names a file."""
    order = str(pixels.get("DimensionOrder", "XYZCT"))[2:]
    lengths = {axis: max(1, _whole(pixels.get(f"Size{axis}"), 1)) for axis in "TCZ"}
    if set(order) != set("TCZ"):
        return
    n_planes = prod(lengths.values())
    for data in pixels.findall("TiffData"):
        uuid = data.find("UUID")
        if uuid is None:
            continue
        first = sum(
            _whole(data.get(f"First{axis}")) * prod(lengths[faster] for faster in order[:place])
            for place, axis in enumerate(order)
        )
        count = _whole(data.get("PlaneCount"), 1 if data.get("IFD") else n_planes)
        for number in range(min(count, n_planes - first)):
            yield _index(first + number, lengths, order), _whole(data.get("IFD")) + number, uuid


def _index(number: int, lengths: dict[str, int], order: str) -> Index:
    """Of the plane of this number, where the first axis of `order` is the fastest."""
    at = {}
    for axis in order:
        number, at[axis] = divmod(number, lengths[axis])
    return at["T"], at["C"], at["Z"]


def _annotations(root: Any, image: Any) -> Iterator[dict[str, Any]]:
    """Those that this image or no image refers to."""
    others = {_id(ref) for one in root.findall("Image") if one is not image for ref in _references(one)}
    others -= {_id(ref) for ref in _references(image)}
    for holder in root.findall("StructuredAnnotations"):
        for one in holder:
            if isinstance(one.tag, str) and one.get("ID") not in others:
                yield {"kind": one.tag, **one.attrib} | _content(one)


def _references(image: Any) -> Iterator[Any]:
    return image.iter("AnnotationRef")  # type: ignore[no-any-return]  # elements are untyped


def _id(element: Any) -> Any:
    return element.get("ID")


def _content(annotation: Any) -> dict[str, Any]:
    """Value and description of an annotation."""
    value, found = annotation.find("Value"), {}
    if value is not None:
        pairs = value.findall("M")
        found["value"] = {pair.get("K", ""): pair.text or "" for pair in pairs} if pairs else _plain(value)
    description = annotation.findtext("Description")
    return found | ({"description": description} if description else {})


def _plain(element: Any) -> Any:
    """An element as JSON has it: its text, or attributes (with ``@``), children and text by name."""
    text = (element.text or "").strip()
    children = [child for child in element if isinstance(child.tag, str)]
    if not children and not element.attrib:
        return text
    found: dict[str, Any] = {f"@{name}": value for name, value in element.attrib.items()}
    for child in children:
        found.setdefault(child.tag, []).append(_plain(child))
    single = {
        name: each[0] if isinstance(each, list) and len(each) == 1 else each for name, each in found.items()
    }
    return single | ({"#text": text} if text else {})
