"""Colours of groups, which people with any colour vision tell apart, and of values."""

from collections.abc import Mapping
from functools import cache

from smalti.core.errors import UnknownNameError
from smalti.table.stats import Groups

__all__ = ["GROUP_COLOURS", "REST_COLOUR", "USUAL", "check_palette", "colours_of", "value_colours"]

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


USUAL = "viridis"
"""Colours of values unless others are asked for: legible with any colour vision, even in steps."""

STEPS = 256


def check_palette(name: str) -> None:
    """Raise UnknownNameError, with the nearest that there is, unless Bokeh or colorcet has such a palette."""
    if name != USUAL:  # which needs no import: 0.2 s for both libraries
        value_colours(name)


@cache
def value_colours(name: str) -> tuple[str, ...]:
    """256 colours from low to high values, ``"#rrggbb"``, of a palette of Bokeh or colorcet.

    Raises
    ------
    UnknownNameError
        Neither has one of this name and 256 colours; case does not matter.
    """
    import colorcet
    from bokeh.palettes import all_palettes

    known = {key.lower(): tuple(value) for key, value in colorcet.palette.items() if len(value) == STEPS}
    known |= {key.lower(): tuple(sizes[STEPS]) for key, sizes in all_palettes.items() if STEPS in sizes}
    if name.lower() not in known:
        raise UnknownNameError("palette", name, known)
    return known[name.lower()]
