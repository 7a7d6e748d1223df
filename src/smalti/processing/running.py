"""How a run goes about its work: where, on what, in which pieces. None of it changes a number."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

from smalti.core.errors import UnknownNameError, UsageError
from smalti.processing.paths import full_path, listed

__all__ = ["Running"]


@dataclass(frozen=True, slots=True)
class Running:
    """What one run is told beside its settings; not kept with the project.

    Parameters
    ----------
    client
        A `distributed.Client`, or the address of a dask scheduler, whose workers measure; None for
        processes of this machine.
    cluster
        A queueing system that starts dask workers, such as ``"slurm"``; see `smalti.processing.cluster.jobs`.
    cluster_options
        What each of its jobs gets, as ``"KEY=VALUE"``.
    parts_dir
        Folder for the parts of the table while it grows; None for one inside the project folder.
    flush_every
        Images after which a part is written; None for every two seconds.
    batch_size
        Files handed to a worker at once; None for batches of about equal cost.
    log_file
        Gets a line for each thing that happens; one that is there is added to.
    """

    client: Any = None
    cluster: str | None = None
    cluster_options: tuple[str, ...] = ()
    parts_dir: Path | None = None
    flush_every: int | None = None
    batch_size: int | None = None
    log_file: Path | None = None

    def __post_init__(self) -> None:
        for name in ("flush_every", "batch_size"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, int) or value < 1):
                raise UsageError(f"{name} is {value!r}; give a whole number from 1")
        if self.client is not None and self.cluster is not None:
            raise UsageError("a scheduler and a cluster are given; give one, a cluster has its own scheduler")
        if self.cluster_options and self.cluster is None:
            raise UsageError("options of a cluster are given, but no cluster; name one, such as slurm")

    @property
    def is_distributed(self) -> bool:
        """Whether other processes than this one's own measure."""
        return self.client is not None or self.cluster is not None

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Self:
        """From keywords; paths may be text, None is the default.

        Raises
        ------
        UnknownNameError
            There is no such option.
        UsageError
            A value is none that the option can have.
        """
        known = cls.names()
        for name in options:
            if name not in known:
                raise UnknownNameError("option", name, known)
        given = {name: _read(name, value) for name, value in options.items() if value is not None}
        return cls(**given)

    @classmethod
    def names(cls) -> frozenset[str]:
        """Names of all options."""
        return frozenset(field.name for field in fields(cls))


def _read(name: str, value: Any) -> Any:
    if name in ("parts_dir", "log_file"):
        return full_path(value)
    return listed(value) if name == "cluster_options" else value
