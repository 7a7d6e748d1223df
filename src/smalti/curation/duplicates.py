"""Near-duplicates among patches: which stands for which, and what is kept."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl

from smalti.core.options import option
from smalti.curation.hashes import FLAT, is_flat
from smalti.curation.usual import seed_option
from smalti.kernels.hashing import leader_clusters

__all__ = ["CLUSTER_COLUMNS", "DuplicateOptions", "clustered"]

_GROUP = "Near-duplicates"

CLUSTER_COLUMNS = (
    "is_flat", "cluster", "cluster_size", "is_exemplar", "exemplar", "distance", "decision", "reason", "seed",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DuplicateOptions:
    """How near-duplicates are found; see `smalti.kernels.hashing.leader_clusters`."""

    distance: int | None = option(
        None,
        "Bits in which the hashes of near-duplicates differ at most.",
        least=0,
        most=256,
        metavar="N",
        usual="12; 48 of 256 bits",
        group=_GROUP,
    )
    order: Literal["given", "random"] = option(
        "given", "Order in which patches are looked at; the first of near-duplicates is kept.", group=_GROUP
    )
    seed: int = seed_option("Seed of the random order.", _GROUP)
    scope: Literal["dataset", "all"] = option(
        "dataset", "Where near-duplicates are looked for: in each dataset alone, or in all.", group=_GROUP
    )
    keep_flat: int = option(
        1, "Flat patches that are kept of each dataset.", least=0, metavar="K", group=_GROUP
    )
    flat: float = option(
        FLAT,
        "Grey levels by which means of 8 × 8 pixels differ in a patch that is not flat.",
        least=0,
        most=255,
        metavar="LEVELS",
        group=_GROUP,
    )
    exact: bool = option(False, "Only patches whose pixels are the same are duplicates.", group=_GROUP)
    bits: Literal["64", "256"] = option("64", "Bits of a hash.", group=_GROUP)
    compatible: bool = option(False, "Hashes of imagehash's dhash, bit for bit; slower.", group=_GROUP)

    @property
    def most(self) -> int:
        """Bits of difference."""
        return (12 if self.bits == "64" else 48) if self.distance is None else self.distance


def clustered(frame: pl.DataFrame, options: DuplicateOptions, threads: int = 1) -> pl.DataFrame:
    """A manifest with its clusters: columns `CLUSTER_COLUMNS` made anew.

    Flat patches are a class of their own, for the hash of noise is random; of them the first ``keep_flat``
    in the order asked for are kept. ``decision`` is ``keep`` for exemplars and these, ``drop`` for others.
    With ``exact`` there is no such class.

    Parameters
    ----------
    frame
        With the hashes that are asked for, in the order that counts as given.
    options
        What a near-duplicate is.
    threads
        That work at once.
    """
    n = frame.height
    flat = is_flat(frame["std"].to_numpy(), frame["block_std"].to_numpy(), options.flat)
    if options.exact:
        flat[:] = False
    exemplar = np.arange(n)
    keep = np.zeros(n, bool)
    for rows in _scopes(frame, options):
        loud, quiet = rows[~flat[rows]], rows[flat[rows]]
        if options.exact:
            exemplar[loud] = loud[_first_of_same(frame["pixel_hash"].gather(loud))]
        else:
            exemplar[loud] = loud[leader_clusters(hashes_of(frame, options)[loud], options.most, threads)]
        keep[loud] = exemplar[loud] == loud
        if len(quiet):
            exemplar[quiet] = quiet[0]
            keep[quiet[: options.keep_flat]] = True
    return frame.drop(CLUSTER_COLUMNS, strict=False).with_columns(
        **_columns(frame, options, exemplar, keep, flat)
    )


def _scopes(frame: pl.DataFrame, options: DuplicateOptions) -> list[np.ndarray]:
    """Row numbers of each scope in the order that they are looked at."""
    numbered = frame.select("dataset").with_row_index("row")
    parts = (
        numbered.partition_by("dataset", maintain_order=True) if options.scope == "dataset" else [numbered]
    )
    found = []
    for part in parts:
        rows = part["row"].to_numpy().astype(np.int64)
        if options.order == "random":
            name = part["dataset"][0] if options.scope == "dataset" else ""
            rows = np.random.default_rng([options.seed, *name.encode()]).permutation(rows)
        found.append(rows)
    return found


def hashes_of(frame: pl.DataFrame, options: DuplicateOptions) -> np.ndarray:
    """Hashes as uint64 (patches,) or (patches, 4)."""
    if options.bits == "64":
        return frame["dhash"].to_numpy()
    return np.frombuffer(b"".join(frame["dhash_256"].to_list()), "<u8").astype(np.uint64).reshape(-1, 4)


def _first_of_same(hashes: pl.Series) -> np.ndarray:
    """The place of the first that is the same, for each."""
    _, first, number = np.unique(hashes.to_numpy(), return_index=True, return_inverse=True)
    return np.asarray(first[number], np.int64)


def _columns(
    frame: pl.DataFrame, options: DuplicateOptions, exemplar: np.ndarray, keep: np.ndarray, flat: np.ndarray
) -> dict[str, Any]:
    heads, number = np.unique(exemplar, return_inverse=True)
    sizes = np.bincount(number, minlength=len(heads))
    is_exemplar = exemplar == np.arange(frame.height)
    distance = pl.Series("distance", [None] * frame.height, pl.Int32)
    if not options.exact and frame.height:
        words = hashes_of(frame, options).reshape(frame.height, -1)
        bits = np.bitwise_count(words ^ words[exemplar]).sum(axis=1, dtype=np.int32)
        distance = pl.Series("distance", np.where(flat, -1, bits), pl.Int32)
        distance = distance.replace(-1, None)
    reason = np.where(keep, None, np.where(flat, "flat", "duplicate"))  # type: ignore[call-overload]
    return {
        "is_flat": pl.Series(flat, dtype=pl.Boolean),
        "cluster": pl.Series(number, dtype=pl.Int64),
        "cluster_size": pl.Series(sizes[number] if len(sizes) else [], dtype=pl.Int64),
        "is_exemplar": pl.Series(is_exemplar, dtype=pl.Boolean),
        "exemplar": frame["patch_id"].gather(exemplar) if frame.height else frame["patch_id"],
        "distance": distance,
        "decision": pl.Series(np.where(keep, "keep", "drop").tolist(), dtype=pl.String),
        "reason": pl.Series(reason.tolist(), dtype=pl.String),
        "seed": pl.Series([options.seed] * frame.height, dtype=pl.Int64),
    }
