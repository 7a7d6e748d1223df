"""What a filter decides by scores: which patches it scores, and which of them are kept."""

import json
from collections.abc import Mapping
from typing import Any

import polars as pl

from smalti.curation import manifest
from smalti.curation.patchset import PatchSet
from smalti.curation.scorer import Scorer

__all__ = ["ENTRY", "UNINFORMATIVE", "decided", "known_scores", "rows_to_score", "stated"]

ENTRY = "filter"
"""Of a manifest's footer: what its scores are of."""

UNINFORMATIVE = "uninformative"
"""The reason of what a filter dropped."""


def stated(scorer: Scorer) -> dict[str, Any]:
    """What tells a scorer from others, as it is read from JSON."""
    made: dict[str, Any] = json.loads(json.dumps(dict(scorer.asked)))
    return made


def known_scores(patches: PatchSet, scorer: Scorer) -> pl.Series:
    """Scores that patches have of this very scorer; null where they have none."""
    footer = manifest.info(patches.folder / manifest.FILE_NAME).footer
    said: Mapping[str, Any] = json.loads(footer.get(ENTRY, "{}"))
    score = patches.frame["score"]
    return score if said.get("scorer") == stated(scorer) else score.clear(len(score))


def rows_to_score(patches: PatchSet, known: pl.Series, every: bool) -> list[int]:
    """Rows without a score on which a filter decides; with `every` also those that others dropped."""
    asked = pl.lit(value=True) if every else _is_open()
    return patches.frame.select(asked & known.is_null()).to_series().arg_true().to_list()


def _is_open() -> pl.Expr:
    """Whether a filter decides: nothing else has dropped it."""
    dropped = pl.col("decision").fill_null("keep") == "drop"
    return ~dropped | (pl.col("reason").fill_null("") == UNINFORMATIVE)


def decided(patches: PatchSet, known: pl.Series, new: pl.DataFrame, threshold: float) -> pl.DataFrame:
    """Every patch with its score, decision and reason; those without a score keep what they had."""
    frame = patches.frame.select("patch_id", "decision", "reason", known.alias("before"))
    joined = frame.join(new, on="patch_id", how="left", maintain_order="left")
    score = pl.coalesce("score", "before").fill_nan(None)
    counts = _is_open() & score.is_not_null()
    is_good = score > pl.lit(threshold, pl.Float32)
    return joined.select(
        "patch_id",
        score=score,
        decision=_either(counts, is_good, "keep", "drop").otherwise("decision"),
        reason=_either(counts, is_good, None, UNINFORMATIVE).otherwise("reason"),
    )


def _either(counts: pl.Expr, is_good: pl.Expr, good: str | None, bad: str) -> Any:
    return pl.when(counts & is_good).then(pl.lit(good, pl.String)).when(counts).then(pl.lit(bad))
