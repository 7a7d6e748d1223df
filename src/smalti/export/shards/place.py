"""Where a set of shards lies, and what its files are called."""

import re
from dataclasses import dataclass

from smalti.export.shards.options import ShardOptions
from smalti.writers.target import LocalTarget, RemoteTarget, target_at

__all__ = ["DATASET", "Place", "place_of"]

DATASET = "dataset.yaml"
"""What says that all of a set is there."""


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of shards.

    Parameters
    ----------
    target, folder
        Where it is, and its name there.
    stem
        What the names of its files begin with.
    """

    target: LocalTarget | RemoteTarget
    folder: str
    stem: str

    @property
    def name(self) -> str:
        """The folder as people may read it."""
        return f"{self.target.name}/{self.folder}"

    def at(self, name: str) -> str:
        """A file of it, in the target."""
        return f"{self.folder}/{name}"

    @property
    def run(self) -> str:
        """Where a run keeps what it needs to go on."""
        return self.at(f".{self.stem}.run")

    @property
    def index(self) -> str:
        """Name of the index."""
        return f"{self.stem}.index.parquet"

    def part(self, number: int) -> str:
        """Where the rows of a shard are kept during a run."""
        return f"{self.run}/{number:06d}.parquet"

    def shards(self) -> dict[str, int]:
        """Number of each tar file of this stem, by its name in the target; other files are none of ours."""
        own = re.compile(re.escape(self.at(self.stem)) + r"-(\d{6,})\.tar(?:\.gz)?")
        found = map(own.fullmatch, self.target.files(self.folder))
        return {match[0]: int(match[1]) for match in found if match}

    def taken(self) -> list[str]:
        """Files that a set of this stem has, in the target."""
        index = [self.at(self.index)] if self.target.read(self.at(self.index)) is not None else []
        return [*self.shards(), *index]


def place_of(out: str, options: ShardOptions) -> Place:
    """The folder, and the stem, which is its name where no other is given."""
    target, folder = target_at(out)
    return Place(target, folder, options.stem or folder.lstrip(".") or "shards")
