"""Pure functions from aggregates of the table to HoloViews objects: no file, no page."""
