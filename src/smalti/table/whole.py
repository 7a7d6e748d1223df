"""The images table in memory, with what is looked up once and then shared by all sessions."""

from collections.abc import Iterable, Mapping, Set
from functools import cached_property
from types import MappingProxyType

import numpy as np
import polars as pl
import polars.selectors as cs
import xxhash

from smalti.core.columns import Column
from smalti.core.errors import UnknownNameError, UsageError
from smalti.table.bins import Bins, bin_rows
from smalti.table.expression import read
from smalti.table.joins import Join, join_frame, read_metadata_file
from smalti.table.memo import Memo
from smalti.table.names import template_columns
from smalti.table.palette import USUAL
from smalti.table.reader import PART
from smalti.table.source import Source, col
from smalti.table.stats import ALL, Groups, find_groups

__all__ = ["Table"]

MIB = 2**20


class Table:
    """One row an image, in the order of their paths; a row's number is its place.

    Safe in any thread: it does not change, and what it keeps is computed once.

    Parameters
    ----------
    images
        The images table, with an ``image_id``; NaN becomes null.
    columns
        Meaning and unit of columns by name, as far as known.
    planes, histograms
        The tables of the same project by plane; None where there are none.
    source
        Path of the project, for code and command lines; empty for a table that is only in memory.
    home
        Folder where views are saved, where that is not `source`: the one that a ZIP was unpacked into.
    palette
        Colours of values at first.
    """

    def __init__(
        self,
        images: pl.DataFrame,
        columns: Mapping[str, Column] = MappingProxyType({}),
        *,
        planes: pl.LazyFrame | None = None,
        histograms: pl.LazyFrame | None = None,
        source: str = "",
        home: str = "",
        palette: str = "",
    ) -> None:
        if "image_id" not in images.columns:
            raise UnknownNameError("column", "image_id", images.columns)
        self.images = images.with_columns(cs.float().fill_nan(None))
        self.columns = MappingProxyType(dict(columns))
        self.planes = planes
        self.histograms = histograms
        self.source = source
        self.home = home or source
        self.palette = palette or USUAL
        self.in_memory: frozenset[str] = frozenset()
        """Columns that no file holds."""
        # 200 bytes a row: bins of 40 columns, orders of 10, some masks of every session.
        self.memo = Memo(64 * MIB + 200 * images.height)

    def joined(self, metadata: pl.DataFrame, on: str) -> "Table":
        """A table with the columns of a frame beside its own; see `smalti.table.joins.join_frame`."""
        images = join_frame(self.images, metadata, on)
        return self._with(images, self.in_memory | set(metadata.columns) - {on})

    def with_added(self, templates: tuple[str, ...], joins: tuple[Join, ...]) -> "Table":
        """A table with columns read from file names and from files; the same one for the same columns."""
        if not templates and not joins:
            return self
        return self.memo.get(("added", templates, joins), lambda: self._with_added(templates, joins))

    def _with_added(self, templates: tuple[str, ...], joins: tuple[Join, ...]) -> "Table":
        images = self.images
        for template in templates:
            columns = template_columns(template)
            for name in columns:
                if name in images.columns:
                    raise UsageError(f"column {name!r} of {template!r} is there already; rename the field")
            images = images.with_columns(**{name: source.expr for name, source in columns.items()})
        for join in joins:
            images = join_frame(images, read_metadata_file(join.file), join.on)
        return self._with(images, self.in_memory)

    def _with(self, images: pl.DataFrame, in_memory: Set[str]) -> "Table":
        table = Table(
            images,
            self.columns,
            planes=self.planes,
            histograms=self.histograms,
            source=self.source,
            home=self.home,
            palette=self.palette,
        )
        table.in_memory = frozenset(in_memory)
        table.__dict__["fingerprint"] = self.fingerprint  # of what was measured, whatever stands beside it
        return table

    @property
    def height(self) -> int:
        """Number of rows."""
        return self.images.height

    @cached_property
    def fingerprint(self) -> str:
        """16 hex digits of columns, rows and metrics: another table has another."""
        digest = xxhash.xxh3_64(repr(sorted((n, str(t)) for n, t in self.images.schema.items())).encode())
        for name in ("image_id", "metric_set"):
            if name in self.images.columns:
                digest.update("\n".join(self.images[name].fill_null("").to_list()).encode())
        return digest.hexdigest()

    def rows_of(self, image_ids: Iterable[str]) -> np.ndarray:
        """Row numbers of images by their ids, int32, in the order given.

        Raises
        ------
        UnknownNameError
            No row has one of the ids.
        """
        wanted = pl.DataFrame({"image_id": list(image_ids)}, schema={"image_id": pl.String})
        own = self.images.select("image_id").with_row_index("row")
        found = wanted.join(own, on="image_id", how="left", maintain_order="left")
        if found["row"].null_count():
            missing = found.filter(pl.col("row").is_null())["image_id"][0]
            raise UnknownNameError("image", str(missing), self.images["image_id"].head(1000))
        return found["row"].cast(pl.Int32).to_numpy()

    def dtype(self, column: str) -> pl.DataType:
        """Type of a column, or of a folder of the path."""
        if column in self.images.columns:
            return self.images.schema[column]
        return self.images.clear().select(self.term(column).expr).dtypes[0]

    def term(self, column: str) -> Source:
        """A column, or a folder of the path (``path[1]``), as an expression with its code.

        Raises
        ------
        UnknownNameError
            There is no such column.
        """
        if column in self.images.columns:
            return col(column)
        if PART.fullmatch(column):
            return read(column, self.images.schema, "value").source
        raise UnknownNameError("column", column, self.images.columns)

    def condition(self, text: str) -> Source:
        """A condition as an expression with its code; see `smalti.table.expression.read`."""
        return self.memo.get(("condition", text), lambda: read(text, self.images.schema).source)

    def holds(self, text: str) -> np.ndarray:
        """Rows for which a condition holds, bool; not to be written to."""
        return self.memo.get(("holds", text), lambda: self.rows_where(self.condition(text)))

    def rows_where(self, condition: Source) -> np.ndarray:
        """The same of an expression, computed anew."""
        # Lazy: parts that an expression holds twice, such as the median in an outlier's, are computed once.
        found = self.images.lazy().select(condition.expr.fill_null(False)).collect().to_series()
        if len(found) != self.height:  # a condition without columns, such as 1 < 2
            return np.full(self.height, found[0])
        return found.to_numpy()

    def numbers(self, column: str) -> np.ndarray:
        """A column of numbers, float64, NaN where missing.

        Raises
        ------
        UnknownNameError
            There is no such column.
        UsageError
            It holds no numbers.
        """
        return self._numeric(column).cast(pl.Float64).to_numpy()

    def _numeric(self, column: str) -> pl.Series:
        if column not in self.images.columns:
            raise UnknownNameError("column", column, self.images.columns)
        values = self.images[column]
        if not (values.dtype.is_numeric() or values.dtype == pl.Null):
            raise UsageError(f"column {column!r} is {values.dtype}; choose a column of numbers here")
        return values

    def extent(self, column: str) -> tuple[float, float]:
        """Least and greatest finite value of a column of numbers; 0 and 1 where there is none."""
        return self.memo.get(("extent", column), lambda: _extent(self.numbers(column)))

    def bins(self, column: str, log: bool | None, most: int) -> Bins:
        """The bins of a column of numbers; see `smalti.table.bins.bin_rows`."""
        key = ("bins", column, log, most)
        return self.memo.get(key, lambda: bin_rows(self._numeric(column), log, most))

    def groups(self, column: str | None, most: int = 7) -> tuple[Groups, np.ndarray]:
        """The groups of a column, and each row's as int16 index into their names.

        Raises
        ------
        UnknownNameError, UsageError
            There is no such column; its values are lists or bytes.
        """
        if column is None:
            nothing = np.zeros(self.height, np.int16)
            return self.memo.get(("groups", None), lambda: (Groups(None, (ALL,)), nothing))
        return self.memo.get(("groups", column, most), lambda: self._groups(column, most))

    def _groups(self, column: str, most: int) -> tuple[Groups, np.ndarray]:
        frame = self.images.select(self.term(column).expr.alias(column))
        dtype = frame.schema[column]
        if dtype.is_nested() or dtype == pl.Binary:
            raise UsageError(f"column {column!r} is {dtype}; group by text, numbers, dates or booleans")
        groups = find_groups(frame, column, most)
        names = groups.names
        label = groups.label().replace_strict(names, range(len(names)), return_dtype=pl.Int16)
        index = frame.select(label).to_series().to_numpy() if names else np.zeros(0, np.int16)
        return groups, index

    def in_order(self, column: str, *, descending: bool) -> np.ndarray:
        """Row numbers in order of a column, int32, nulls last; rows alike stay in the table's order."""
        key = ("order", column, descending)
        return self.memo.get(key, lambda: self._in_order(column, descending))

    def _in_order(self, column: str, descending: bool) -> np.ndarray:
        if column == "path" and not descending:
            return np.arange(self.height, dtype=np.int32)
        values = self.images.select(self.term(column).expr.alias("value"))
        if values.schema["value"].is_nested():
            raise UsageError(f"column {column!r} is {values.schema['value']} and has no order")
        rows = values.select(
            pl.arg_sort_by("value", descending=descending, nulls_last=True, maintain_order=True)
        )
        return rows.to_series().cast(pl.Int32).to_numpy()

    def finite_in_order(self, column: str) -> np.ndarray:
        """Row numbers of the finite values of a column of numbers, ascending by value, int32."""
        return self.memo.get(("finite", column), lambda: _finite_in_order(self.numbers(column)))


def _extent(values: np.ndarray) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)


def _finite_in_order(values: np.ndarray) -> np.ndarray:
    order = np.argsort(values, kind="stable").astype(np.int32)
    finite: np.ndarray = order[np.isfinite(values[order])]
    return finite
