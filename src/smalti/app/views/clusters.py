"""Clusters of near-duplicates: their exemplars as one mosaic, the members of one as another."""

from dataclasses import replace
from typing import Any

from smalti.app.session import Session
from smalti.app.views.mosaic import MosaicView
from smalti.table.filters import Filter
from smalti.table.view import ViewState
from smalti.table.whole import Table

__all__ = ["Clusters", "has_clusters"]

NEEDED = {"cluster", "cluster_size", "is_exemplar", "distance"}
"""Columns that patches have whose near-duplicates were looked for; see `smalti.curation.manifest`."""


def has_clusters(table: Table) -> bool:
    """Whether a table tells of clusters."""
    return table.images.schema.keys() >= NEEDED


class Clusters:
    """Two mosaics: of exemplars, those of the largest clusters first, and of one cluster's members.

    Both show what the filters of the page leave, in orders of their own. A click on an exemplar shows its
    cluster; any image that is clicked opens on the page.

    Parameters
    ----------
    session
        Of the page.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._inner = [Session(session.content, self._state()) for _ in range(2)]
        self.exemplars, self.members = (MosaicView(inner, height=560) for inner in self._inner)
        exemplars, members = self._inner
        exemplars.param.watch(lambda event: self._choose(event.new), "opened")
        members.param.watch(lambda event: session.param.update(opened=event.new), "opened")
        session.state.param.watch(self._follow, "revision")
        self._cluster: int | None = None
        self._follow()

    def _state(self) -> ViewState:
        return ViewState(self._session.content.table, self._session.state.view)

    def _choose(self, row: int | None) -> None:
        if row is None:
            return
        self._cluster = self._session.content.images["cluster"][row]
        self._session.opened = row
        self._show_members()

    def _follow(self, *_: Any) -> None:
        """Show what the page's filters leave; where the cluster shown is gone, the largest of the others."""
        exemplars, view = self._inner[0].state, self._session.state.view
        only = Filter("exemplars of clusters", text="is_exemplar")
        shown = replace(view, filters=(*view.filters, only), selection=(), sort_by="cluster_size")
        exemplars.restore(replace(shown, descending=True))
        left = exemplars.filtered.sort("cluster_size", descending=True)["cluster"]
        if self._cluster not in set(left):
            self._cluster = left[0] if len(left) else None
        self._show_members()

    def _show_members(self) -> None:
        view = self._session.state.view
        only = Filter("of one cluster", text=f"cluster == {-1 if self._cluster is None else self._cluster}")
        shown = replace(view, filters=(*view.filters, only), selection=(), sort_by="distance")
        self._inner[1].state.restore(replace(shown, descending=False))
