"""A store of images opened to be looked at: one of ours, or one that images_to_zarr wrote."""

import io
from dataclasses import dataclass
from typing import Any

import polars as pl

from smalti.core.errors import UsageError
from smalti.core.remote import said, shown, storage_options
from smalti.export.collection import State, read_table, table_beside
from smalti.export.convert import store_path
from smalti.writers.target import LOCK, SCRATCH, LocalTarget, RemoteTarget, target_at

__all__ = ["Opened", "opened"]


@dataclass(frozen=True, slots=True)
class Opened:
    """A store that can be read.

    Parameters
    ----------
    target, name
        The folder it is in, and its name there.
    attributes
        Of its root.
    arrays
        Arrays of zarr-python by path in the store, images along the first axis.
    table
        A row an image; of a store that smalti did not write, as far as there is one.
    state
        What smalti wrote into its root; None for a store of others.
    """

    target: LocalTarget | RemoteTarget
    name: str
    attributes: dict[str, Any]
    arrays: dict[str, Any]
    table: pl.DataFrame
    state: State | None

    @property
    def path(self) -> str:
        """The store as people may read it."""
        return f"{self.target.name}/{self.name}"

    @property
    def files(self) -> dict[str, int]:
        """Its files with their sizes; unfinished ones and the lock do not count."""
        found = self.target.files(self.name)
        return {name: size for name, size in found.items() if name.split("/")[1] not in (LOCK, SCRATCH)}


def opened(store: str, with_table: bool = True) -> Opened:
    """Open a store, or the ``images.zarr`` in a folder; without its table, one whose parts are damaged.

    Raises
    ------
    UsageError
        There is no store, or none of images.
    """
    where = _store_at(store)
    target, name = target_at(where)
    try:
        root = _root(where, target, name)
        attributes = dict(root.attrs)
        state = State.read(target, name) if "smalti" in attributes else None
        arrays = {path: node for path, node in root.members(max_depth=None) if _holds_images(path, node)}
        if not arrays and state is None:
            raise UsageError(f"{shown(where)} has no array 'images'; give a store that smalti convert wrote")
        table = pl.DataFrame()
        if with_table:
            table = read_table(target, name, state) if state else _foreign_table(target, name, attributes)
    except BaseException:
        target.close()
        raise
    return Opened(target, name, attributes, arrays, table, state)


def _root(where: str, target: LocalTarget | RemoteTarget, name: str) -> Any:
    import zarr

    if isinstance(target, LocalTarget) and not (target.folder / name).exists():
        raise UsageError(f"{where} cannot be opened as a Zarr group: there is no such folder")
    try:
        if isinstance(target, LocalTarget):
            return zarr.open_group(str(target.folder / name), mode="r")
        return zarr.open_group(where.rstrip("/"), mode="r", storage_options=storage_options(where))
    except Exception as error:  # whatever zarr-python or a cloud's library says
        raise UsageError(f"{shown(where)} cannot be opened as a Zarr group: {said(error)}") from error


def _store_at(given: str) -> str:
    """A store, or the ``images.zarr`` in a folder."""
    if given.rstrip("/").endswith(".zarr"):
        return given
    target, name = target_at(given)
    try:
        return given if target.read(f"{name}/zarr.json") is not None else store_path(given)
    finally:
        target.close()


def _holds_images(path: str, node: Any) -> bool:
    return (
        hasattr(node, "shape") and (path == "images" or path.startswith("images/")) and len(node.shape) >= 3
    )


def _foreign_table(target: LocalTarget | RemoteTarget, name: str, attributes: dict[str, Any]) -> pl.DataFrame:
    """The table beside a store of images_to_zarr; empty where there is none."""
    for candidate in (str(attributes.get("metadata_file", "")).rpartition("/")[2], table_beside(name)):
        data = target.read(candidate) if candidate else None
        if data is not None:
            return pl.read_parquet(io.BytesIO(data))
    return pl.DataFrame()
