"""What of this machine may be used: cores and memory."""

import os
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path, PurePosixPath

__all__ = ["cgroup_memory", "machine_memory", "usable_cores"]

CGROUPS = Path("/sys/fs/cgroup")
OWN_CGROUPS = Path("/proc/self/cgroup")


def usable_cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def machine_memory() -> int:
    """Bytes of memory this process may use: the machine's, or less in a container or cluster job.

    8 GiB where the system does not say.
    """
    try:
        physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        physical = 8 * 2**30
    return min(physical, cgroup_memory() or physical)


def cgroup_memory(mount: Path = CGROUPS, own: Path = OWN_CGROUPS) -> int | None:
    """The smallest memory limit of this process's control groups and those they lie in; None for none.

    Files as in the kernel's ``cgroup-v1/memory.rst`` and ``cgroup-v2.rst``; a container sees its own
    group at the mount point, a cluster job (Slurm, systemd) its group some folders below.
    """
    limits = []
    for file in _limit_files(mount, own):
        with suppress(OSError, ValueError):  # absent, or "max": no limit here
            limits.append(int(file.read_text(encoding="ascii")))
    return min(limits, default=None)


def _limit_files(mount: Path, own: Path) -> Iterator[Path]:
    """Both versions' files from this process's groups up to the mount point."""
    lines = []
    with suppress(OSError):
        lines = own.read_text(encoding="utf-8").splitlines()
    groups = [line.split(":", 2) for line in lines if line.count(":") >= 2]
    second = [group for number, _, group in groups if number == "0"]
    first = [group for _, controllers, group in groups if "memory" in controllers.split(",")]
    for base, file, paths in (
        (mount, "memory.max", second),
        (mount / "memory", "memory.limit_in_bytes", first),
    ):
        for path in {"", *paths}:
            below = PurePosixPath(path.lstrip("/"))
            yield from (base / folder / file for folder in (below, *below.parents))
