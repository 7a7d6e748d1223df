"""Intensity histograms of many images on one axis."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from smalti.table.aggregates import Curves
from smalti.table.kept import Kept
from smalti.table.whole import Table

__all__ = ["curves"]

MOST_IMAGES = 50_000
"""Images whose histograms are kept, 128 bins in 4 bytes each: 26 MB. Of more, a fixed sample is shown."""

BATCH = 5_000
"""Planes rebinned at once: 256 counts of 8 bytes each, and as much for their edges, are 20 MB."""

LOW_SHARE, HIGH_SHARE = 10, 90


@dataclass(frozen=True, slots=True)
class _Shares:
    """Share of each image's pixels in each bin: `rows` int32 (n,) ascending, `share` float32 (n, bins)."""

    edges: np.ndarray
    rows: np.ndarray
    share: np.ndarray


def curves(kept: Kept, *, relative: bool, channel: int | None, picked_row: int | None, bins: int) -> Curves:
    """Mean histogram of each group with its spread, and one picked image.

    An image counts once, however many planes and pixels it has. Counts are spread evenly over the width
    of their bin where bins differ.
    """
    table = kept.table
    found: _Shares = table.memo.get(
        ("curves", relative, channel, bins), lambda: _sampled(table, relative, channel, bins)
    )
    names, mean, low, high, n = kept.memo.get(
        ("curves", relative, channel, bins), lambda: _by_group(kept, found)
    )
    picked = None if picked_row is None else _one(table, found, picked_row, relative, channel)
    return Curves(found.edges, relative, names, mean, low, high, n, picked)


def _by_group(kept: Kept, found: _Shares) -> tuple[tuple[str, ...], *tuple[np.ndarray, ...]]:
    keep = kept.keep[found.rows]
    share, group = found.share[keep], kept.group_index[found.rows[keep]]
    present = np.unique(group)
    parts = [share[group == index] for index in present]
    shape = (len(present), found.share.shape[1])
    spread = [np.percentile(part, (LOW_SHARE, HIGH_SHARE), axis=0) for part in parts]
    return (
        tuple(kept.groups.names[index] for index in present),
        np.array([part.mean(axis=0, dtype=np.float64) for part in parts]).reshape(shape),
        np.array([low for low, _ in spread], np.float64).reshape(shape),
        np.array([high for _, high in spread], np.float64).reshape(shape),
        np.array([len(part) for part in parts], np.int64),
    )


def _one(table: Table, found: _Shares, row: int, relative: bool, channel: int | None) -> np.ndarray | None:
    """Shares of one image on the same axis; None where it has no histogram."""
    place = int(np.searchsorted(found.rows, row))
    if place == len(found.rows) or found.rows[place] != row:
        found = _shares(table, np.array([row], np.int32), relative, channel, found.edges)
        place = 0
    return found.share[place].astype(np.float64) if len(found.rows) else None


def _sampled(table: Table, relative: bool, channel: int | None, bins: int) -> _Shares:
    rows = np.arange(table.height, dtype=np.int32)
    if table.height > MOST_IMAGES:
        rows = np.sort(np.random.default_rng(0).choice(rows, MOST_IMAGES, replace=False))
    return _shares(table, rows, relative, channel, bins)


def _shares(
    table: Table, rows: np.ndarray, relative: bool, channel: int | None, axis: int | np.ndarray
) -> _Shares:
    """Shares of the images of some rows, on edges as given, or on as many bins over all that occurs."""
    planes = _planes(table, rows, channel)
    ends = planes.select("row", low=pl.col("first"), high=pl.col("last"))
    per_image = ends.group_by("row").agg(pl.col("low").min(), pl.col("high").max()).sort("row")
    edges = _edges(per_image, relative, axis)
    bins = len(edges) - 1
    own = per_image["row"].to_numpy()
    sums = np.zeros((len(own), bins))
    for start in range(0, planes.height, BATCH):
        batch = planes.slice(start, BATCH)
        place = np.searchsorted(own, batch["row"].to_numpy())
        scale = None
        if relative:
            scale = per_image["low"].to_numpy()[place], per_image["high"].to_numpy()[place]
        np.add.at(sums, place, _rebinned(batch, edges, scale))
    total = sums.sum(axis=1, keepdims=True)
    share = np.divide(sums, total, out=np.zeros_like(sums), where=total > 0)
    return _Shares(edges, own.astype(np.int32), share.astype(np.float32))


def _planes(table: Table, rows: np.ndarray, channel: int | None) -> pl.DataFrame:
    """Histograms of some images: row, counts between the first and last bin in use, and where these lie."""
    columns = ("low", "width", "counts")
    if table.histograms is None:
        return pl.DataFrame(
            schema={
                "row": pl.Int32,
                "first": pl.Float64,
                "last": pl.Float64,
                "counts": pl.List(pl.Int64),
                "width": pl.Float64,
            }
        )
    own = table.images.select("image_id").with_row_index("row")
    if len(rows) < table.height:
        own = own[rows]
    histograms = table.histograms if channel is None else table.histograms.filter(pl.col("c") == channel)
    if len(rows) == 1:  # the one id reaches the reader, which then skips the rest
        histograms = histograms.filter(pl.col("image_id") == own["image_id"][0])
    found = histograms.select("image_id", *columns).filter(pl.col("counts").list.sum() > 0)
    used = pl.col("counts").list.eval(pl.arg_where(pl.element() > 0))
    joined = found.join(own.lazy(), on="image_id").with_columns(
        start=used.list.first().cast(pl.Int64), end=used.list.last().cast(pl.Int64) + 1
    )
    return (
        joined.select(
            "row",
            "width",
            first=pl.col("low") + pl.col("start") * pl.col("width"),
            last=pl.col("low") + pl.col("end") * pl.col("width"),
            counts=pl.col("counts").list.slice("start", pl.col("end") - pl.col("start")),
        )
        .sort("row", maintain_order=True)
        .collect()
    )


def _edges(per_image: pl.DataFrame, relative: bool, axis: int | np.ndarray) -> np.ndarray:
    if isinstance(axis, np.ndarray):
        return axis
    if relative or not per_image.height:
        return np.linspace(0.0, 1.0, axis + 1)
    low, high = float(per_image["low"].min()), float(per_image["high"].max())  # type: ignore[arg-type]
    return np.linspace(low, high if high > low else low + 1, axis + 1)


def _rebinned(
    batch: pl.DataFrame, edges: np.ndarray, scale: tuple[np.ndarray, np.ndarray] | None
) -> np.ndarray:
    """Counts of each plane on the common edges, (planes, bins), each count spread evenly over its bin.

    One interpolation of all planes' cumulative counts, laid end to end: plane i lies from 2 i to 2 i + 1 on
    a common axis. A loop over planes would take 10 µs each.
    """
    n = batch["counts"].list.len().to_numpy().astype(np.int64)
    counts = batch["counts"].explode().to_numpy().astype(np.float64)
    first, width = batch["first"].to_numpy(), batch["width"].to_numpy()
    plane = np.repeat(np.arange(len(n)), n)
    within = np.arange(len(counts)) - np.repeat(np.cumsum(n) - n, n)
    upper = first[plane] + (within + 1) * width[plane]
    low, high = (np.full(len(n), edges[0]), np.full(len(n), edges[-1])) if scale is None else scale
    span = np.where(high > low, high - low, 1)
    running = np.cumsum(counts)
    before = np.repeat(running[np.cumsum(n) - 1] - np.add.reduceat(counts, np.cumsum(n) - n), n)
    x = np.clip((upper - low[plane]) / span[plane], 0, 1) + 2 * plane
    start = np.clip((first - low) / span, 0, 1) + 2 * np.arange(len(n))
    order = np.concatenate([np.cumsum(n) - n + np.arange(len(n))])
    knots = np.insert(x, np.cumsum(n) - n, start)
    heights = np.insert(running - before, np.cumsum(n) - n, 0.0)
    del order
    unit = (edges - edges[0]) / (edges[-1] - edges[0])
    wanted = (unit[None, :] + 2 * np.arange(len(n))[:, None]).ravel()
    totals = np.interp(wanted, knots, heights).reshape(len(n), -1)
    # Left of a plane's first edge the line still comes down from the plane before.
    left = wanted.reshape(len(n), -1) < start[:, None]
    totals[left] = 0
    ends = np.add.reduceat(counts, np.cumsum(n) - n)
    last = x[np.cumsum(n) - 1]
    right = wanted.reshape(len(n), -1) >= last[:, None]
    totals = np.where(right, ends[:, None], totals)
    return np.diff(totals, axis=1)
