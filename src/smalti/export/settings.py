"""How images are converted: the options of ``smalti convert``, of `smalti.convert` and of the app's form."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from smalti.core.errors import UsageError
from smalti.core.options import option
from smalti.export.asked import Dtype, Reading, Wanted, check_axes
from smalti.export.usual import (
    axes_option,
    compressor_option,
    fits_option,
    level_option,
    memory_option,
    workers_option,
)
from smalti.processing.settings import parse_size
from smalti.writers.compressors import check_level

__all__ = ["ConvertOptions"]

_PIXELS, _LAYOUT, _RUN = "Pixels", "Layout", "Run"


@dataclass(frozen=True, slots=True)
class ConvertOptions:
    """How images become a Zarr collection."""

    resize: tuple[int, ...] | None = option(
        None, "Give all images this height and width.", metavar="H,W", usual="as they are", group=_PIXELS
    )
    interpolation_order: int = option(
        1, "How resizing interpolates: 0 nearest, 1 linear, 3 cubic.", least=0, most=5, group=_PIXELS
    )
    dtype: Dtype | None = option(
        None,
        "Store this type; a value that it cannot hold fails its image.",
        title="Type of pixels",
        usual="the narrowest that holds all",
        group=_PIXELS,
    )
    planes: Literal["each", "max", "middle"] | None = option(
        None,
        "What becomes of z-stacks and films: an image a plane, their maximum, or the middle plane.",
        usual="stacks are refused",
        group=_PIXELS,
    )
    axes: str | None = axes_option("CYX", _PIXELS)
    fits_ext: tuple[str, ...] = fits_option(_PIXELS)
    shapes: Literal["error", "bucket"] = option(
        "error", "Images of unequal shapes: refuse them, or make an array a shape.", group=_LAYOUT
    )
    chunk_shape: tuple[int, ...] | None = option(
        None,
        "What is read at once: images, height, width.",
        metavar="N,H,W",
        usual="an image, or tiles above 4 megapixels",
        group=_LAYOUT,
    )
    shard_images: int | None = option(
        None,
        "Images a file.",
        least=1,
        metavar="N",
        title="Images a shard",
        usual="64 MB before compression",
        group=_LAYOUT,
    )
    compressor: Literal["blosc-zstd", "blosc-lz4", "zstd", "lz4", "gzip", "none"] = compressor_option(_LAYOUT)
    clevel: int | None = level_option(_LAYOUT)
    on_error: Literal["row", "stop"] = option(
        "row", "An image that fails: a row with its reason, or the end of the run.", group=_RUN
    )
    workers: int = workers_option("Processes that read, and threads that pack.", _RUN)
    memory: str | None = memory_option(_RUN)
    append: bool = option(False, "Add to the store that is there.", group=_RUN)
    overwrite: bool = option(False, "Replace the store that is there.", group=_RUN)
    dry_run: bool = option(
        False, "Count images and shapes, say what would be written, write nothing.", group=_RUN
    )

    def __post_init__(self) -> None:
        if self.append and self.overwrite:
            raise UsageError("append and overwrite are opposites; give one of them")
        if self.resize is not None and (len(self.resize) != 2 or min(self.resize) < 1):
            raise UsageError(f"resize is {self.resize}; give height and width, as 512,512")
        if self.chunk_shape is not None and (
            len(self.chunk_shape) not in (3, 4) or min(self.chunk_shape) < 1
        ):
            raise UsageError(f"chunk shape is {self.chunk_shape}; give images, height, width, as 1,256,256")
        check_axes(self.axes or "")
        check_level(self.compressor, self.clevel)
        if self.memory:
            parse_size(self.memory)

    @property
    def memory_bytes(self) -> int:
        """Bytes for decoded images; 0 for half of the machine's."""
        return parse_size(self.memory) if self.memory else 0

    @property
    def reading(self) -> Reading:
        """How images become pictures."""
        return Reading((self.axes or "").upper(), self.planes or "", self.fits_ext)

    def wanted(self, dtype: str) -> Wanted:
        """What stored pixels must be."""
        height_width = None if self.resize is None else (self.resize[0], self.resize[1])
        return Wanted(dtype, height_width, self.interpolation_order)

    def creation(self) -> dict[str, Any]:
        """What of these decides what a store holds, for its attributes."""
        left_out = ("on_error", "workers", "memory", "append", "overwrite", "dry_run")
        return {name: value for name, value in asdict(self).items() if name not in left_out}
