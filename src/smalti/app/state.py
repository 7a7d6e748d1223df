"""What the person looking has chosen: filter, groups, order. Every view reads this and nothing else."""

from typing import Any

import param
import polars as pl

from smalti.app.content import Content
from smalti.core.errors import SmaltiError
from smalti.table.expression import parse
from smalti.table.stats import Groups, find_groups

__all__ = ["NO_GROUPS", "PageState"]

NO_GROUPS = "(no groups)"
"""Choice of the one group of all images."""

USUAL_GROUPS = ("condition", "parent")
"""What makes the groups at first: the conditions, or the folders where there is one condition only."""


class PageState(param.Parameterized):  # type: ignore[misc]  # param is untyped
    """Filter, groups and order over one table.

    Parameters
    ----------
    content
        The table.
    """

    where = param.String(default="", doc="The filter as typed; empty shows all images.")
    trouble = param.String(default="", doc="Why the filter as typed cannot be used; the last good one stays.")
    group_by = param.Selector(default=NO_GROUPS, objects=[NO_GROUPS], doc="Column whose values are groups.")
    sort_by = param.Selector(default="path", objects=["path"], doc="Column the images are in order of.")
    descending = param.Boolean(default=False, doc="Whether the largest come first.")
    shown = param.Parameter(doc="The images that pass the filter, in order; a Polars frame.")

    def __init__(self, content: Content, **params: Any) -> None:
        self.content = content
        self._mask: pl.Expr | None = None
        super().__init__(shown=content.images, **params)
        self.param.group_by.objects = [NO_GROUPS, *content.group_columns]
        self.param.sort_by.objects = content.sort_columns
        self.group_by = next((name for name in USUAL_GROUPS if name in content.group_columns), NO_GROUPS)

    @property
    def groups(self) -> Groups:
        """The groups, always of the whole table, so that colours stay when the filter changes."""
        return find_groups(self.content.images, None if self.group_by == NO_GROUPS else self.group_by)

    def clear(self) -> None:
        """Show all images."""
        self.where = ""

    @param.depends("where", watch=True)  # type: ignore[untyped-decorator]
    def _filter(self) -> None:
        try:
            mask = self._parsed()
            shown = self._arranged(mask)
        except SmaltiError as error:
            self.trouble = str(error)
            return
        except pl.exceptions.PolarsError as error:
            self.trouble = f"this filter does not fit the table: {error}"
            return
        self._mask = mask
        self.param.update(shown=shown, trouble="")

    @param.depends("sort_by", "descending", watch=True)  # type: ignore[untyped-decorator]
    def _sort(self) -> None:
        self.shown = self._arranged(self._mask)

    def _parsed(self) -> pl.Expr | None:
        return parse(self.where, self.content.images.schema) if self.where.strip() else None

    def _arranged(self, mask: pl.Expr | None) -> pl.DataFrame:
        images = self.content.images if mask is None else self.content.images.filter(mask)
        if self.sort_by == "path" and not self.descending:
            return images  # the table is kept in this order
        return images.sort(self.sort_by, descending=self.descending, nulls_last=True, maintain_order=True)
