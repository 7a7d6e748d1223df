"""What a TIFF says of a series: colours, channels, sizes, times.

Sources: TIFF 6.0; TIFF/EP; tags of ImageJ (`TiffDecoder`), MetaMorph STK, Zeiss LSM and Micro-Manager as
tifffile decodes them; Aperio SVS image description.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from smalti.core.units import micrometres, seconds
from smalti.loaders._about import About
from smalti.loaders._ome import read_ome

__all__ = ["describe", "distrust_ome", "ome_of"]

_MOST_PLANES = 10_000_000
_COARSEST_UM = 20.0
"""A resolution in pixels an inch or cm counts as the size of a pixel in the sample only below this.

Screens and printers have 72 to 1,200 dots an inch, 353 to 21 µm, and that is what software writes that
knows no scale: of 68 plain TIFF in the test data that state one, 67 state such a number or a placeholder
as coarse as 1 m, and one states 1.6 µm. Scanners of slides and most microscopes stay below.
"""

_PHOTOMETRIC_RGB, _PHOTOMETRIC_CMYK, _PHOTOMETRIC_YCBCR = 2, 5, 6
_GREY = (0, 1)
_ALPHA = (1, 2)
_COMPRESSION_JPEG = (6, 7, 33007, 34892)


def distrust_ome(file: Any) -> None:
    """Keep tifffile from parsing OME-XML that declares entities or an absurd number of planes."""
    if not file.is_ome:
        return
    xml = file.ome_metadata or ""
    counts = (
        int(n) for n in re.findall(r'(?:Size[CZT]|NumPlanes|PlaneCount|IFD|First[CZT])="(\d{1,30})"', xml)
    )
    if "<!DOCTYPE" in xml or "<!ENTITY" in xml or max(counts, default=0) > _MOST_PLANES:
        file.is_ome = False


def ome_of(file: Any, found: list[Any]) -> list[About]:
    """What the OME-XML says of each series of `found`; empty when there is none.

    Images match series in order when there are as many, by name otherwise.
    """
    if not file.is_ome:
        return []
    try:
        images = read_ome(file.ome_metadata)
    except ValueError as error:
        return [About(metadata={"ome_xml": str(error)}) for _ in found]
    if len(images) == len(found):
        return images
    named = {image.name: image for image in reversed(images)}
    return [named.get(series.name, About()) for series in found]


def describe(file: Any, series: Any, ome: About | None) -> About:
    """Everything the tags and the OME-XML say of one series."""
    page = series.keyframe
    try:
        about = ome or _by_format(file, series)
    except Exception as error:  # private tags hold anything; pixels do not depend on them
        about = About(metadata={"metadata_error": f"{type(error).__name__}: {error}"})
    size = about.pixel_size_um or _resolution(page)
    common = {
        "format": _format(file),
        "compression": page.compression.name if hasattr(page.compression, "name") else str(page.compression),
        "software": page.software or None,
        "significant_bits": page.bitspersample if page.bitspersample < 8 * series.dtype.itemsize else None,
        "palette": True if page.photometric == 3 else None,
        "miniswhite": True if page.photometric == 0 else None,
        "orientation": _orientation(page),
        "datetime": page.tags.valueof(306),
    }
    stated = {key: value for key, value in common.items() if value is not None}
    return replace(
        about,
        samples=_samples(page),
        pixel_size_um=size,
        acquired_at=about.acquired_at,
        metadata=stated | dict(about.metadata),
    )


def _by_format(file: Any, series: Any) -> About:
    if file.is_imagej:
        return _imagej(file, series)
    if file.is_lsm:
        return _lsm(file)
    if file.is_stk:
        return _stk(file)
    if file.is_micromanager:
        return _micromanager(series.keyframe)
    if file.is_svs:
        return _svs(series.keyframe)
    return About()


def _format(file: Any) -> str:
    names = {"ome": "OME-TIFF", "imagej": "ImageJ TIFF", "lsm": "Zeiss LSM", "stk": "MetaMorph STK"}
    names |= {"micromanager": "Micro-Manager TIFF", "svs": "Aperio SVS", "scn": "Leica SCN", "ndpi": "NDPI"}
    known: str | None = next((name for kind, name in names.items() if getattr(file, f"is_{kind}")), None)
    return known or ("BigTIFF" if file.is_bigtiff else "TIFF")


def _samples(page: Any) -> str:
    """One letter a colour sample; Lab and unknown colours have none, so that no `A` is taken for alpha."""
    n, extra = page.samplesperpixel, tuple(page.extrasamples)
    base: str = "?" * (n - len(extra))
    rgb = page.photometric == _PHOTOMETRIC_RGB or (
        page.photometric == _PHOTOMETRIC_YCBCR and page.compression in _COMPRESSION_JPEG
    )
    if rgb and len(base) == 3:
        base = "RGB"
    elif page.photometric == _PHOTOMETRIC_CMYK and len(base) == 4:
        base = "CMYK"
    elif page.photometric in _GREY and len(base) == 1 and extra and extra[0] in _ALPHA:
        base = "L"
    return (base + "".join("A" if kind in _ALPHA else "?" for kind in extra))[:n]


def _orientation(page: Any) -> int | None:
    """The orientation tag when it is not 1 (rows from the top); noted, never applied."""
    value = page.tags.valueof(274, default=1)
    return int(value) if isinstance(value, int) and value != 1 else None


def _resolution(page: Any) -> dict[str, float]:
    """Pixel size by the resolution tags, where a unit is stated and the size can be one of a sample."""
    unit = {2: "inch", 3: "cm", 4: "mm", 5: "µm"}.get(page.tags.valueof(296, default=0))
    if unit is None:
        return {}
    found = {}
    for axis, per_unit in zip("XY", page.resolution, strict=True):
        size = micrometres(1 / per_unit, unit) if per_unit > 0 else None
        if size and size < _COARSEST_UM:
            found[axis] = size
    return found


def _imagej(file: Any, series: Any) -> About:
    """Scale by the resolution tags in `unit`; `spacing` is the step in z, `finterval` in time."""
    tags = file.imagej_metadata or {}
    unit, page = tags.get("unit", ""), series.keyframe
    sizes = {"Z": micrometres(tags.get("spacing"), tags.get("zunit", unit))} if "Z" in series.axes else {}
    for axis, per_unit in zip("XY", page.resolution, strict=True):
        stated = tags.get("yunit", unit) if axis == "Y" else unit
        sizes[axis] = micrometres(1 / per_unit, stated) if per_unit > 0 and _has_scale(page) else None
    labels = tags.get("Labels")
    return About(
        channel_names=_labels(labels, series),
        pixel_size_um={axis: size for axis, size in sizes.items() if size},
        time_interval_s=seconds(tags.get("finterval"), tags.get("tunit", "s"))
        if "T" in series.axes
        else None,
        metadata={"software": f"ImageJ {tags['ImageJ']}"} if tags.get("ImageJ") else {},
    )


def _has_scale(page: Any) -> bool:
    return 282 in page.tags and 283 in page.tags


def _labels(labels: object, series: Any) -> tuple[str, ...] | None:
    """Slice labels are names of channels when there is one slice a channel."""
    if series.axes.strip("YXS") != "C" or not isinstance(labels, list) or len(labels) != series.shape[0]:
        return None
    return tuple(str(label) for label in labels)


def _lsm(file: Any) -> About:
    tags = file.lsm_metadata or {}
    sizes = {axis: micrometres(tags.get(f"VoxelSize{axis}"), "m") for axis in "XYZ"}
    colours = tags.get("ChannelColors") or {}
    names = colours.get("ColorNames") if isinstance(colours, Mapping) else None
    return About(
        channel_names=tuple(str(name) for name in names) if names else None,
        pixel_size_um={axis: size for axis, size in sizes.items() if size},
        time_interval_s=seconds(tags.get("TimeIntervall"), "s"),
    )


def _stk(file: Any) -> About:
    """MetaMorph: calibration, time, and what its illumination and camera settings say of the first plane."""
    tags = file.stk_metadata or {}
    unit = tags.get("CalibrationUnits") if tags.get("SpatialCalibration") else None
    sizes = {axis: micrometres(tags.get(f"{axis}Calibration"), unit) for axis in "XY"}
    settings = {setting["name"]: setting["value"] for setting in tags.get("PlaneProperty") or ()}
    words = "".join(tags.get("PlaneDescriptions") or ())
    exposure = re.search(r"Exposure: ([\d.]+) (\w+)", words)
    found = {
        "objective_na": settings.get("_MagNA_"),
        "significant_bits": int(settings.get("Camera Bit Depth") or 0),
        "exposure_s": seconds(*exposure.groups()) if exposure else None,
        "stage_label": ", ".join(dict.fromkeys(map(str, tags.get("StageLabel") or ()))),
    }
    return About(
        channel_names=(str(tags["Name"]),) if isinstance(tags.get("Name"), str) else None,
        pixel_size_um={axis: size for axis, size in sizes.items() if size},
        acquired_at=tags["CreateTime"] if isinstance(tags.get("CreateTime"), datetime) else None,
        metadata={key: value for key, value in found.items() if value},
    )


def _micromanager(page: Any) -> About:
    """Tag 51123, JSON of one frame."""
    stated = page.tags.valueof(51123)
    if not isinstance(stated, dict):
        return About()
    size = micrometres(stated.get("PixelSizeUm"), "µm")
    exposure, camera = seconds(stated.get("Exposure-ms"), "ms"), stated.get("Camera")
    found = {"exposure_s": exposure, "instrument": str(camera) if camera else None}
    return About(
        pixel_size_um={"X": size, "Y": size} if size else {},
        metadata={key: value for key, value in found.items() if value},
    )


def _svs(page: Any) -> About:
    """``MPP`` (µm a pixel) and ``AppMag`` of an Aperio description."""
    stated = dict(re.findall(r"(\w+)\s*=\s*([^|]+)", page.description))
    size, magnification = micrometres(stated.get("MPP"), "µm"), stated.get("AppMag", "").strip()
    return About(
        pixel_size_um={"X": size, "Y": size} if size else {},
        metadata={"objective_magnification": float(magnification)} if magnification.isdigit() else {},
    )
