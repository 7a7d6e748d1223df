"""A metric along t, z or c."""

from typing import Any

import param

from smalti.app.choices import choice
from smalti.app.figure import Picture
from smalti.app.session import Session
from smalti.app.theme import side_by_side
from smalti.app.views.plotted import Plotted, colours, python
from smalti.plots.profile import arrange, profile
from smalti.table.schema import PLANE_KEYS
from smalti.table.view import Snapshot, ViewState

__all__ = ["DimensionsView"]

DIMENSIONS = {"time": "t", "z": "z", "channel": "c"}


class DimensionsView(Plotted):
    """Means of a metric at each position of a dimension, a line a group."""

    column = param.Selector(doc="Metric of planes.")
    along = param.Selector(default="z", objects=list(DIMENSIONS), doc="Dimension.")

    options = ("column", "along")

    def __init__(self, session: Session, **params: Any) -> None:
        super().__init__(session)
        columns = _metrics(session.state)
        self.param.column.objects = columns
        usual = [name for name in session.content.histograms if name in columns] + columns
        found = _longest(session.state)
        self.param.update(**({"column": usual[0]} if usual else {}) | {"along": found} | params)

    @property
    def controls(self) -> Any:
        """See `Linked`."""
        column = choice(self.param.column, "Metric", searchable=True)
        return side_by_side(column, choice(self.param.along, "Along"), styles={"gap": "12px"})

    def compute(self, snapshot: Snapshot) -> Picture | str:
        """See `Linked`."""
        if self.column is None:
            return "This project has no table of planes."
        found, tints = snapshot.profile(self.column, DIMENSIONS[self.along]), colours(snapshot)
        label = self.label(found.column)
        return Picture(
            arrange(found, tints),
            (found.column, found.dimension, tuple(tints)),
            lambda: profile(found, tints, label=label, legend=False),
        )

    @property
    def code(self) -> str:
        """See `Linked`."""
        wanted = f"{self.column!r}, {DIMENSIONS[self.along]!r}"
        return python(self.session, "profile", f"profile(view.profile({wanted}), colours)")


def _metrics(state: ViewState) -> list[str]:
    """Columns of numbers of the planes."""
    if state.table.planes is None:
        return []
    keys = {column.name for column in PLANE_KEYS}
    schema = state.table.planes.collect_schema()
    return [name for name, dtype in schema.items() if dtype.is_numeric() and name not in keys]


def _longest(state: ViewState) -> str:
    """The dimension with most positions in any image: what there is to look along."""
    images = state.table.images
    sizes = {name: images[f"size_{axis}"].max() or 1 for name, axis in DIMENSIONS.items()}
    return max(sizes, key=lambda name: sizes[name])
