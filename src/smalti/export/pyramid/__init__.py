"""OME-Zarr pyramids: images at several resolutions, as one pass over them makes them."""
