"""The tabs where something is made of images: of which, by what, where, and how far it is."""
