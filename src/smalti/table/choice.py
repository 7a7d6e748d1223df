"""Everything a person has chosen while looking at a table, in one frozen record."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from smalti.table.filters import Filter
from smalti.table.joins import Join
from smalti.table.palette import USUAL
from smalti.table.picks import Pick

__all__ = ["DIMENSIONS", "UNITS", "Unit", "View"]

Unit = Literal["image", "plane", "file"]

UNITS: tuple[Unit, ...] = ("image", "plane", "file")
"""What rows are counted as."""

DIMENSIONS = ("t", "z", "c")


@dataclass(frozen=True)
class View:
    """What is shown of a table, and how.

    Parameters
    ----------
    filters
        In the order they were added; rows pass all that are enabled.
    selection
        Picks in order, each acting on what those before it selected.
    group_by
        Column whose values make groups, or a folder of the path, ``path[1]``; None for one group.
    color_by
        Column that colours points; None for the group.
    sort_by, descending
        Order of rows; ``"path"`` is the order of the table.
    dims
        Position looked at along ``t``, ``z``, ``c``.
    palette
        Colours of values: a palette of Bokeh or colorcet; see `smalti.table.palette`.
    unit
        What rows are counted as.
    templates
        Patterns over file names whose fields are columns; see `smalti.table.names`.
    joins
        Files whose columns stand beside those of the images.
    """

    filters: tuple[Filter, ...] = ()
    selection: tuple[Pick, ...] = ()
    group_by: str | None = None
    color_by: str | None = None
    sort_by: str = "path"
    descending: bool = False
    dims: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    palette: str = USUAL
    unit: Unit = "image"
    templates: tuple[str, ...] = ()
    joins: tuple[Join, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "dims", MappingProxyType(dict(self.dims)))
