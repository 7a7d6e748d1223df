"""What the first bytes of a file say it is."""

from smalti.loaders._small import first_bytes

__all__ = ["HEAD", "BrokenFileError", "head_of", "hopeless", "is_dicom", "starts_with"]

HEAD = 512

_LFS = b"version https://git-lfs"
_CONTAINERS = (
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "gzip-compressed data"),
    (b"BZh", "bzip2-compressed data"),
    (b"\xfd7zXZ", "xz-compressed data"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\xd0\xcf\x11\xe0", "an OLE container (Thumbs.db, old Office, Olympus OIB, Zeiss ZVI)"),
    (b"\x00\x05\x16\x07", "an AppleDouble sidecar file"),
    (b"SIMPLE  =", "a FITS file"),
    (b"%PDF", "a PDF document"),
    (b"\x89HDF", "an HDF5 file"),
    (b"CDF\x01", "a NetCDF file"),
    (b"NRRD", "an NRRD file"),
    (b"RIFF", "a RIFF file (AVI, WAV)"),
)


def head_of(path: str) -> bytes:
    """The first 512 bytes.

    Raises
    ------
    OSError
        The file cannot be opened.
    """
    return first_bytes(path, HEAD)


def is_dicom(head: bytes) -> bool:
    """Whether a DICOM preamble, whatever it holds, ends in DICOM's own magic."""
    return head[128:132] == b"DICM"


def hopeless(head: bytes) -> str | None:
    """Why no reader need be tried: the file is empty, a stand-in for an image, or a web page."""
    if not head:
        return "the file is empty (0 bytes)"
    if head.startswith(_LFS):
        return "a Git LFS pointer stands here instead of the image; run: git lfs pull"
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html")):
        return f"this is a web page, not an image: {starts_with(head)}"
    return None


def starts_with(head: bytes) -> str:
    """What the file starts with, for people: a known container, some text, or bytes."""
    for magic, name in _CONTAINERS:
        if head.startswith(magic):
            return f"it is {name}"
    if not head.strip(b"\0"):
        return f"it starts with {len(head)} zero bytes"
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:40]
    if text and all(byte in b"\t\r\n" or 32 <= byte < 127 for byte in text):
        shown = " ".join(text.decode("ascii").split())
        return f"it starts with text {shown + '…'!r}"
    return f"it starts with bytes {head[:8].hex(' ')}"


class BrokenFileError(Exception):
    """What a file holds contradicts its own header; the message says found and expected."""
