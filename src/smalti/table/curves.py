"""Intensity histograms of many images on one axis."""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from smalti.table.aggregates import Curves
from smalti.table.kept import Kept
from smalti.table.rebin import rebinned
from smalti.table.whole import Table

__all__ = ["curves"]

MOST_IMAGES = 50_000
"""Images whose histograms are kept, 128 bins of 4 bytes each are 26 MB; of more, a fixed sample is shown."""

FEW_IMAGES = 5_000
"""Filtered images of a larger table that are read by themselves, since the sample may miss them."""

BATCH = 5_000
"""Planes put on the common axis at once: 256 counts of 8 bytes each, and as much for edges, are 20 MB."""

LOW_SHARE, HIGH_SHARE = 10, 90
"""Percentiles of the band over the images of a group."""

EXTREME = 0.01
"""Share of images that may lie beyond either end of the axis: one in a million values would else set it."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """Which histograms: `relative` to each image's range or not, of one `channel` or all."""

    relative: bool
    channel: int | None


@dataclass(frozen=True, slots=True)
class _Shares:
    """Share of each image's pixels in each bin: `rows` int32 (n,) ascending, `share` float32 (n, bins)."""

    edges: np.ndarray
    rows: np.ndarray
    share: np.ndarray


def curves(kept: Kept, *, relative: bool, channel: int | None, picked_row: int | None, bins: int) -> Curves:
    """Mean histogram of each group with its spread, and one picked image.

    An image counts once, however many planes and pixels it has; its planes' counts are added, each spread
    evenly over its bin. The axis leaves out what only 1 % of the images reach. Of more than 50,000 images
    a fixed sample of 50,000 is shown, unless at most 5,000 pass the filters.
    """
    table, kind = kept.table, _Kind(relative, channel)
    key = ("curves", relative, channel, bins)
    whole = table.memo.get(key, lambda: _sampled(table, kind, bins))
    found = kept.memo.get(key, lambda: _by_group(kept, kind, whole))
    if picked_row is None:
        return found
    return replace(found, picked=_one(table, kind, whole, picked_row))


def _by_group(kept: Kept, kind: _Kind, whole: _Shares) -> Curves:
    if kept.table.height > MOST_IMAGES and len(kept.rows) <= FEW_IMAGES:
        whole = _shares(kept.table, kind, kept.rows, whole.edges)
    keep = kept.keep[whole.rows]
    share, group = whole.share[keep], kept.group_index[whole.rows[keep]]
    present = np.unique(group)
    parts = [share[group == index] for index in present]
    shape = (len(present), whole.share.shape[1])
    spread = [np.percentile(part, (LOW_SHARE, HIGH_SHARE), axis=0) for part in parts]
    return Curves(
        edges=whole.edges,
        relative=kind.relative,
        names=tuple(kept.groups.names[index] for index in present),
        mean=np.array([part.mean(axis=0, dtype=np.float64) for part in parts]).reshape(shape),
        low=np.array([low for low, _ in spread], np.float64).reshape(shape),
        high=np.array([high for _, high in spread], np.float64).reshape(shape),
        n_images=np.array([len(part) for part in parts], np.int64),
        picked=None,
    )


def _one(table: Table, kind: _Kind, whole: _Shares, row: int) -> np.ndarray | None:
    """Shares of one image on the same axis; None where it has no histogram."""
    place = np.flatnonzero(whole.rows == row)
    if not len(place):
        whole, place = _shares(table, kind, np.array([row], np.int32), whole.edges), np.zeros(1, np.int64)
    return whole.share[place[0]].astype(np.float64) if len(whole.rows) else None


def _sampled(table: Table, kind: _Kind, bins: int) -> _Shares:
    rows = np.arange(table.height, dtype=np.int32)
    if table.height > MOST_IMAGES:
        rows = np.sort(np.random.default_rng(0).choice(rows, MOST_IMAGES, replace=False))
    return _shares(table, kind, rows, bins)


def _shares(table: Table, kind: _Kind, rows: np.ndarray, axis: int | np.ndarray) -> _Shares:
    """Shares of the images of some rows, on edges as given, or on as many bins over what occurs."""
    planes = _planes(table, rows, kind.channel)
    ends = planes.group_by("row").agg(pl.col("first").min(), pl.col("last").max()).sort("row")
    own, low, high = (ends[name].to_numpy() for name in ("row", "first", "last"))
    edges = axis if isinstance(axis, np.ndarray) else _edges(ends, kind.relative, axis)
    sums = np.zeros((len(own), len(edges) - 1))
    total = np.zeros((len(own), 1))
    for start in range(0, planes.height, BATCH):
        batch = planes.slice(start, BATCH)
        place = np.searchsorted(own, batch["row"].to_numpy())
        ranges = (low[place], high[place]) if kind.relative else (edges[0], edges[-1])
        np.add.at(sums, place, rebinned(batch, edges, *ranges))
        np.add.at(total[:, 0], place, batch["total"].to_numpy())
    share = np.divide(sums, total, out=np.zeros_like(sums), where=total > 0)
    return _Shares(edges, own.astype(np.int32), share.astype(np.float32))


def _planes(table: Table, rows: np.ndarray, channel: int | None) -> pl.DataFrame:
    """Histograms: ``row``, ``total``, ``first`` and ``last`` edge of the bins in use, their ``counts``."""
    if table.histograms is None:
        return pl.DataFrame(schema=_NO_PLANES)
    own = table.images.select("image_id").with_row_index("row")
    if len(rows) < table.height:
        own = own[rows]
    histograms = table.histograms if channel is None else table.histograms.filter(pl.col("c") == channel)
    if len(rows) == 1:  # the one id reaches the reader, which then skips the rest
        histograms = histograms.filter(pl.col("image_id") == own["image_id"][0])
    used = pl.col("counts").list.eval(pl.arg_where(pl.element() > 0))
    low, width = pl.col("low"), pl.col("width")
    return (
        histograms.select("image_id", "low", "width", "counts", total=pl.col("counts").list.sum())
        .filter(pl.col("total") > 0)
        .join(own.lazy(), on="image_id")
        .with_columns(start=used.list.first().cast(pl.Int64), end=used.list.last().cast(pl.Int64) + 1)
        .select(
            "row",
            "total",
            first=low + pl.col("start") * width,
            last=low + pl.col("end") * width,
            counts=pl.col("counts").list.slice("start", pl.col("end") - pl.col("start")),
        )
        .sort("row", maintain_order=True)
        .collect()
    )


_NO_PLANES: dict[str, pl.DataType] = {
    "row": pl.UInt32(),
    "total": pl.Int64(),
    "first": pl.Float64(),
    "last": pl.Float64(),
    "counts": pl.List(pl.Int64()),
}


def _edges(ends: pl.DataFrame, relative: bool, bins: int) -> np.ndarray:
    low, high = ends["first"].quantile(EXTREME, "lower"), ends["last"].quantile(1 - EXTREME, "higher")
    if relative or low is None or high is None:
        return np.linspace(0.0, 1.0, bins + 1)
    return np.linspace(low, high if high > low else low + 1, bins + 1)
