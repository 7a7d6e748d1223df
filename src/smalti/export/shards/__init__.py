"""Training shards: every frame a sample of a WebDataset tar, with all that is known of it, and an index."""

from smalti.export.shards.reader import Sample, ShardSet, read_sample

__all__ = ["Sample", "ShardSet", "read_sample"]
