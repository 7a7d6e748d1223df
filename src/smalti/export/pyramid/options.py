"""How images become pyramids: the options of ``smalti pyramid`` and of the app's form."""

from dataclasses import dataclass
from typing import Literal

from smalti.core.options import option
from smalti.export.usual import axes_option, compressor_option, level_option, memory_option, workers_option
from smalti.processing.settings import parse_size

__all__ = ["Method", "PyramidOptions"]

_PIXELS, _LAYOUT, _RUN = "Pixels", "Layout", "Run"

Method = Literal["mean", "gaussian", "max", "median", "mode", "nearest"]


@dataclass(frozen=True, slots=True)
class PyramidOptions:
    """How images become OME-Zarr pyramids."""

    method: Method = option(
        "mean", "What becomes of a block of pixels; mode and nearest keep labels as they are.", group=_PIXELS
    )
    scale_factors: str | None = option(
        None,
        "How much smaller each level is than the one before: a number a level, or z1y2x2 by axis.",
        metavar="2,2",
        usual="halved until below 256 pixels",
        group=_PIXELS,
    )
    axes: str | None = axes_option("CYX", _PIXELS)
    ngff: Literal["0.5", "0.4"] = option(
        "0.5",
        "Version of OME-Zarr: 0.5 has few large files, 0.4 a file a chunk.",
        title="OME-Zarr version",
        group=_LAYOUT,
    )
    chunks: tuple[int, ...] | None = option(
        None,
        "What is read at once, for each axis.",
        metavar="Z,Y,X",
        usual="512² pixels, or 64³",
        group=_LAYOUT,
    )
    compressor: Literal["blosc-zstd", "blosc-lz4", "zstd", "lz4", "gzip", "none"] = compressor_option(_LAYOUT)
    clevel: int | None = level_option(_LAYOUT)
    labels: tuple[str, ...] = option(
        (),
        "Labels of a single image, by name: a file of whole numbers of the same size.",
        metavar="NAME=FILE",
        names_files=True,
        usual="none",
        group=_PIXELS,
    )
    label_method: Literal["mode", "nearest"] = option(
        "mode", "What becomes of a block of labels.", group=_PIXELS
    )
    workers: int = workers_option("Threads that pack.", _RUN)
    memory: str | None = memory_option(_RUN)
    overwrite: bool = option(False, "Replace the store that is there.", group=_RUN)
    dry_run: bool = option(False, "Say which levels would be written, write nothing.", group=_RUN)

    @property
    def memory_bytes(self) -> int:
        """Bytes for decoded images; 0 for half of the machine's."""
        return parse_size(self.memory) if self.memory else 0
