"""The order in which patches are best labelled: those first that say most about where good ends."""

import numpy as np
import polars as pl

from smalti.curation.learning.features import COLUMNS
from smalti.curation.learning.labels import Words
from smalti.curation.patchset import PatchSet
from smalti.table.flags import FlagLog

__all__ = ["apart", "in_turn", "order_of"]

LEAST = 4
"""Labels of each class from which on a quick model decides."""

SPREAD = 256
"""Patches that are drawn one by one so that they differ from those before; others follow by distance."""

PENALTY = 1.0
"""Of squared weights of the quick model, against the mean over labels of a class."""

FAR = 5.0
"""Deviations from the mean to which features are cut: one odd patch must not count for all."""


def order_of(patches: PatchSet, log: FlagLog, seed: int = 0) -> np.ndarray:
    """Rows of a set that have no flag yet, in the order in which to label them.

    With a few labels of each kind, those come first of which a quick model (a logistic regression on
    features) is least sure; a filter's scores take the place of its probabilities where there are no
    features. Before that, patches come first that differ from each other. Datasets take turns, and two of one
    cluster of near-duplicates do not follow each other while there is another. What was dropped as flat or a
    duplicate comes last.

    Parameters
    ----------
    patches
        The set. Without features the deviations that every set has tell patches apart.
    log
        Its decisions; ``keep`` is good, ``reject`` is bad, any other flag is a flag too.
    seed
        Decides between equals.

    Returns
    -------
    numpy.ndarray
        int64 (n,), rows of ``patches.frame``.
    """
    frame = patches.frame
    said = _said(frame, log)
    is_open = np.flatnonzero((said == _OPEN).to_numpy())
    if not len(is_open):
        return is_open.astype(np.int64)
    ranked = is_open[_ranked(frame, said, is_open, np.random.default_rng(seed))]
    dropped = _is_dropped(frame)[ranked]
    parts = [_spread(frame, rows) for rows in (ranked[~dropped], ranked[dropped]) if len(rows)]
    return np.concatenate(parts).astype(np.int64)


_OPEN, _GOOD, _BAD, _OTHER = "open", "good", "bad", "other"


def _said(frame: pl.DataFrame, log: FlagLog) -> pl.Series:
    """What the log says of each patch."""
    meanings = {flag: _GOOD if good else _BAD for flag, good in Words().meanings.items()}
    flags = log.state().select("id", "flag").unique("id", keep="last")
    joined = frame.select("patch_id").join(
        flags, left_on="patch_id", right_on="id", how="left", maintain_order="left"
    )
    known = pl.col("flag").replace_strict(list(meanings), list(meanings.values()), default=_OTHER)
    return joined.select(pl.when(pl.col("flag").is_null()).then(pl.lit(_OPEN)).otherwise(known)).to_series()


def _is_dropped(frame: pl.DataFrame) -> np.ndarray:
    """Whether something else than a filter dropped it."""
    dropped = (pl.col("decision") == "drop") & pl.col("reason").is_in(["flat", "duplicate"])
    return frame.select(dropped.fill_null(value=False)).to_series().to_numpy()


def _ranked(
    frame: pl.DataFrame, said: pl.Series, is_open: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Places in `is_open`, what says most first."""
    features, known = _features(frame)
    good, bad = ((said == word).to_numpy() for word in (_GOOD, _BAD))
    enough = min(good.sum(), bad.sum()) >= LEAST
    if enough and known:
        return _least_sure(_quick(features, good, bad)[is_open], rng)
    scores = frame["score"].cast(pl.Float64).to_numpy()[is_open]
    if not known and np.isfinite(scores).any():
        return _least_sure(np.where(np.isfinite(scores), scores, 0.0), rng)
    seen = np.flatnonzero((said != _OPEN).to_numpy())[-SPREAD:]
    return _different(features[is_open], features[seen], rng)


def _features(frame: pl.DataFrame) -> tuple[np.ndarray, bool]:
    """Features of mean 0 and deviation 1, float32 (patches, columns), and whether the set has any."""
    names = [column.name for column in COLUMNS if column.name in frame.columns]
    table = frame.select(pl.col(names or ["std", "block_std"]).cast(pl.Float32).fill_null(float("nan")))
    values = table.to_numpy().astype(np.float32)
    values[~np.isfinite(values)] = np.nan
    values[:, np.isnan(values).all(axis=0)] = 0.0
    deviation = np.nanstd(values, axis=0, dtype=np.float64)
    scaled = (values - np.nanmean(values, axis=0, dtype=np.float64)) / np.where(deviation > 0, deviation, 1.0)
    return np.clip(np.nan_to_num(scaled), -FAR, FAR).astype(np.float32), bool(names)


def _quick(features: np.ndarray, good: np.ndarray, bad: np.ndarray) -> np.ndarray:
    """Probabilities of a logistic regression with squared weights held down, both kinds weighing the same."""
    from scipy.optimize import minimize
    from scipy.special import expit

    rows = np.flatnonzero(good | bad)
    known = np.column_stack([features[rows], np.ones(len(rows))]).astype(np.float64)
    sign = np.where(good[rows], 1.0, -1.0)
    weight = np.where(good[rows], 0.5 / good.sum(), 0.5 / bad.sum())
    held = np.r_[np.full(features.shape[1], PENALTY / len(rows)), 0.0]

    def loss(at: np.ndarray) -> tuple[float, np.ndarray]:
        margin = sign * (known @ at)
        slope = -sign * weight * expit(-margin)
        return float(weight @ np.logaddexp(0, -margin) + held @ at**2 / 2), known.T @ slope + held * at

    fitted = minimize(loss, np.zeros(known.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 200}).x
    return np.asarray(expit(features @ fitted[:-1] + fitted[-1]))


def _least_sure(probabilities: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Highest entropy first, which is nearest to a half."""
    return np.lexsort([rng.permutation(len(probabilities)), np.abs(probabilities - 0.5)])


def _different(features: np.ndarray, seen: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Drawn with chances that grow with the squared distance to what is drawn and seen already.

    As k-means++ draws its first centres: D. Arthur and S. Vassilvitskii, SODA 2007.
    """
    far = np.full(len(features), np.inf)
    for one in seen:
        far = np.minimum(far, _distances(features, one))
    chosen: list[int] = []
    while len(chosen) < min(SPREAD, len(features)):
        weight = np.where(np.isinf(far), 1.0, far)
        if weight.sum() <= 0:
            break
        pick = int(np.searchsorted(np.cumsum(weight), rng.random() * weight.sum(), side="right"))
        chosen.append(min(pick, int(np.flatnonzero(weight)[-1])))
        far = np.minimum(far, _distances(features, features[chosen[-1]]))
        far[chosen] = 0.0
    others = np.setdiff1d(np.arange(len(features)), chosen)
    later = others[np.lexsort([rng.permutation(len(others)), -far[others]])]
    return np.concatenate([np.array(chosen, np.int64), later])


def _distances(features: np.ndarray, one: np.ndarray) -> np.ndarray:
    return np.asarray(np.square(features - one).sum(axis=1, dtype=np.float64))


def _spread(frame: pl.DataFrame, rows: np.ndarray) -> np.ndarray:
    taken = rows[in_turn(frame["dataset"].fill_null("").gather(rows).to_numpy())]
    alone = -1 - pl.int_range(pl.len())  # of no cluster, such as one that came later
    numbers = frame.select(pl.coalesce("cluster", alone)).to_series().to_numpy()
    return np.asarray(taken[apart(numbers[taken])])


def in_turn(names: np.ndarray) -> np.ndarray:
    """Places of names so that each name comes once before any comes twice; the order within a name stays."""
    numbers = np.unique(names, return_inverse=True)[1]
    order = np.argsort(numbers, kind="stable")
    counts = np.bincount(numbers)
    turn = np.empty(len(names), np.int64)
    turn[order] = np.arange(len(names)) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.argsort(turn, kind="stable")


def apart(numbers: np.ndarray) -> np.ndarray:
    """Places of numbers so that the same do not follow each other, as far as that can be; else in order."""
    made: list[int] = []
    held: list[int] = []
    for place in range(len(numbers)):
        if made and numbers[place] == numbers[made[-1]]:
            held.append(place)
            continue
        made.append(place)
        if held and numbers[held[0]] != numbers[place]:
            made.append(held.pop(0))
    return np.array(_between(made, held, numbers), np.int64)


def _between(made: list[int], held: list[int], numbers: np.ndarray) -> list[int]:
    """With what is left over, all of one number, put between others as late as that can be."""
    if not held:
        return made
    same, found = numbers[held[0]], list[int]()
    left = held[::-1]
    for place in reversed(made):
        if left and numbers[place] != same and (not found or numbers[found[-1]] != same):
            found.append(left.pop(0))
        found.append(place)
    if left and numbers[found[-1]] != same:
        found.append(left.pop(0))
    return [*found[::-1], *left[::-1]]
