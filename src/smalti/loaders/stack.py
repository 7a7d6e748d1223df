"""One image of many files, each of them a plane."""

import os
import posixpath
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import numpy as np

from smalti.core.columns import Column
from smalti.core.errors import SmaltiError, UnreadableError
from smalti.core.image import Image, ImageRef, Stack
from smalti.core.plugin import loader
from smalti.core.remote import is_url
from smalti.loaders._content import BrokenFileError
from smalti.loaders.choose import open_images

__all__ = ["relative_members", "stack", "stack_of"]

_MEMBERS = Column(
    "members",
    "List(String)",
    "",
    "Files of a stack in t, c, z order, relative to the folder of its uri; empty where one is missing.",
    "same",
)


@loader("stack", columns=(_MEMBERS,))
def stack(ref: ImageRef, limit: int) -> Iterator[Image]:
    """One image of axes (T)(C)(Z)YX(S), a file each plane; opened one at a time, as planes are asked for.

    The first file that can be opened tells shape, type and everything else. A plane whose file is missing,
    cannot be read or is unlike the first fails when it is read; the others do not.
    """
    if ref.stack is None:
        raise BrokenFileError("it is no stack; files become one with --group-template and --stack-by")
    with ExitStack() as opened:
        planes = Stack(*ref.stack)  # read apart, it came as a plain tuple
        files = _Files(ref, planes, limit, opened)
        first = files.first()
        kept = [(axis, n) for axis, n in zip("TCZ", planes.lengths, strict=True) if n]
        missing = planes.members.count("")
        names = planes.channel_names or (first.channel_names if not planes.lengths[1] else None)
        yield replace(
            first,
            ref=replace(ref, series=0, series_name=None),
            axes="".join(axis for axis, _ in kept) + first.axes,
            shape=(*(n for _, n in kept), *first.shape),
            pixels=files.read,
            channel_names=names or None,
            levels=(),
            block_shape=None,
            partial=f"files of {missing:,} of {len(planes.members):,} planes are missing"
            if missing
            else None,
            metadata={**first.metadata, "members": relative_members(ref.uri, planes)},
        )


class _Files:
    """The files of a stack, of which the one that was read last stays open."""

    def __init__(self, ref: ImageRef, planes: Stack, limit: int, opened: ExitStack) -> None:
        self._ref = ref
        self._planes = planes
        self._limit = limit
        self._opened = opened
        self._number: int | None = None
        self._image: Image | None = None
        self._first: Image | None = None

    def first(self) -> Image:
        """The first file that can be opened; when none can, its error is that of the first."""
        said: SmaltiError | None = None
        for number, member in enumerate(self._planes.members):
            if member:
                try:
                    self._first = self._open(number)
                    return self._first
                except SmaltiError as error:
                    said = said or error
        raise said or UnreadableError(self._ref.path, "stack", "none of its files is there")

    def read(self, index: tuple[int | slice, ...], level: int) -> np.ndarray:
        """A region out of the planes, in the order of the stack's axes."""
        assert self._first is not None
        stacked = sum(1 for n in self._planes.lengths if n)
        outer, inner = index[:stacked], index[stacked:]
        lengths = [n for n in self._planes.lengths if n]
        wanted = np.arange(len(self._planes.members)).reshape(lengths)[outer]
        shape = tuple(
            len(range(pick.start, pick.stop, pick.step)) for pick in inner if isinstance(pick, slice)
        )
        planes = [self._plane(int(number), inner) for number in np.ravel(wanted)]
        return planes[0] if np.ndim(wanted) == 0 else np.stack(planes).reshape(*np.shape(wanted), *shape)

    def _plane(self, number: int, index: tuple[int | slice, ...]) -> np.ndarray:
        image, first = self._open(number), self._first
        assert first is not None
        assert image.pixels is not None
        if (image.shape, image.dtype, image.axes) != (first.shape, first.dtype, first.axes):
            raise self._wrong(
                number, f"is {_kind(image)}, unlike the others of the stack, which are {_kind(first)}"
            )
        return image.pixels(index, 0)

    def _open(self, number: int) -> Image:
        if self._number == number and self._image is not None:
            return self._image
        member = self._planes.members[number]
        if not member:
            raise UnreadableError(self._ref.path, "stack", "there is no file for this plane")
        self._opened.close()
        self._number = self._image = None
        name = None if self._ref.loader == "stack" else self._ref.loader
        ref = ImageRef(member, _name(member), loader=name)
        image = next(self._opened.enter_context(open_images(ref, self._limit)), None)
        if image is None or image.pixels is None or image.n_planes != 1 or image.axes.strip("YXS"):
            found = (
                "no pixels" if image is None or image.pixels is None else f"axes {image.axes} {image.shape}"
            )
            raise self._wrong(number, f"holds {found}; one plane a file is expected")
        self._number, self._image = number, image
        return image

    def _wrong(self, number: int, what: str) -> UnreadableError:
        return UnreadableError(self._ref.path, "stack", f"{_name(self._planes.members[number])} {what}")


def _kind(image: Image) -> str:
    return f"{'×'.join(map(str, image.shape))} {image.dtype}"


def _name(member: str) -> str:
    return member.replace(os.sep, "/").rpartition("/")[2]


def relative_members(uri: str, planes: Stack) -> list[str]:
    """Files of a stack relative to the folder of its first, as the table keeps them."""
    folder = uri.replace(os.sep, "/").rpartition("/")[0]
    return [
        posixpath.relpath(member.replace(os.sep, "/"), folder) if member else "" for member in planes.members
    ]


def stack_of(row: dict[str, Any]) -> Stack | None:
    """The stack that a row of the images table is of; None when it is none.

    Parameters
    ----------
    row
        Its columns ``uri``, ``members``, ``axes``, ``size_t``, ``size_c``, ``size_z``, ``channel_names``.
    """
    if not row.get("members"):
        return None
    folder = row["uri"].replace(os.sep, "/").rpartition("/")[0]
    members = tuple(_absolute(folder, member) if member else "" for member in row["members"])
    t, c, z = (row[f"size_{axis.lower()}"] if axis in row["axes"] else 0 for axis in "TCZ")
    return Stack(members, (t, c, z), tuple(row["channel_names"] or ()))


def _absolute(folder: str, member: str) -> str:
    if is_url(folder):
        scheme, _, rest = folder.partition("://")
        host, _, path = rest.partition("/")  # however often a row says .., it names no other host
        return f"{scheme}://{host}{posixpath.normpath(posixpath.join('/', path, member))}"
    return posixpath.normpath(posixpath.join(folder, member))
