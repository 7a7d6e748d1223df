"""The live state of looking at one table: what is filtered, selected, grouped and sorted, with undo."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
import polars as pl
import yaml

from smalti.core.errors import UsageError
from smalti.table.choice import Unit, View
from smalti.table.code import to_command, to_python
from smalti.table.conditions import filter_source
from smalti.table.editing import Selecting
from smalti.table.joins import Join
from smalti.table.link import from_query, to_query
from smalti.table.names import is_template, template_columns
from smalti.table.record import from_record, to_record
from smalti.table.saved import read_record, write_record
from smalti.table.snapshot import Snapshot
from smalti.table.source import joined, lit
from smalti.table.stats import Groups
from smalti.table.whole import Table

__all__ = ["Snapshot", "Table", "View", "ViewState"]


class ViewState(Selecting):
    """What a person, or a program, has chosen of one table.

    Every method that changes something is one step of undo; what it is given is checked first, and an error
    leaves all as it was. To be used from one thread; `snapshot` gives what other threads may read.

    Parameters
    ----------
    table
        The images.
    view
        What is chosen at first.

    Examples
    --------
    >>> state.add_filter("laplacian_variance", "<", 12.5)  # doctest: +SKIP
    'laplacian_variance'
    >>> state.select_where("saturated_high > 0.01", mode="add")  # doctest: +SKIP
    >>> state.selected["path"]  # doctest: +SKIP
    """

    def mask(self) -> pl.Expr:
        """The enabled filters as one expression."""
        enabled = [filter_ for filter_ in self._view.filters if filter_.enabled]
        conditions = [filter_source(self.table, filter_, self._view.group_by) for filter_ in enabled]
        return joined("&", conditions).expr if conditions else lit(True).expr

    def frame(self) -> pl.LazyFrame:
        """The filtered rows, in the order of the table."""
        return self.table.images.lazy().filter(self.mask())

    @property
    def filtered(self) -> pl.DataFrame:
        """The filtered rows, in the chosen order."""
        return self._rows(self.snapshot().order)

    @property
    def selected(self) -> pl.DataFrame:
        """The selected ones of the filtered rows, in the chosen order."""
        snapshot = self.snapshot()
        return self._rows(snapshot.order[snapshot.picked[snapshot.order]])

    def _rows(self, rows: np.ndarray) -> pl.DataFrame:
        found: pl.DataFrame = self.table.images[rows]
        return found

    @property
    def n(self) -> tuple[int, int, int]:
        """Rows in all, filtered, and selected of the filtered."""
        return self.snapshot().n

    @property
    def groups(self) -> Groups:
        """Groups of the whole table."""
        return self.snapshot().groups

    @property
    def group_by(self) -> str | None:
        """Column whose values make groups, a folder of the path (``"path[1]"``), or None."""
        return self._view.group_by

    @group_by.setter
    def group_by(self, column: str | None) -> None:
        if column is None or column in self.table.images.columns or not is_template(column):
            self.update(group_by=column)
            return
        first = next(iter(template_columns(column)))
        templates = dict.fromkeys([*self.view.templates, column])
        self.update(templates=tuple(templates), group_by=first)

    @property
    def color_by(self) -> str | None:
        """Column that colours points; None for the group."""
        return self._view.color_by

    @color_by.setter
    def color_by(self, column: str | None) -> None:
        self.update(color_by=column)

    @property
    def sort_by(self) -> str:
        """Column that rows are in order of; ``"path"`` is the order of the table."""
        return self._view.sort_by

    @sort_by.setter
    def sort_by(self, column: str) -> None:
        self.update(sort_by=column)

    @property
    def descending(self) -> bool:
        """Whether the largest come first."""
        return self._view.descending

    @descending.setter
    def descending(self, descending: bool) -> None:
        self.update(descending=descending)

    @property
    def dims(self) -> Mapping[str, int]:
        """Position looked at along ``t``, ``z``, ``c``."""
        return self._view.dims

    @dims.setter
    def dims(self, dims: Mapping[str, int]) -> None:
        self.update(dims=dims)

    @property
    def palette(self) -> str:
        """Colours of values."""
        return self._view.palette

    @palette.setter
    def palette(self, palette: str) -> None:
        self.update(palette=palette)

    @property
    def unit(self) -> Unit:
        """What rows are counted as."""
        return self._view.unit

    @unit.setter
    def unit(self, unit: Unit) -> None:
        self.update(unit=unit)

    # More columns

    def add_columns_from(self, template: str) -> list[str]:
        r"""Read columns from file names, such as ``{well:[A-H]\d\d}_{site:int}``; gives their names.

        See `smalti.table.names.template_columns` for what a template may say.
        """
        names = list(template_columns(template))
        self.update(templates=(*self.view.templates, template))
        return names

    def join(self, metadata: pl.DataFrame | str | Path, on: str) -> list[str]:
        """Put columns of a frame, or of a CSV, TSV or Parquet file, beside those of the images.

        Parameters
        ----------
        metadata
            One row for each value of `on`; images without a row get null. A frame is not written down:
            code, links and saved views need a file.
        on
            Key column of both, such as ``stem`` or a column read from file names.

        Returns
        -------
        list[str]
            Names of the new columns.
        """
        before = set(self.table.images.columns)
        if isinstance(metadata, pl.DataFrame):
            self._step(self._base.joined(metadata, on), self.view)
        else:
            self.update(joins=(*self.view.joins, Join(str(metadata), on)))
        return [name for name in self.table.images.columns if name not in before]

    # Written down

    def to_dict(self) -> dict[str, Any]:
        """The view as plain values."""
        return to_record(self.table, self.view)

    @classmethod
    def from_dict(cls, table: Table, record: Mapping[str, Any]) -> Self:
        """A state over a table as `to_dict` wrote it, of this table or another that has the columns."""
        view, stale = from_record(table, record)
        state = cls(table, view)
        state.stale = stale
        return state

    def to_yaml(self) -> str:
        """The view as YAML."""
        return yaml.safe_dump(self.to_dict(), sort_keys=False, allow_unicode=True)

    @classmethod
    def from_yaml(cls, table: Table, text: str) -> Self:
        """A state over a table as `to_yaml` wrote it."""
        try:
            record = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise UsageError(f"this is no YAML: {error}") from None
        return cls.from_dict(table, {} if record is None else record)

    def to_url(self) -> str:
        """The view as the query of a URL, without the question mark; empty for the view of all."""
        return to_query(self.table, self.view)

    @classmethod
    def from_url(cls, table: Table, query: str) -> Self:
        """A state over a table as `to_url` wrote it; ``view=NAME`` opens a view saved in the project."""
        return cls.from_dict(table, from_query(query, table.home))

    def to_cli(self) -> str:
        """A line for the shell that prints the selected rows, or the filtered ones if none is selected."""
        return to_command(self.table, self.view)

    def to_code(self) -> str:
        """Python that ends with the filtered rows in ``images``, and the selected ones in ``selected``."""
        return to_python(self.table, self.view)

    def save(self, name: str) -> Path:
        """Save the view by name in the project folder: ``views/NAME.json``."""
        return write_record(self.table.home, name, self.to_dict())

    @classmethod
    def load(cls, table: Table, name: str) -> Self:
        """A state over a table as `save` wrote it."""
        return cls.from_dict(table, read_record(table.home, name))
