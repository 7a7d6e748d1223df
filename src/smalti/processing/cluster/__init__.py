"""A run on the workers of a dask scheduler, or on the jobs of a queueing system."""
