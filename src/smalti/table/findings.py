"""What stands out in a table of images: one sentence a topic, and the filter that shows the images meant."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

__all__ = ["Finding", "Level", "find"]

Level = Literal["fine", "note", "warning"]

SATURATED = 0.01
"""Share of pixels at the ceiling above which an image counts as saturated: bright structures are cut off."""

BLOCKY = 1.3
"""Blockiness above which JPEG blocks show: references stay below 1.07, quality 70 and less goes above."""

UNSHARP = 3.5
"""Robust deviations below its group at which an image counts as unsharp (Iglewicz & Hoaglin 1993) …"""

UNSHARP_FACTOR = 2.0
"""… while it is also so many times below: groups of near-equal images have next to no deviation."""

MAD_TO_SD = 1.4826
"""Median absolute deviation to standard deviation, for a normal distribution."""

ENOUGH = 10
"""Fewest images from which the usual sharpness of a group is told."""

FEW = 40
"""Most values written out in a filter."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about a table of images.

    Parameters
    ----------
    topic
        A word or two.
    level
        ``"warning"`` for what probably wants doing, ``"note"`` for what is worth knowing, ``"fine"`` for
        what was looked for and is not there.
    sentence
        With every number's unit (files, images) said; of a ``"fine"`` one, the name of what is not there.
    where
        The expression, as `smalti.table.expression` takes it, that shows the images meant; None when
        there are none, or when no short expression says it.
    """

    topic: str
    level: Level
    sentence: str
    where: str | None = None


def find(images: pl.DataFrame) -> list[Finding]:
    """What stands out, warnings first; topics whose columns are absent or empty are left out.

    Parameters
    ----------
    images
        The images table of a project, or some of its rows; metrics may be missing.
    """
    if not images.height:
        return []
    found = [finding for look in _TOPICS if (finding := look(images)) is not None]
    order = ("warning", "note", "fine")
    return sorted(found, key=lambda finding: order.index(finding.level))  # stable: topics keep their order


def _files(images: pl.DataFrame) -> Finding:
    n_files = images["path"].n_unique()
    failed = images.filter(~pl.col("status").is_in(["ok", "skipped"])).unique("path", maintain_order=True)
    if not failed.height:
        every = "The one file" if n_files == 1 else f"All {n_files:,} files"
        return Finding("Files", "note", f"{every} could be read: {_count(images.height, 'image')}.")
    sentence = (
        f"{_part(failed.height, n_files, 'file')} could not be read in full: {_listed(failed['status'])}."
    )
    return Finding("Files", "warning", sentence, 'status not in ["ok", "skipped"]')


_X, _Y = pl.col("size_x"), pl.col("size_y")


def _sizes(images: pl.DataFrame) -> Finding | None:
    sizes = images.drop_nulls(["size_x", "size_y"]).group_by("size_x", "size_y").len()
    if not sizes.height:
        return None
    x, y, n = sizes.sort("len", "size_x", "size_y", descending=True).row(0)
    if sizes.height == 1:
        return Finding("Size", "note", f"{_all(n, images)} {_is(n)} {x:,} × {y:,} px.")
    if 2 * n < sizes["len"].sum():  # no size is the usual one
        (x, most_x), (y, most_y) = (sizes.select(s.min(), most=s.max()).row(0) for s in (_X, _Y))
        span = f"{x:,} to {most_x:,} px wide, {y:,} to {most_y:,} px high"
        return Finding("Size", "note", f"{sizes.height:,} image sizes: {span}.")
    sentence = f"{sizes.height:,} image sizes; {_part(n, images.height)} {_is(n)} {x:,} × {y:,} px."
    return Finding("Size", "note", sentence, f"size_x != {x} or size_y != {y}")


def _dtypes(images: pl.DataFrame) -> Finding | None:
    """One condition with two types is a changed export; its intensities do not compare."""
    typed = images.drop_nulls("dtype")
    n_types = typed["dtype"].n_unique()
    if not n_types:
        return None
    usual = _by_count(typed["dtype"])[0][0]
    if n_types == 1:
        return Finding("Pixel type", "note", f"{_all(typed.height, images)} {_is(typed.height)} {usual}.")
    by_condition = typed.drop_nulls("condition").group_by("condition").agg(pl.col("dtype").n_unique())
    mixed = sorted(by_condition.filter(pl.col("dtype") > 1)["condition"])
    sentence = f"{_count(typed.height, 'image')} of {n_types} pixel types: {_listed(typed['dtype'], most=2)}"
    if mixed:
        sentence += f"; mixed in {_names(mixed)}"
    return Finding("Pixel type", "warning" if mixed else "note", f"{sentence}.", f"dtype != {usual!r}")


def _stacks(images: pl.DataFrame) -> Finding | None:
    lengths = {"time points": "size_t", "channels": "size_c", "z positions": "size_z"}
    stacks = images.filter(pl.any_horizontal(pl.col(name) > 1 for name in lengths.values()))
    if not stacks.height:
        return None
    most = {axis: stacks[name].max() for axis, name in lengths.items()}
    listed = ", ".join(f"{n:,} {axis}" for axis, n in most.items() if isinstance(n, int) and n > 1)
    sentence = f"{_part(stacks.height, images.height)} {_has(stacks.height)} several planes: up to {listed}."
    return Finding("Stacks", "note", sentence, "size_t > 1 or size_c > 1 or size_z > 1")


def _pixel_sizes(images: pl.DataFrame) -> Finding | None:
    opened = images.drop_nulls("size_x")
    if not opened.height:
        return None
    n = opened["pixel_size_x_um"].null_count()
    if n == opened.height:
        return Finding("Pixel size", "note", "No image states a pixel size.")
    if n:
        sentence = f"{_part(n, images.height)} {'does' if n == 1 else 'do'} not state a pixel size."
        return Finding("Pixel size", "note", sentence, "pixel_size_x_um.is_null() and size_x.is_not_null()")
    usual, n = _by_count(opened["pixel_size_x_um"])[0]
    if n == opened.height:
        return Finding("Pixel size", "note", f"{_all(n, images)} {_has(n)} pixels of {usual:.4g} µm.")
    n_sizes = opened["pixel_size_x_um"].n_unique()
    sentence = f"{n_sizes:,} pixel sizes; {_part(n, images.height)} {_has(n)} {usual:.4g} µm."
    return Finding("Pixel size", "warning", sentence, f"pixel_size_x_um != {usual!r}")


def _saturation(images: pl.DataFrame) -> Finding | None:
    bright = pl.col("saturated_high") > SATURATED
    return _marked(
        images,
        "Saturation",
        bright,
        f"saturated_high > {SATURATED}",
        lambda n: f"{_is(n)} saturated: over {SATURATED:.0%} of the pixels at the ceiling",
        "saturated images",
    )


def _blocks(images: pl.DataFrame) -> Finding | None:
    return _marked(
        images,
        "Compression",
        pl.col("blockiness") > BLOCKY,
        f"blockiness > {BLOCKY}",
        lambda n: f"{'shows' if n == 1 else 'show'} JPEG blocks: blockiness above {BLOCKY}",
        "JPEG blocks",
    )


def _flat(images: pl.DataFrame) -> Finding | None:
    flat = pl.col("is_flat")
    said = "flat: one value and nothing else"
    return _marked(images, "Flat", flat, "is_flat", lambda n: f"{_is(n)} {said}", "flat images")


def _not_finite(images: pl.DataFrame) -> Finding | None:
    return _marked(
        images,
        "NaN, Inf",
        (pl.col("n_nan") > 0) | (pl.col("n_inf") > 0),
        "n_nan > 0 or n_inf > 0",
        lambda n: f"{_has(n)} NaN or infinite pixels",
        "NaN or infinite pixels",
    )


def _duplicates(images: pl.DataFrame) -> Finding | None:
    """Flat images are left out: two empty frames are alike without being copies."""
    if not _holds(images, {"content_hash"}):
        return None
    hashed = images.filter(~pl.col("is_flat").fill_null(False)) if "is_flat" in images.columns else images
    copies = hashed["content_hash"].drop_nulls().value_counts().filter(pl.col("count") > 1)
    if not copies.height:
        return Finding("Duplicates", "fine", "exact copies")
    n = int(copies["count"].sum())
    sets = "1 set" if copies.height == 1 else f"{copies.height:,} sets"
    sentence = f"{_part(n, images.height)} have exactly the pixels of another: {sets} of copies."
    hashes = ", ".join(repr(value) for value in sorted(copies["content_hash"]))
    where = f"content_hash in [{hashes}]" if copies.height <= FEW else None
    return Finding("Duplicates", "warning", sentence, where)


def _sharpness(images: pl.DataFrame) -> Finding | None:
    """Compared on a logarithmic scale, within condition and pixel type: focus values span decades."""
    column = "laplacian_variance_norm"
    if not _holds(images, {column}):
        return None
    limits = _limits(images, column)
    unsharp = images.join(limits, on=["condition", "dtype"]).filter(pl.col(column) < pl.col("limit"))
    if not limits.height:
        return None
    if not unsharp.height:
        return Finding("Sharpness", "fine", "images far less sharp than the rest of their group")
    cases = [
        f"(condition == {condition!r} and dtype == {dtype!r} and {column} < {limit:.3g})"
        for condition, dtype, limit in limits.join(unsharp, on=["condition", "dtype"], how="semi").iter_rows()
    ]
    n = unsharp.height
    sentence = f"{_part(n, images.height)} {_is(n)} far less sharp than the rest of the group."
    return Finding("Sharpness", "warning", sentence, " or ".join(cases) if len(cases) <= FEW else None)


def _limits(images: pl.DataFrame, column: str) -> pl.DataFrame:
    """Value below which an image of a condition and pixel type counts as unsharp."""
    value = pl.col(column).cast(pl.Float64).log10()
    spread = MAD_TO_SD * (value - value.median()).abs().median()
    below = pl.max_horizontal(UNSHARP * spread, pl.lit(math.log10(UNSHARP_FACTOR)))
    groups = images.filter(pl.col(column) > 0).group_by("condition", "dtype", maintain_order=True)
    limit = (10 ** (value.median() - below)).round_sig_figs(3)  # as the filter will say it
    limits = groups.agg(limit.alias("limit"), pl.len())
    return limits.filter(pl.col("len") >= ENOUGH).drop("len").drop_nulls()


def _marked(
    images: pl.DataFrame, topic: str, mark: pl.Expr, where: str, some: Callable[[int], str], none: str
) -> Finding | None:
    """A finding about the images that `mark` is true for; None where its columns are absent or empty."""
    if not _holds(images, set(mark.meta.root_names())):
        return None
    n = int(images.select(mark.sum()).item())
    if not n:
        return Finding(topic, "fine", none)
    return Finding(topic, "warning", f"{_part(n, images.height)} {some(n)}.", where)


def _holds(images: pl.DataFrame, columns: set[str]) -> bool:
    return columns <= set(images.columns) and all(images[name].count() for name in columns)


def _by_count(values: pl.Series) -> list[tuple[Any, int]]:
    """Values and how often each occurs, most frequent first, ties in order of the value."""
    counts = values.drop_nulls().value_counts()
    return counts.sort("count", values.name, descending=[True, False]).rows()


def _listed(values: pl.Series, most: int = 4) -> str:
    counts = _by_count(values)
    said = [f"{n:,} {value}" for value, n in counts[:most]]
    if rest := sum(n for _, n in counts[most:]):
        said.append(f"{rest:,} other")
    return ", ".join(said)


def _names(names: Sequence[str]) -> str:
    return " and ".join(f"‘{name}’" for name in names) if len(names) < 3 else f"{len(names)} conditions"


def _count(n: int, unit: str) -> str:
    return f"{n:,} {unit}" if n == 1 else f"{n:,} {unit}s"


def _all(n: int, images: pl.DataFrame) -> str:
    if n == images.height:
        return "The one image" if n == 1 else f"All {n:,} images"
    return f"{'The' if n == 1 else 'All'} {_count(n, 'image')} with pixels"


def _part(n: int, total: int, unit: str = "image") -> str:
    return f"{n:,} of {_count(total, unit)}"


def _is(n: int) -> str:
    return "is" if n == 1 else "are"


def _has(n: int) -> str:
    return "has" if n == 1 else "have"


_TOPICS: Sequence[Callable[[pl.DataFrame], Finding | None]] = (
    _files,
    _saturation,
    _sharpness,
    _duplicates,
    _flat,
    _not_finite,
    _blocks,
    _dtypes,
    _sizes,
    _stacks,
    _pixel_sizes,
)
