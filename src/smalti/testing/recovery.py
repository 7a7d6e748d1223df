"""How many of the injected defects a QC table shows: the demo's last word, and a check of the metrics."""

import polars as pl

__all__ = ["WITNESSES", "recovered"]

WITNESSES = {
    "blur": "laplacian_variance_norm",
    "noise": "noise_sigma",
    "saturation": "saturated_high",
    "stripes": "stripe_score_rows",
    "jpeg": "blockiness",
    "empty": "std",
    "odd_dtype": "dtype",
    "wrong_size": "size_x",
    "exact_duplicate": "content_hash",
    "truncated": "status",
    "unreadable": "status",
}
"""The column that names each defect."""

OUTLIER = 3.5
"""Robust deviations at which a value stands out from the clean images (Iglewicz & Hoaglin 1993)."""


def recovered(truth: pl.DataFrame, images: pl.DataFrame) -> pl.DataFrame:
    """For each defect, how many of its images stand out in the column that names it.

    A number stands out when it is more than 3.5 × 1.4826 MAD from the median of the clean images of its
    condition, scene and dtype; a word when it is not the most frequent one there; a hash when another
    image has it too; a status when it is not ``ok``.

    Parameters
    ----------
    truth
        As `smalti.testing.dataset.write_dataset` returns it.
    images
        The QC table of that dataset, with the defects' columns.

    Returns
    -------
    polars.DataFrame
        ``defect, images, found, column``, in the order of `WITNESSES`.
    """
    table = truth.select("path", "scene", "defect", pl.col("dtype").alias("drawn_as")).join(
        images.with_columns(pl.col("content_hash").is_duplicated().alias("repeated")), on="path", how="left"
    )
    rows = [_one(table, defect, column) for defect, column in WITNESSES.items()]
    return pl.DataFrame(rows, schema=["defect", "images", "found", "column"], orient="row")


def _one(table: pl.DataFrame, defect: str, column: str) -> tuple[str, int, int, str]:
    marked = table.with_columns(_stands_out(table, column).fill_null(False).alias("out"))
    of_defect = marked.filter(pl.col("defect") == defect)
    return defect, of_defect.height, int(of_defect["out"].sum()), column


def _stands_out(table: pl.DataFrame, column: str) -> pl.Expr:
    if column == "status":
        return pl.col("status") != "ok"
    if column == "content_hash":
        return pl.col("repeated") & pl.col("content_hash").is_not_null()
    like = ["condition", "scene"] if column == "dtype" else ["condition", "scene", "drawn_as"]
    clean = pl.col(column).filter(pl.col("defect") == "none")
    if column in ("dtype", "size_x"):
        return pl.col(column) != clean.mode().first().over(like)
    centre = clean.median().over(like)
    spread = 1.4826 * (clean - clean.median()).abs().median().over(like)
    return (pl.col(column) - centre).abs() > OUTLIER * spread
