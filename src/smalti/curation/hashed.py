"""The hash that names a file's content."""

import hashlib
import re
from pathlib import Path

from smalti.core.errors import UsageError

__all__ = ["read_hash", "sha256_of"]


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, as 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_hash(text: str) -> str:
    """A SHA-256 as people write it, in small letters; ``""`` stays.

    Raises
    ------
    UsageError
        It is not 64 hex digits.
    """
    plain = text.strip().lower().removeprefix("sha256:")
    if plain and not re.fullmatch(r"[0-9a-f]{64}", plain):
        raise UsageError(f"--sha256 is {text[:80]!r}; give the 64 hex digits that sha256sum shows")
    return plain
