"""Reading of boxes of an image as grey, whatever the order of its axes."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from smalti.core.errors import SmaltiError, UsageError
from smalti.core.image import Image
from smalti.curation.grey import PERCENTILES, Intensity, Window, grey, luma, window_of

__all__ = ["ORDERS", "Picked", "Windows", "check_channel", "padded", "picked"]

ORDERS = ((0, 1, 2), (1, 0, 2), (2, 0, 1))
"""Slices, rows and columns of the slices along each axis, as axes of the volume."""

WINDOW_BYTES = 32 << 20
"""Pixels that are looked at at once for a window."""


@dataclass(frozen=True, slots=True)
class Picked:
    """An image with its channel picked.

    Parameters
    ----------
    image
        The image.
    stack
        The axis of its slices, ``Z`` or ``T``; of an image ``Z``, which need not be there.
    channel
        Index along C, or of the colour sample; None for luma, or the only one.
    """

    image: Image
    stack: str
    channel: int | None

    @property
    def shape(self) -> tuple[int, int, int]:
        """Slices, rows and columns."""
        length = self.image.sizes
        return length[self.stack], length["Y"], length["X"]

    @property
    def item(self) -> int:
        """Bytes of a pixel as it is read."""
        assert self.image.dtype is not None
        return self.image.dtype.itemsize * self.image.sizes["S"]

    def read(self, slices: slice, rows: slice, columns: slice, time: int = 0) -> np.ndarray:
        """Pixels (slices, rows, columns) as they are stored, colours as luma."""
        axes, has_samples = self.image.axes, "S" in self.image.axes
        picks = {"t": time, "c": 0 if has_samples or self.channel is None else self.channel}
        picks |= {"z": 0}
        is_deep = self.stack in axes and slices.stop - slices.start > 1
        spans = {self.stack.lower(): slices} if is_deep else {}
        if self.stack in axes and not is_deep:  # loaders read rows of one plane alone, of several all rows
            picks[self.stack.lower()] = slices.start
        pixels = self.image.read(**(picks | spans), y=rows, x=columns)  # type: ignore[arg-type]
        kept = [axis for axis in axes if axis in "YXS" or axis.lower() in spans]
        wanted = [self.stack, "Y", "X", "S"]
        pixels = np.transpose(pixels, [kept.index(axis) for axis in wanted if axis in kept])
        if not spans:
            pixels = pixels[np.newaxis]
        if has_samples:
            return luma(pixels, self.image) if self.channel is None else pixels[..., self.channel]
        return pixels

    def grey(self, pixels: np.ndarray, window: Window) -> np.ndarray:
        """Those pixels as bytes."""
        return grey(pixels, window)


def picked(image: Image, stack: str, channel: str) -> Picked:
    """An image with the channel that an option names: ``luma``, or a number.

    Raises
    ------
    SmaltiError
        It has no pixels, or complex ones, or no such channel.
    """
    if image.pixels is None or image.dtype is None:
        raise SmaltiError("it is known by its metadata only, it has no pixels")
    if image.dtype.kind not in "buif":
        raise SmaltiError(f"its pixels are {image.dtype}; whole numbers, floats and truth values are cut")
    if channel == "luma":
        return Picked(image, stack, None)
    number, n = int(channel), image.sizes["S"] if "S" in image.axes else image.sizes["C"]
    if number >= n:
        raise SmaltiError(
            f"channel {number} is asked of an image with {n}; give --channel 0 to {n - 1}, or luma"
        )
    return Picked(image, stack, number)


def padded(stack: np.ndarray, side: int | None) -> np.ndarray:
    """Patches filled up to a side at the end, by reflection; None fills nothing."""
    if side is None or stack.shape[1:] == (side, side):
        return stack
    return np.pad(stack, [(0, 0), *((0, max(0, side - n)) for n in stack.shape[1:])], mode="symmetric")


def check_channel(channel: str) -> None:
    """Raise UsageError unless an option names a channel that an image may have."""
    if channel != "luma" and not (channel.isascii() and channel.isdecimal()):
        raise UsageError(f"--channel is {channel!r}; give luma, or a number from 0")


class Windows:
    """Windows of images, each found once; for a run that reads them twice."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, int], Window] = {}

    def of(self, key: object, one: Picked, intensity: Intensity, every_time: bool = False) -> Window:
        """The window of an image, all its slices together; reads it where its type does not tell.

        Parameters
        ----------
        key
            Of its file.
        one, intensity
            The image, and what becomes black and white.
        every_time
            Whether all times count, rather than the first.
        """
        place = key, one.image.ref.series
        if place not in self._known:
            self._known[place] = _window(one, intensity, every_time)
        return self._known[place]


def _window(one: Picked, intensity: Intensity, every_time: bool) -> Window:
    image = one.image
    assert image.dtype is not None
    times = range(image.sizes["T"] if every_time else 1)
    bits = image.metadata.get("significant_bits")

    def blocks() -> Iterator[np.ndarray]:
        n, height, width = one.shape
        rows = max(1, min(height, WINDOW_BYTES // (width * one.item)))
        for at in times:
            for number in range(n):
                for top in range(0, height, rows):
                    part = slice(number, number + 1)
                    yield one.read(part, slice(top, min(top + rows, height)), slice(0, width), at)

    return window_of(image.dtype, blocks, intensity, PERCENTILES, bits if isinstance(bits, int) else None)
