"""A loader and a metric for smalti."""
