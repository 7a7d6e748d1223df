"""What the inspector asks for, and what it gets: one plane of one image, read in another thread."""

import logging
from dataclasses import dataclass

import polars as pl

from smalti.app.picture import Picture, encode, picture_of
from smalti.core.axes import PlaneIndex
from smalti.core.errors import SmaltiError, UnreadableError
from smalti.core.image import Image
from smalti.processing.project import Project

__all__ = ["Shot", "Wish", "take"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wish:
    """What to show.

    Parameters
    ----------
    row, image_id
        The image: its row on the page, its id in the project.
    index
        The plane; None for the one that thumbnails show: first t and c, middle z.
    window
        Contrast limits; None for those that fit the plane.
    image, picture
        What was opened and read before, so that it is not done again.
    """

    row: int
    image_id: str
    index: PlaneIndex | None = None
    window: tuple[float, float] | None = None
    image: Image | None = None
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class Shot:
    """What can be shown.

    Parameters
    ----------
    row
        The image's row on the page.
    media, data
        The picture as the browser takes it; no bytes when there is none.
    image, picture
        What was read; None when it could not be.
    window
        Contrast limits it is drawn with.
    trouble
        Why it could not be read; the bytes are then those of the thumbnail, where there is one.
    """

    row: int
    media: str = ""
    data: bytes = b""
    image: Image | None = None
    picture: Picture | None = None
    window: tuple[float, float] = (0.0, 1.0)
    trouble: str = ""


def take(wish: Wish, project: Project) -> Shot:
    """Read, reduce and encode; whatever goes wrong is said in the answer."""
    image = wish.image
    try:
        image = image or project.image(wish.image_id)
        picture = wish.picture or _picture(image, wish.index)
        window = wish.window or picture.auto
        return Shot(wish.row, *encode(picture, *window), image, picture, window)
    except SmaltiError as error:
        trouble = str(error)
    except Exception as error:  # the page lives on, and says so
        log.exception("a plane of %s could not be shown", wish.image_id)
        trouble = f"{type(error).__name__}: {error}"
    return Shot(wish.row, "image/jpeg", _thumbnail(project, wish.image_id), image, trouble=trouble)


def _picture(image: Image, index: PlaneIndex | None) -> Picture:
    if not image.n_planes:
        raise UnreadableError(
            image.ref.path,
            image.ref.loader or "loader",
            "known by its metadata only; it has no pixels to show",
        )
    length = image.sizes
    wanted = index or PlaneIndex(0, 0, length["Z"] // 2)
    fits = PlaneIndex(*(min(at, length[axis] - 1) for axis, at in zip("TCZ", wanted, strict=True)))
    return picture_of(image, fits)


def _thumbnail(project: Project, image_id: str) -> bytes:
    """JPEG of the first channel; nothing where none was stored."""
    try:
        found = project.thumbnails.filter(pl.col("image_id") == image_id).sort("c").select("jpeg").head(1)
        rows: list[tuple[bytes | None]] = found.collect().rows()
        return (rows[0][0] if rows else None) or b""
    except (SmaltiError, pl.exceptions.PolarsError, OSError):
        return b""
