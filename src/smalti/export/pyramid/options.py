"""How images become pyramids: the options of ``smalti pyramid`` and of the app's form."""

from dataclasses import dataclass
from typing import Literal

from smalti.core.options import option
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
        usual="2 until the short side is below 256; z when voxels are even",
        group=_PIXELS,
    )
    axes: str | None = option(
        None,
        "Axes of images that have so many, instead of what their files say.",
        metavar="CYX",
        usual="as the files say",
        group=_PIXELS,
    )
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
    compressor: Literal["blosc-zstd", "blosc-lz4", "zstd", "lz4", "gzip", "none"] = option(
        "blosc-zstd", "How pixels are packed; lz4 is faster to read, zstd smaller.", group=_LAYOUT
    )
    clevel: int | None = option(
        None,
        "Level of the compressor.",
        least=0,
        most=22,
        metavar="N",
        title="Compression level",
        usual="1",
        group=_LAYOUT,
    )
    labels: tuple[str, ...] = option(
        (),
        "Labels of a single image, by name: a file of whole numbers of the same size.",
        metavar="NAME=FILE",
        usual="none",
        group=_PIXELS,
    )
    label_method: Literal["mode", "nearest"] = option(
        "mode", "What becomes of a block of labels.", group=_PIXELS
    )
    workers: int = option(0, "Threads that pack.", least=0, metavar="N", usual="all cores", group=_RUN)
    memory: str | None = option(
        None,
        "Memory for decoded images; a file of which one read takes more than a quarter of it fails.",
        metavar="SIZE",
        usual="half of the machine's",
        group=_RUN,
    )
    overwrite: bool = option(False, "Replace the store that is there.", group=_RUN)
    dry_run: bool = option(False, "Say which levels would be written, write nothing.", group=_RUN)

    @property
    def memory_bytes(self) -> int:
        """Bytes for decoded images; 0 for half of the machine's."""
        return parse_size(self.memory) if self.memory else 0
