"""Colours of groups, for plots; they stand beside the table because widgets ask for the same."""

from smalti.table.palette import GROUP_COLOURS, REST_COLOUR, colours_of

__all__ = ["GROUP_COLOURS", "REST_COLOUR", "colours_of"]
