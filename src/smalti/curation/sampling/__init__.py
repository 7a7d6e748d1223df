"""Boxes of volumes that are too large to be fetched whole."""
