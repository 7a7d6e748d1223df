"""What follows from filters, grouping and order alone: kept while only the selection changes."""

from collections.abc import Hashable

import numpy as np

from smalti.table.choice import View
from smalti.table.conditions import filter_key, passing
from smalti.table.filters import Filter
from smalti.table.memo import Memo
from smalti.table.stats import Groups
from smalti.table.whole import Table

__all__ = ["Kept"]


class Kept:
    """The rows that pass the filters of a view, and results that depend on nothing else.

    Parameters
    ----------
    table, view
        What is filtered, and by what.
    """

    def __init__(self, table: Table, view: View) -> None:
        self.table = table
        self.view = view
        self.memo = Memo()
        self._conditions = _conditions(view)

    def fits(self, table: Table, view: View) -> bool:
        """Whether another view differs in nothing that counts here, such as in its selection only."""
        mine = self.view
        return (
            table is self.table
            and (view.group_by, view.sort_by, view.descending)
            == (mine.group_by, mine.sort_by, mine.descending)
            and _conditions(view) == self._conditions
        )

    @property
    def keep(self) -> np.ndarray:
        """bool, one for each row of the table: passes all filters."""
        return self.memo.get("keep", self._keep)

    def _keep(self) -> np.ndarray:
        keep = np.ones(self.table.height, bool)
        for filter_ in _enabled(self.view):
            keep &= passing(self.table, filter_, self.view.group_by)
        return keep

    @property
    def rows(self) -> np.ndarray:
        """int32: numbers of the rows that pass, ascending."""
        return self.memo.get("rows", lambda: np.flatnonzero(self.keep).astype(np.int32))

    @property
    def order(self) -> np.ndarray:
        """int32: numbers of the rows that pass, in order."""
        return self.memo.get("order", self._order)

    def _order(self) -> np.ndarray:
        if self.view.sort_by == "path" and not self.view.descending:
            return self.rows
        order = self.table.in_order(self.view.sort_by, descending=self.view.descending)
        kept: np.ndarray = order[self.keep[order]]
        return kept

    @property
    def groups(self) -> Groups:
        """Groups of the whole table."""
        return self.table.groups(self.view.group_by)[0]

    @property
    def group_index(self) -> np.ndarray:
        """int16: group of every row of the table."""
        return self.table.groups(self.view.group_by)[1]

    def finite_in_order(self, column: str) -> np.ndarray:
        """int32: numbers of the rows that pass and have a finite value, ascending by value."""
        rows = self.table.finite_in_order(column)
        kept: np.ndarray = rows[self.keep[rows]]
        return kept


def _enabled(view: View) -> list[Filter]:
    return [filter_ for filter_ in view.filters if filter_.enabled]


def _conditions(view: View) -> list[Hashable]:
    return [filter_key(filter_, view.group_by) for filter_ in _enabled(view)]
