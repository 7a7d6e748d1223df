"""The tables of a project, as they are on disk now."""

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from smalti.core.columns import Column
from smalti.core.errors import SmaltiError, UnknownNameError
from smalti.core.plugin import Plugin
from smalti.processing.metric_set import choose_metrics
from smalti.processing.paths import listed
from smalti.processing.settings import Settings
from smalti.table import store
from smalti.table.parquet import read_metadata
from smalti.table.rollup import rollup
from smalti.table.schema import PLANE_KEYS

__all__ = ["Tables"]


class Tables:
    """What was measured, image by image and plane by plane; the part of a `Project` that is read."""

    path: Path
    settings: Settings
    _extra: tuple[Plugin, ...]

    @property
    def images(self) -> pl.LazyFrame:
        """One row per image, metrics rolled up over its planes."""
        return self._table("images")

    @property
    def planes(self) -> pl.LazyFrame:
        """One row per 2-D plane: ``image_id, t, c, z`` and the metrics."""
        return self._table("planes")

    @property
    def histograms(self) -> pl.LazyFrame:
        """One row per plane: counts in at most 256 bins of one `width` from `low` on."""
        return self._table("histograms")

    @property
    def thumbnails(self) -> pl.LazyFrame:
        """One JPEG per image and channel (first frame, middle z)."""
        return self._table("thumbnails")

    def _table(self, name: str) -> pl.LazyFrame:
        if not store.exists(self.path):
            raise SmaltiError(f"{self.path} holds no QC table yet; call process() first")
        return store.read(self.path, name)

    def rollup(self, by: str | Iterable[str] = ("condition",)) -> pl.LazyFrame:
        """Metrics of planes rolled up by columns of images or planes, by each metric's declared rule.

        Examples
        --------
        >>> project.rollup(by=["condition", "c"]).collect()  # doctest: +SKIP
        """
        by = listed(by)
        planes = self.planes
        own = set(planes.collect_schema().names())
        others = [name for name in by if name not in own]
        if others:
            known = self.images.collect_schema().names()
            for name in others:
                if name not in known:
                    raise UnknownNameError("column", name, {*known, *own})
            planes = planes.join(self.images.select("image_id", *others), on="image_id", how="left")
        columns = [column for column in self._plane_columns() if column.name in own]
        return rollup(planes, columns, list(by))

    def _plane_columns(self) -> tuple[Column, ...]:
        """The metrics as the table itself describes them; before a first run ends, as they are chosen."""
        final = store.final_file(self.path, "planes")
        if final.exists():
            return read_metadata(final).columns[len(PLANE_KEYS) :]
        return choose_metrics(self.settings, self._extra).plane_columns
