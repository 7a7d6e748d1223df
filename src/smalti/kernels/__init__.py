"""Loops over arrays, compiled: no files, no tables, no options. `measure.accumulate` is the one door."""
