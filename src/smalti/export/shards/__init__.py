"""Training shards: every frame a sample of a WebDataset tar, with all that is known of it, and an index.

Everything is imported on first use: the command line reads the options alone.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from smalti.export.shards.reader import Sample, ShardSet, read_sample

__all__ = ["Sample", "ShardSet", "read_sample"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'smalti.export.shards' has no attribute {name!r}")
    from smalti.export.shards import reader

    return getattr(reader, name)
