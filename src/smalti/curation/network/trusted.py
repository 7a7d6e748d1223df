"""Which content a name stood for when it was used first, so that another is noticed."""

import json
from datetime import UTC, datetime
from pathlib import Path

import filelock

from smalti.core.errors import UsageError
from smalti.writers.whole import write_whole

__all__ = ["first_hash", "trust"]

FILE_NAME = "trusted.json"


def first_hash(folder: Path, name: str) -> str:
    """The SHA-256 that was recorded for a path or URL; ``""`` for a new one.

    Raises
    ------
    UsageError
        The record cannot be read.
    """
    return _records(folder).get(name, {}).get("sha256", "")


def trust(folder: Path, name: str, sha256: str) -> None:
    """Record what a path or URL stands for from now on, and when that was.

    Parameters
    ----------
    folder
        Of the record, which is made as well.
    name
        A path, or a URL without credentials.
    sha256
        64 hex digits.

    Raises
    ------
    UsageError
        The record cannot be read or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(folder / f"{FILE_NAME}.lock"):
            records = _records(folder)
            if records.get(name, {}).get("sha256") != sha256:
                records[name] = {"sha256": sha256, "when": datetime.now(UTC).isoformat(timespec="seconds")}
                write_whole(str(folder / FILE_NAME), json.dumps(records, indent=1).encode())
    except OSError as error:
        raise UsageError(
            f"what {name} holds cannot be recorded in {folder}: {error.strerror}; give --sha256 {sha256}, "
            "then nothing needs to be"
        ) from error


def _records(folder: Path) -> dict[str, dict[str, str]]:
    path = folder / FILE_NAME
    try:
        found = json.loads(path.read_bytes()) if path.exists() else {}
    except ValueError as error:
        raise UsageError(f"{path} is damaged ({error}); remove it, and give --sha256") from error
    return found if isinstance(found, dict) else {}
