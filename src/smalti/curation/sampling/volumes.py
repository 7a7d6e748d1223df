"""A volume elsewhere, whatever its format: its levels, full size first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from smalti.curation.sampling.agreement import checked, scaled
from smalti.curation.sampling.levels import Level
from smalti.curation.sampling.n5 import n5_levels
from smalti.curation.sampling.ome_zarr import zarr_levels
from smalti.curation.sampling.places import Format, place_of
from smalti.curation.sampling.precomputed import precomputed_levels
from smalti.curation.sampling.reading import FarError, Reach, refused
from smalti.curation.spacing import Sizes

__all__ = ["FarVolume", "volume_at"]

Found = tuple[list[Level], int, list[str]]

_READERS: dict[Format, Callable[..., Found | None]] = {
    "zarr": zarr_levels,
    "n5": n5_levels,
    "precomputed": precomputed_levels,
}


@dataclass(frozen=True, slots=True, eq=False)
class FarVolume:
    """A volume elsewhere.

    Parameters
    ----------
    url
        As it may be shown and stored.
    format
        Of its store.
    levels
        Full size first.
    level
        The one that the URL names; 0 where it names the volume.
    notes
        What a person should know.
    """

    url: str
    format: Format
    levels: tuple[Level, ...]
    level: int = 0
    notes: tuple[str, ...] = ()


def volume_at(
    reach: Reach, url: str, axes: Sequence[str] | None = None, voxel_size: Sizes | None = None
) -> FarVolume:
    """The volume at a URL; metadata alone are read.

    Parameters
    ----------
    url
        See `place_of`; without a format in it, what lies there tells.
    axes
        In the order of the sizes in its metadata, in place of what these say.
    voxel_size
        Of its full size in µm, where metadata state none with a unit.

    Raises
    ------
    FarError
        It is not there, refused, broken, or no volume; or its axes cannot be told.
    SkipError
        It is no volume, but an image.
    UsageError
        The URL is of a kind that is not read.
    """
    place, stated = place_of(url)
    formats: Sequence[Format] = (stated,) if stated else tuple(_READERS)
    closed: FarError | None = None
    for form in formats:
        try:
            found = _READERS[form](reach, place, axes)
        except FarError as error:
            if not (refused(error) and error.place == place.url):
                raise
            closed, found = error, None
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            told = f"its metadata are not as those of {form} ({type(error).__name__}: {error})"
            raise FarError(place.url, told) from error
        if found is not None:
            return _made(place.url, form, found, voxel_size, axes is not None)
    if closed is not None:
        raise closed
    lacking = "zarr.json, .zattrs, attributes.json or info" if len(formats) > 1 else f"volume of {formats[0]}"
    raise FarError(place.url, f"there is no {lacking}; give the URL of the folder that holds it", "NOT_FOUND")


def _made(url: str, form: Format, found: Found, voxel_size: Sizes | None, told: bool) -> FarVolume:
    levels, level, notes = found
    kept, more = checked(levels, url, told=told)
    scale = kept[0].scale
    if voxel_size is not None and (scale.steps is None or not scale.unit):
        kept = scaled(kept, voxel_size)
    elif voxel_size is not None and scale.steps is not None and _differ(scale.steps, voxel_size):
        sizes = [" × ".join(f"{1e3 * n:g}" for n in one) for one in (scale.steps, voxel_size)]
        more = (*more, f"voxels are {sizes[0]} nm (z × y × x) by its metadata, {sizes[1]} by the list")
    return FarVolume(url, form, kept, level, (*notes, *more))


def _differ(one: Sizes, other: Sizes) -> bool:
    return any(abs(a - b) > 0.05 * a for a, b in zip(one, other, strict=True))
