"""PNG, JPEG, WebP, GIF, BMP, JPEG 2000, JPEG XL, Netpbm and other plain raster files."""

from collections.abc import Callable, Iterator

from smalti.core.image import Image, ImageRef
from smalti.core.plugin import loader
from smalti.loaders import _jp2, _jpeg, _jxl, _png, _pnm, _webp
from smalti.loaders._content import head_of
from smalti.loaders._still import Still, image_of

__all__ = ["raster"]


@loader(
    "raster",
    extensions=(
        *("png", "apng", "jpg", "jpeg", "jpe", "jfif", "webp", "gif", "bmp", "dib"),
        *("jp2", "j2k", "jpc", "jxl", "pbm", "pgm", "ppm", "pnm", "sgi", "tga", "pcx"),
    ),
    magic=(
        *(_png.MAGIC, _jpeg.MAGIC, *_jp2.MAGICS, *_jxl.MAGICS, b"GIF87a", b"GIF89a", b"BM", b"\x01\xda"),
        *(kind + gap for kind in (b"P1", b"P2", b"P3", b"P4", b"P5", b"P6") for gap in (b"\n", b" ", b"\t")),
    ),
    magic_at=((8, b"WEBP"),),
)
def raster(ref: ImageRef, limit: int) -> Iterator[Image]:
    """One image a file; frames of an animation are T; palette images are indices."""
    reader = _reader(head_of(ref.uri))
    still = reader(ref.uri) if reader else None
    if still is not None:
        yield image_of(ref, still, limit)
        return
    from smalti.loaders._pillow import open_with_pillow

    with open_with_pillow(ref.uri) as still:
        yield image_of(ref, still, limit)


def _reader(head: bytes) -> Callable[[str], Still | None] | None:
    """The direct reader: faster than Pillow, exact in what it hands out, and bound by `limit` alone."""
    if head.startswith(_png.MAGIC):
        return _png.read_png
    if head.startswith(_jpeg.MAGIC):
        return _jpeg.read_jpeg
    if head.startswith(_jp2.MAGICS):
        return _jp2.read_jp2
    if head.startswith(_jxl.MAGICS):
        return _jxl.read_jxl
    if _webp.is_webp(head):
        return _webp.read_webp
    if _pnm.is_pnm(head):
        return _pnm.read_pnm
    return None
