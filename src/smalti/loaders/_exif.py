"""What a camera wrote beside the pixels."""

from datetime import datetime

__all__ = ["read_exif"]

_ORIENTATION, _MAKE, _MODEL, _SOFTWARE = 0x0112, 0x010F, 0x0110, 0x0131
_PHOTO, _TAKEN, _EXPOSURE = 0x8769, 0x9003, 0x829A


def read_exif(data: bytes) -> tuple[dict[str, object], datetime | None]:
    """Metadata and time of acquisition out of an Exif block; broken entries are left out.

    The orientation is noted, never applied: pixels are as stored.
    """
    from PIL import Image

    exif = Image.Exif()
    try:
        exif.load(data)
        photo = exif.get_ifd(_PHOTO)
        found = {
            "exif_orientation": exif.get(_ORIENTATION),
            "instrument": " ".join(str(exif[tag]).strip("\0 ") for tag in (_MAKE, _MODEL) if exif.get(tag)),
            "software": exif.get(_SOFTWARE),
            "exposure_s": float(photo[_EXPOSURE]) if photo.get(_EXPOSURE) else None,
        }
        taken = _time(photo.get(_TAKEN))
    except Exception:  # broken Exif raises whatever its bytes lead to; pixels do not depend on it
        return {}, None
    return {key: value for key, value in found.items() if value not in (None, "", 1)}, taken


def _time(text: object) -> datetime | None:
    try:
        return datetime.strptime(str(text).strip("\0 "), "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None
