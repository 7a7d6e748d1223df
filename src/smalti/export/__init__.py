"""Images handed on: what is chosen becomes a Zarr collection, and whatever exporters are installed."""
