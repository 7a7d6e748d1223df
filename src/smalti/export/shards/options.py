"""How training shards are written: the options of ``smalti shards``, `smalti.write_shards` and the form."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from smalti.core.errors import UsageError
from smalti.core.options import option
from smalti.export.asked import Reading
from smalti.export.usual import axes_option, fits_option, memory_option, workers_option
from smalti.processing.settings import parse_size

__all__ = ["PDS_BYTES", "USUAL_BYTES", "ShardOptions"]

USUAL_BYTES = 850_000_000
PDS_BYTES = 38_000_000
"""What a Personal Data Server takes as one blob is less than 40 MB."""

_SHARDS, _PIXELS, _NAMES, _RUN = "Shards", "Pixels", "Names", "Run"


@dataclass(frozen=True, slots=True)
class ShardOptions:
    """How frames become samples of tar files."""

    stem: str | None = option(
        None, "What the names of the tar files begin with.", usual="the folder's name", group=_SHARDS
    )
    shard_size: str | None = option(
        None, "The most bytes of a tar file.", metavar="SIZE", usual="850 MB", group=_SHARDS
    )
    pds: bool = option(
        False, "Tar files of at most 38 MB, for a Personal Data Server.", title="Small files", group=_SHARDS
    )
    compressed: bool = option(False, "Pack tar files with gzip: .tar.gz.", group=_SHARDS)
    image_format: Literal["npy", "png", "tiff"] = option(
        "npy", "How pixels are stored in a sample; png takes 8 and 16 bits.", group=_SHARDS
    )
    schema: Literal["frame", "slice", "image"] | None = option(
        None,
        "What the JSON of a sample holds: a frame of a recording, a frame of a brain slice, or an image.",
        usual="by what is there",
        group=_SHARDS,
    )
    channels: tuple[str, ...] = option(
        (), "Only these channels, by name or number.", metavar="C", usual="all", group=_PIXELS
    )
    axes: str | None = axes_option("TYX", _PIXELS)
    fits_ext: tuple[str, ...] = fits_option(_PIXELS)
    uint8: bool = option(
        False,
        "Scale each channel of a recording to 8 bits; the limits are kept with the samples.",
        title="Scale to 8 bits",
        group=_PIXELS,
    )
    uint8_percent: float | None = option(
        None,
        "With 8 bits: percent of the values that are cut off at either end.",
        least=0,
        most=49.9,
        title="Percent cut off",
        metavar="P",
        usual="none, the whole range",
        group=_PIXELS,
    )
    uint8_limits: str | None = option(
        None,
        "With 8 bits: the values that become 0 and 255.",
        metavar="LOW,HIGH",
        title="Limits of 8 bits",
        usual="those of each recording",
        group=_PIXELS,
    )
    template: str | None = option(
        None,
        "What file names are made of; its fields go into the JSON.",
        metavar="'{mouse}_{slice:int}'",
        usual="names are not looked into",
        group=_NAMES,
    )
    transforms: tuple[str, ...] = option(
        (),
        "How the text of a field becomes a value: identity, int, float, str, date, date_compact, "
        "split_age_sex, or one that is installed.",
        metavar="FIELD=T",
        group=_NAMES,
    )
    on_mismatch: Literal["error", "null"] = option(
        "error", "A name that the template does not fit: an error, or fields of null.", group=_NAMES
    )
    workers: int = workers_option("Processes that read.", _RUN)
    memory: str | None = memory_option(_RUN)
    overwrite: bool = option(False, "Replace the shards that are there.", group=_RUN)
    dry_run: bool = option(False, "Count frames, say what would be written, write nothing.", group=_RUN)

    def __post_init__(self) -> None:
        if self.pds and self.shard_size is not None:
            raise UsageError("pds is a shard_size of 38 MB; give one of them")
        if self.uint8_percent is not None and self.uint8_limits is not None:
            raise UsageError("uint8_percent and uint8_limits are two ways to find limits; give one of them")
        if not self.uint8 and (self.uint8_percent is not None or self.uint8_limits is not None):
            raise UsageError("uint8_percent and uint8_limits say how pixels become 8 bits; give --uint8 too")
        if self.stem is not None and (not self.stem or "/" in self.stem or self.stem.startswith(".")):
            raise UsageError(f"stem is {self.stem!r}; give a plain name, such as train")
        if not self.limit:
            raise UsageError(
                f"shard_size is {self.shard_size!r}; give the most bytes of a tar file, as 850MB"
            )
        _ = self.fixed_limits

    @property
    def limit(self) -> int:
        """Bytes of a tar file."""
        if self.pds:
            return PDS_BYTES
        return parse_size(self.shard_size) if self.shard_size else USUAL_BYTES

    @property
    def fixed_limits(self) -> tuple[float, float] | None:
        """The values that become 0 and 255 in all recordings; None where each has its own."""
        if self.uint8_limits is None:
            return None
        try:
            low, high = map(float, self.uint8_limits.split(","))
        except ValueError:
            low = high = 0.0
        if not low < high:
            raise UsageError(f"uint8_limits is {self.uint8_limits!r}; give two numbers, as 0,4095")
        return low, high

    @property
    def reading(self) -> Reading:
        """How images become pictures: every plane, and axes as the loader knows them, however short."""
        return Reading((self.axes or "").upper(), "each", self.fits_ext, by_length=False)

    @property
    def memory_bytes(self) -> int:
        """Bytes for decoded images; 0 for half of the machine's."""
        return parse_size(self.memory) if self.memory else 0

    def creation(self) -> dict[str, Any]:
        """What of these decides what shards hold."""
        left_out = ("stem", "workers", "memory", "overwrite", "dry_run", "pds")
        kept = {name: value for name, value in asdict(self).items() if name not in left_out}
        return kept | {"shard_size": self.limit}
