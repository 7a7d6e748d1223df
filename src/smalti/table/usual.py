"""What is chosen when a person looks at a table for the first time."""

from smalti.table.choice import View
from smalti.table.stats import group_columns
from smalti.table.whole import Table

__all__ = ["usual_view"]

GROUPS = ("condition", "parent")
"""What makes the groups: the conditions, or the folders where there is one condition only."""


def usual_view(table: Table) -> View:
    """Everything shown, in groups if the table has the usual ones."""
    worth = group_columns(table.images)
    group = next((name for name in GROUPS if name in worth), None)
    return View(group_by=group, palette=table.palette)
