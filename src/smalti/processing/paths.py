"""Where projects lie, and paths as users write them."""

import os
import re
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import unquote

from smalti.core.errors import UsageError
from smalti.core.remote import is_url, shown

__all__ = ["base_name", "full_base", "full_path", "listed", "project_folder"]

SUFFIX = ".smalti"


def project_folder(name: str, base: str) -> Path:
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
        raise UsageError(f"{shown(text)} is a URL; give a path of this machine")
    return Path(os.path.abspath(Path(text).expanduser()))  # noqa: PTH100 - resolve() would follow links


def full_base(base: str | Path) -> str:
    """What to look at, as an absolute path or a URL; wildcards are kept."""
    text = os.fspath(base)
    return text if is_url(text) else str(full_path(text))


def base_name(base: str) -> str:
    """What a base is called: its folder, file or table without extension; before wildcards, the folder."""
    from smalti.sources.patterns import cut_pattern

    folder, pattern = cut_pattern(base)
    path = PurePath(unquote(shown(folder).partition("?")[0]) if is_url(folder) else folder)
    is_list = pattern is None and path.suffix.lower() in (".csv", ".tsv", ".parquet", ".pq", ".txt")
    return (path.stem if is_list else path.name) or str(path)


def listed(names: Any) -> tuple[Any, ...]:
    """Names as a tuple; one that stands alone is taken as one, not letter by letter."""
    return (names,) if isinstance(names, str | os.PathLike) or callable(names) else tuple(names)
