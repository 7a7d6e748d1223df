"""Where projects lie, and paths as users write them."""

import os
import re
from pathlib import Path
from typing import Any

from smalti.core.errors import UsageError

__all__ = ["full_path", "listed", "project_folder"]

SUFFIX = ".smalti"


def project_folder(name: str, base: Path) -> Path:
    """Where a project without an output lives: in the user's cache, the same for the same base."""
    import xxhash
    from platformdirs import user_cache_path

    digest = xxhash.xxh3_64_hexdigest(os.fsencode(base))[:8]
    plain = re.sub(r"[^\w.-]+", "-", name).strip(".-") or "project"
    return user_cache_path("smalti") / "projects" / f"{plain}-{digest}{SUFFIX}"


def full_path(path: str | Path) -> Path:
    """An absolute path without ``..`` or ``~``; links are kept as they are."""
    text = os.fspath(path)
    if not text:
        raise UsageError("the path is empty; give a folder, or . for the present one")
    if "://" in text:
        raise UsageError(f"{text} is a URL; only folders and files of this machine can be read")
    return Path(os.path.abspath(Path(text).expanduser()))  # noqa: PTH100 - resolve() would follow links


def listed(names: Any) -> tuple[Any, ...]:
    """Names as a tuple; one that stands alone is taken as one, not letter by letter."""
    return (names,) if isinstance(names, str | os.PathLike) or callable(names) else tuple(names)
