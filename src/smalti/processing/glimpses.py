"""What is kept of an image's planes while they are measured, for metrics of the whole image."""

from collections.abc import Collection

import numpy as np

from smalti.core.axes import PlaneIndex
from smalti.core.image import Image
from smalti.kernels.layout import LUMA
from smalti.kernels.shift import Frame, frame_of, shift_between

__all__ = ["Glimpses"]

MOST_CHANNELS = 256
"""64 kB each; a spectral camera may give thousands."""


class Glimpses:
    """Looks at the thumbnail of each plane once; remembers the last frame only, and one picture a channel.

    Parameters
    ----------
    image
        Whose planes will be shown, in any order in which frames of one channel and z follow each other.
    wanted
        What metrics ask for, out of `smalti.core.plugin.IMAGE_NEEDS`; nothing else is looked for.
    """

    def __init__(self, image: Image, wanted: Collection[str]) -> None:
        length = image.sizes
        self._size = (length["Y"], length["X"])
        self._middle = length["Z"] // 2
        self._n_channels = min(length["C"], MOST_CHANNELS) if "channels" in wanted else 0
        self._n_frames = length["T"] if "shifts" in wanted else 1
        self._channels: dict[int, np.ndarray] = {}
        self._shifts: dict[int, tuple[float, float]] = {}
        self._last: tuple[int, Frame | None] = (-1, None)

    @property
    def looks(self) -> bool:
        """Whether anything of the planes is kept."""
        return self._n_channels > 0 or self._n_frames > 1

    def see(self, index: PlaneIndex, pixels: np.ndarray) -> None:
        """Take what is needed of a plane's thumbnail, `smalti.kernels.accumulators.Thumbnail.pixels`."""
        if index.z != self._middle:
            return
        if index.c == 0 and self._n_frames > 1:
            self._follow(index.t, _luma(pixels))
        if index.t == 0 and index.c < self._n_channels:
            self._channels[index.c] = _luma(pixels)

    def _follow(self, t: int, pixels: np.ndarray) -> None:
        frame = frame_of(pixels)
        before, last = self._last
        if frame is not None and last is not None and t == before + 1:
            moved = shift_between(last, frame)
            if moved is not None:
                y, x = (d * n / small for d, n, small in zip(moved, self._size, pixels.shape, strict=True))
                self._shifts[t] = (y, x)
        self._last = (t, frame)

    @property
    def shifts(self) -> np.ndarray:
        """float64 (T − 1, 2): displacement (y, x) from each frame to the next, px of the full-size plane.

        Of the first channel at the middle z, by `smalti.kernels.shift.shift_between`. NaN where one of the
        two could not be read or shows nothing that could move, and where no displacement stands out.
        """
        found = np.full((self._n_frames - 1, 2), np.nan)
        if self._shifts:
            found[np.array(list(self._shifts)) - 1] = list(self._shifts.values())
        return found

    @property
    def channels(self) -> np.ndarray:
        """float32 (C, y, x): luma of each channel's thumbnail at the first t and middle z.

        NaN where a pixel or channel holds no value; (C, 0, 0) when no channel could be read. Of more than
        256 channels the first 256.
        """
        shape = next(iter(self._channels.values())).shape if self._channels else (0, 0)
        found = np.full((self._n_channels, *shape), np.nan, np.float32)
        for c, pixels in self._channels.items():
            found[c] = pixels
        return found


def _luma(pixels: np.ndarray) -> np.ndarray:
    """Luma of a thumbnail, (y, x) or (y, x, 3); float32."""
    if pixels.ndim == 2:
        return pixels.copy()  # it may be a part of those of many planes
    return pixels @ (np.array(LUMA, np.float32) / 1000)
