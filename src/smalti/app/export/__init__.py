"""The tab that hands images on: what is made of which images, where, and how far it is."""
