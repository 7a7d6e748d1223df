"""What happens to a picture from frame to frame: light lost, flicker, drift, frames that stand still."""

from typing import TYPE_CHECKING

import numpy as np

from smalti.core.columns import Column
from smalti.core.image import Image
from smalti.core.plugin import metric
from smalti.metrics._fading import fading
from smalti.metrics._number import number
from smalti.metrics._stack import along_axes, has

if TYPE_CHECKING:
    import polars as pl

__all__ = ["brightness", "drift", "frozen"]


@metric(
    Column("bleaching", "Float32", "share", "Share of the light lost from one frame to the next.", "none"),
    Column("flicker", "Float32", "share", "How much the light varies about its trend over time.", "none"),
    over="T",
)
def brightness(image: Image, planes: "pl.DataFrame") -> tuple[float | None, float | None]:
    """How much light fades over time, and how much it flickers; of the channel where each is most.

    A channel's light in a frame is the mean intensity of its planes less the camera's offset. bleaching is
    1 − exp(slope of ln(light) over t), below 0 where light grows: as of a population that decays by a fixed
    share a frame. flicker is the standard deviation of light / trend − 1, with n − 2 in the denominator.
    Slope and level are medians (Theil 1950, incomplete method), so that a few odd frames do not bend them.

    The offset is read off the frames themselves: where all light fades alike, mean and contrast fall on a
    line, and where that line reaches contrast 0 lies the offset. Contrast is √(std² − noise_sigma²). It lies
    between 0 (of unsigned pixels) and the darkest p01, noise taken off. Where contrast does not follow the
    mean (correlation below 0.95, fewer than 4 frames) 0 is taken: the result is then a share of all that is
    stored, for an offset O and a mean M too small by the factor (M − O) / M. Background light that does not
    bleach counts as offset. Movement that brings other things into view is taken for a change of light.

    Null for one frame, for pixels below 0 whose offset cannot be told, and without the columns `mean`,
    `std`, `p01` and `noise_sigma`; flicker also below 3 frames. A frame of which a plane could not be read
    is left out.
    """
    if not has(planes, "mean", "std", "p01", "noise_sigma"):
        return None, None
    mean, std, dark, noise = (along_axes(image, planes, c) for c in ("mean", "std", "p01", "noise_sigma"))
    noise = np.nan_to_num(noise)  # below 3×3 pixels nothing is known of it
    unsigned = image.dtype is not None and image.dtype.kind in "bu"
    with np.errstate(over="ignore", invalid="ignore"):  # squares beyond float64 give no value
        contrast = np.sqrt(np.clip(std * std - noise * noise, 0, None))
        darkest = dark + 2.33 * noise  # of noise alone, 1 % lies 2.33 deviations below the mean
        found = [
            fading(mean[:, c].mean(1), contrast[:, c].mean(1), darkest[:, c].min(1), unsigned)
            for c in range(mean.shape[1])
        ]
    lost, varied = ([value for value in values if value is not None] for values in zip(*found, strict=True))
    return max(lost, default=None), max(varied, default=None)


@metric(
    Column("drift_px", "Float32", "px", "How far the picture moves from one frame to the next.", "none"),
    Column("largest_shift_px", "Float32", "px", "Farthest move from one frame to the next.", "none"),
    over="T",
)
def drift(shifts: np.ndarray) -> tuple[float | None, float | None]:
    """How far the picture moves between consecutive frames: mean and largest length of the displacement.

    Displacements of the first channel at the middle z, by phase correlation of thumbnails, in pixels of the
    full-size plane; see `smalti.kernels.shift.shift_between` for method, source and limits. As lengths, the
    errors of a picture that stands still do not cancel: with noise of a sixth of the range added to planes
    of 256 px the mean is 0.1 to 0.15 px. Pairs without an answer are left out; null without any.
    """
    lengths = np.hypot(*shifts.T)
    lengths = lengths[np.isfinite(lengths)]
    if not lengths.size:
        return None, None
    return number(lengths.mean()), number(lengths.max())


@metric(
    Column("frozen_frames", "Int64", "", "Number of frames that repeat the one before.", "none"),
    over="T",
)
def frozen(image: Image, planes: "pl.DataFrame") -> int | None:
    """How many frames have exactly the pixels of the frame before, in all channels and z.

    Noise makes no two frames of a camera alike: a repeated one was written twice, or comes from a buffer
    that was not filled. Pairs of which a plane could not be read are left out. Null for one frame, where no
    pair is left, and without the column `content_hash`.
    """
    if not has(planes, "content_hash"):
        return None
    length = image.sizes
    known = planes.select("t", "c", "z", "content_hash").drop_nulls()
    laid = np.full((length["T"], length["C"], length["Z"]), "", "U16")
    laid[tuple(known[axis].to_numpy() for axis in "tcz")] = known["content_hash"].to_list()
    whole = (laid != "").all((1, 2))
    pairs = whole[1:] & whole[:-1]
    same = (laid[1:] == laid[:-1]).all((1, 2))
    return int((same & pairs).sum()) if pairs.any() else None
