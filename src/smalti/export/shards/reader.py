"""Samples read back one by one, each with a single read of its few bytes."""

import io
import json
import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import polars as pl
import yaml

from smalti.core.errors import UnknownNameError, UsageError
from smalti.export.shards.encode import DECODERS
from smalti.export.shards.place import DATASET
from smalti.writers.tar_packing import unpacked
from smalti.writers.target import target_at

__all__ = ["Sample", "ShardSet", "read_sample"]


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One sample.

    Parameters
    ----------
    key
        Its name in the set.
    pixels
        Height and width, and colours where it has them.
    metadata
        Its JSON; see `smalti.export.shards.records`.
    """

    key: str
    pixels: np.ndarray
    metadata: dict[str, Any]


class ShardSet:
    """A folder of shards as a sequence of samples, by number or key; what a map-style data set is.

    Parameters
    ----------
    folder
        Path or URL of the folder that ``smalti shards`` wrote.

    Examples
    --------
    >>> frames = ShardSet("train/")  # doctest: +SKIP
    >>> frames["sample-000003-017"].pixels  # doctest: +SKIP
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._target, self._folder = target_at(os.fspath(folder).rstrip("/") or "/")
        self.name = f"{self._target.name}/{self._folder}"
        told = self._target.read(f"{self._folder}/{DATASET}")
        if told is None:
            raise UsageError(
                f"{self.name} holds no finished shards; make some with: smalti shards SRC --out DIR"
            )
        self.facts: dict[str, Any] = yaml.safe_load(told)
        index = self._target.read(f"{self._folder}/{self.facts['index']}")
        if index is None:
            raise UsageError(f"{self.name}/{self.facts['index']} is gone; the set cannot be read by key")
        self.index = pl.read_parquet(index)
        self._number = {key: number for number, key in enumerate(self.index["key"])}

    def __len__(self) -> int:
        return self.index.height

    def __getitem__(self, which: int | str) -> Sample:
        if isinstance(which, str):
            if which not in self._number:
                raise UnknownNameError("sample", which, self._number)
            which = self._number[which]
        row = self.index.row(which, named=True)
        name = f"{self._folder}/{row['shard']}"
        data = self._target.read_part(name, row["offset"], row["size"])
        return _sample(row["key"], unpacked(row["shard"], data))

    def __iter__(self) -> Iterator[Sample]:
        return (self[number] for number in range(len(self)))


def read_sample(folder: str | os.PathLike[str], which: int | str) -> Sample:
    """One sample of a folder of shards, by number or key; for many, make a `ShardSet`."""
    return ShardSet(folder)[which]


def _sample(key: str, data: bytes) -> Sample:
    """A sample from the part of a tar that holds its members."""
    files: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as tar:
        for member in tar:
            held = tar.extractfile(member)
            assert held is not None
            files[PurePosixPath(member.name).suffix[1:]] = held.read()
    metadata = json.loads(files.pop("json"))
    kind, content = files.popitem()
    return Sample(key, DECODERS[kind](content), metadata)
