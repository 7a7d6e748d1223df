"""A set of patches: a manifest, and pixels in a Zarr store, in files, or still in what they are cut from."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import polars as pl

from smalti.core.errors import SmaltiError, UsageError
from smalti.core.image import ImageRef
from smalti.core.plugin import find
from smalti.curation import manifest
from smalti.curation.grey import Window, grey
from smalti.curation.planes import ORDERS, Picked
from smalti.loaders.choose import read_later

__all__ = ["OTHERS", "STORE", "PatchSet", "folder_of"]

STORE = "patches.zarr"
"""The store of a set's pixels, beside the manifest: an array for each shape."""

OTHERS = "others.zarr"
"""The store of patches that were dropped, made only to look at them."""

LIMIT = 2 << 30
"""Bytes that one read of a source may take."""


def folder_of(path: str | Path) -> Path:
    """The folder of a set, given by itself or by its manifest.

    Raises
    ------
    UsageError
        There is no manifest.
    """
    place = Path(path).expanduser()
    folder = place.parent if place.name == manifest.FILE_NAME else place
    if not (folder / manifest.FILE_NAME).is_file():
        raise UsageError(
            f"{folder} holds no {manifest.FILE_NAME}; make a set of patches with: "
            "smalti curate patch2d SRC -o DST, or patch3d"
        )
    return folder


@dataclass(eq=False)
class PatchSet:
    """Patches in a folder.

    Parameters
    ----------
    folder
        It holds ``patches.parquet``, and ``patches.zarr`` or files unless the set is virtual.

    Examples
    --------
    >>> patches = PatchSet.open("patches/")  # doctest: +SKIP
    >>> patches.frame.filter(pl.col("is_exemplar"))  # doctest: +SKIP
    >>> patches.read(0)  # doctest: +SKIP
    """

    folder: Path
    _arrays: dict[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """The set in a folder; see `folder_of` for errors."""
        return cls(folder_of(path))

    @cached_property
    def frame(self) -> pl.DataFrame:
        """One row a patch, in the order of sources, axes, slices and rows; see `manifest.COLUMNS`."""
        return manifest.read(self.folder / manifest.FILE_NAME)

    def __len__(self) -> int:
        return self.frame.height

    def kept(self) -> pl.DataFrame:
        """Rows that nothing decided to drop."""
        return self.frame.filter(pl.col("decision").fill_null("keep") == "keep")

    def clusters(self) -> pl.DataFrame:
        """The exemplars of clusters, largest first."""
        return self.frame.filter("is_exemplar").sort("cluster_size", descending=True, maintain_order=True)

    def members(self, cluster: int) -> pl.DataFrame:
        """The patches of a cluster, its exemplar first, then by distance."""
        found = self.frame.filter(pl.col("cluster") == cluster)
        return found.sort(pl.col("is_exemplar").not_(), "distance", maintain_order=True)

    def read(self, i: int) -> np.ndarray:
        """Pixels of a row of `frame`: uint8 (height, width), from the store, its file, or its source.

        Raises
        ------
        IndexError
            There is no such row.
        SmaltiError
            The store, file or source cannot be read any more.
        """
        if not -len(self) <= i < len(self):
            raise IndexError(f"patch {i} asked of a set of {len(self)}")
        row = self.frame.row(i, named=True)
        if row["array"] is not None:
            return self._stored(row)
        if row["file"] is not None:
            return self._of_file(row)
        return self._of_source(row)

    def project(self, output: str | Path | None = None, *, every: bool = False, **settings: Any) -> Any:
        """A QC project of the patches, with the manifest's columns beside the metrics.

        Opens the one that is there, made anew where the set has changed since. Sorted by ``cluster``, or
        filtered to one, a mosaic shows an exemplar and its members; ``is_exemplar`` tells which is which.

        Parameters
        ----------
        output
            Folder of the project; None for ``patches.smalti`` in that of the set.
        every
            Whether patches whose pixels are not stored, such as those dropped, are read from their sources
            and stored in ``others.zarr``, so that they are shown too.
        **settings
            As `smalti.process` takes them, such as ``metrics``.
        """
        from smalti.curation.project import project_of

        return project_of(self, output, every, settings)

    def mosaic(self, *, every: bool = False, **options: Any) -> Any:
        """All patches as tiles, a widget for a notebook cell; see `project` for clusters."""
        return find("verb", "mosaic").function(self.project(every=every), **options)

    def label(self, **options: Any) -> Any:
        """Patches to give flags to by keyboard, a widget for a cell; see `smalti.app.verbs.label`."""
        return find("verb", "label").function(self, **options)

    def __repr__(self) -> str:
        kept = self.kept().height
        return f"PatchSet({str(self.folder)!r}): {len(self):,} patches, {kept:,} kept"

    def _stored(self, row: dict[str, Any]) -> np.ndarray:
        import zarr

        name = row["array"]
        if name not in self._arrays:
            try:
                self._arrays[name] = zarr.open_array(self.folder / STORE / name, mode="r")
            except (OSError, ValueError) as error:
                raise SmaltiError(f"{self.folder / STORE / name} cannot be read: {error}") from error
        return np.asarray(self._arrays[name][row["row"], 0])

    def _of_file(self, row: dict[str, Any]) -> np.ndarray:
        path = self.folder / row["file"]
        return read_later(ImageRef(str(path), row["file"]), LIMIT).read()

    def _of_source(self, row: dict[str, Any]) -> np.ndarray:
        """Cut from its source anew; what is padded is padded as it was."""
        from smalti.curation.hashes import pixel_hash

        ref = ImageRef(row["source_uri"], row["source_path"], series=row["series"])
        image = read_later(ref, LIMIT)
        along = row["slice"] or 0
        box = [slice(along, along + 1), slice(row["y0"], row["y1"]), slice(row["x0"], row["x1"])]
        order = ORDERS[row["axis"] or 0]
        z, y, x = (box[order.index(axis)] for axis in range(3))
        of_time = row["axis"] == 0 and image.sizes["Z"] == 1 and image.sizes["T"] > 1
        one = Picked(image, "T" if of_time else "Z", row["channel"])
        made = grey(one.read(z, y, x, row["time"]), Window(row["low"], row["high"])).transpose(order)[0]
        missing = [(0, row["height"] - made.shape[0]), (0, row["width"] - made.shape[1])]
        patch = np.pad(made, missing, mode="symmetric")
        if row["pixel_hash"] not in (None, pixel_hash(patch)):
            raise SmaltiError(
                f"{row['source_path']} has other pixels now than when the set was made; let the same command "
                "make the set again"
            )
        return patch
