"""Colours that people with any colour vision tell apart, kept by each value for good."""

from collections.abc import Mapping

from smalti.table.stats import Groups

__all__ = ["GROUP_COLOURS", "REST_COLOUR", "colours_of"]

GROUP_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#F0E442")
"""Okabe & Ito (2008), without black; those that differ most come first, yellow, pale on white, last."""

REST_COLOUR = "#8C8C8C"
"""For the group of all further values."""


def colours_of(groups: Groups) -> Mapping[str, str]:
    """Colour of each group by name.

    Ask with the groups of the whole table: a filter then never gives a value another colour.
    """
    own = dict(zip(groups.values, GROUP_COLOURS, strict=False))
    return {name: own.get(name, REST_COLOUR) for name in groups.names}
