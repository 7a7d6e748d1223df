"""What ``dataset.yaml`` says of a set of shards: counts, schema, versions, and what failed."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from smalti import __version__
from smalti.export.shards.place import Place
from smalti.export.shards.records import RECORDS

__all__ = ["described"]

FORMAT = 1


def described(place: Place, index: pl.DataFrame, schema: str, creation: Mapping[str, Any]) -> dict[str, Any]:
    """Plain values for YAML.

    Parameters
    ----------
    place
        Where the set is.
    index
        Rows of `smalti.export.shards.index.PART`: samples, and failures with their error.
    schema, creation
        Which of `RECORDS` its samples are, and how it was made.
    """
    good, failed = index.filter(pl.col("error").is_null()), index.filter(pl.col("error").is_not_null())
    sizes = place.target.files(place.folder)
    counts = good.group_by("shard", maintain_order=True).len()
    record = RECORDS[schema]
    return {
        "smalti": {"format": FORMAT, "version": __version__},
        "stem": place.stem,
        "samples": good.height,
        "recordings": good["recording"].n_unique(),
        "failed": failed.select("source", "error").to_dicts(),
        "index": place.index,
        "shards": [
            {"name": name, "samples": n, "bytes": sizes[place.at(name)]} for name, n in counts.iter_rows()
        ],
        "creation": dict(creation),
        "schema": record.__name__,
        "json_schema": record.model_json_schema(mode="serialization"),
    }
