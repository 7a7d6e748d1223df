"""What the JSON of a sample holds, as models whose JSON Schema goes with every set of shards.

They are not offered as samples of ``atdata``: all its releases up to 0.7.0b1 are betas that need Python 3.12.
"""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "RECORDS",
    "SLICE_FIELDS",
    "Frame",
    "ImageSample",
    "Limits",
    "Movie",
    "SliceRecordingFrame",
    "schemas",
]

Scalar = str | int | float | bool | None


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Limits(_Record):
    """The values of the source that became 0 and 255; values beyond them were cut off, NaN became 0."""

    low: float
    high: float


class Movie(_Record):
    """One recording: an image of a file, with all its frames and channels."""

    source: str = Field(description="Path relative to the folder that was given.")
    series: int = Field(default=0, description="Index of the image inside its file.")
    series_name: str | None = Field(default=None, description="Name of the image inside its file.")
    format: str | None = Field(default=None, description="File format, as found in the content.")
    reader: str | None = Field(default=None, description="Loader that read it.")
    uuid: str | None = Field(default=None, description="Of the file's OME-XML.")
    acquired_at: datetime | None = Field(
        default=None, description="When it was taken; with a zone where one is stated."
    )
    dtype: str = Field(description="Type of the pixels in the file.")
    axes: str = Field(description="Letters out of TCZYXS in stored order.")
    size_x: int
    size_y: int
    size_z: int
    size_c: int
    size_t: int
    scale_x: float | None = Field(default=None, description="Width of a pixel, in scale_x_unit.")
    scale_y: float | None = None
    scale_z: float | None = None
    scale_x_unit: str | None = Field(default=None, description="As the file states it.")
    scale_y_unit: str | None = None
    scale_z_unit: str | None = None
    time_interval_s: float | None = Field(default=None, description="Seconds between frames.")
    colours: str = Field(
        default="", description="A letter for each colour sample of a pixel: RGB; ? where unknown."
    )
    channels: tuple[str | None, ...] = Field(
        default=(), description="Name of each channel; null when not stated."
    )
    channel_facts: tuple[dict[str, Any], ...] = Field(
        default=(), description="What OME-XML or OME-Zarr states of each channel."
    )
    annotations: tuple[dict[str, Any], ...] = Field(
        default=(), description="Structured annotations of OME-XML."
    )
    fields: dict[str, Any] = Field(default={}, description="What the template found in the file's name.")
    facts: dict[str, Any] = Field(
        default={}, description="Columns of the table or project the image came with."
    )
    metadata: dict[str, Any] = Field(default={}, description="What else the file says.")
    uint8: tuple[Limits | None, ...] | None = Field(
        default=None,
        description="Limits by channel, null for one without a finite value; null when not scaled.",
    )


class _Sample(_Record):
    key: str = Field(description="Of the sample; unique in the whole set.")
    recording: int = Field(description="Number of the recording in the set.")
    frame: int = Field(description="Number of the frame in its recording: by t, then z, then channel.")
    t: int = Field(default=0, description="Time index, as OME-XML states it, else in the file.")
    z: int = 0
    c: int = 0
    channel: str | None = Field(default=None, description="Name of the channel; null when not stated.")
    height: int
    width: int
    stored_dtype: str = Field(description="Type of the pixels in the sample.")
    uuid: str | None = Field(
        default=None, description="What OME-XML states of the file that holds this plane."
    )
    position_x: float | None = Field(default=None, description="Of the stage, in position_x_unit.")
    position_y: float | None = None
    position_z: float | None = None
    position_x_unit: str | None = None
    position_y_unit: str | None = None
    position_z_unit: str | None = None
    delta_t: float | None = Field(default=None, description="Since the recording began, in delta_t_unit.")
    delta_t_unit: str | None = None
    exposure: float | None = None
    exposure_unit: str | None = None
    facts: dict[str, Any] = Field(default={}, description="What was given with this very picture, in memory.")


class Frame(_Sample):
    """One frame of one channel of a recording."""

    movie: Movie


class SliceRecordingFrame(Frame):
    """One frame of a recording of a brain slice, with what its file name says of the experiment."""

    mouse: Scalar = None
    slice: Scalar = None
    intervention: Scalar = None
    condition: Scalar = None
    replicate: Scalar = None


class ImageSample(_Sample):
    """One channel of a single picture."""

    image: Movie


SLICE_FIELDS = ("mouse", "slice", "intervention", "condition", "replicate")

RECORDS: dict[str, type[Frame] | type[ImageSample]] = {
    "frame": Frame,
    "slice": SliceRecordingFrame,
    "image": ImageSample,
}
"""By the name that the option ``schema`` calls them."""


def schemas() -> dict[str, dict[str, Any]]:
    """JSON Schema of Movie, Frame, SliceRecordingFrame and ImageSample."""
    models = (Movie, Frame, SliceRecordingFrame, ImageSample)
    return {model.__name__: model.model_json_schema(mode="serialization") for model in models}
