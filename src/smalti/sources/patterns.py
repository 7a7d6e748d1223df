"""Bases with wildcards: ``plates/**/*_w1.tif``."""

import re
from pathlib import Path

from smalti.core.errors import UsageError
from smalti.core.remote import is_url

__all__ = ["cut_pattern"]

_MAGIC = re.compile(r"[*?\[]")


def cut_pattern(base: str) -> tuple[str, re.Pattern[str] | None]:
    """The folder before the first wildcard, and what paths below it must match; None without wildcards.

    ``*`` and ``?`` stand for letters of one name, ``**`` for any number of folders, ``[ab]`` for one letter.
    A ``?`` of a URL begins its query. A file or folder that really has such a name is no pattern.

    Raises
    ------
    UsageError
        ``**`` is not alone between slashes.
    """
    magic = re.compile(r"[*\[]") if is_url(base) else _MAGIC
    if not magic.search(base) or (not is_url(base) and Path(base).expanduser().exists()):
        return base, None
    parts = base.split("/") if is_url(base) else Path(base).as_posix().split("/")
    at = next(number for number, part in enumerate(parts) if magic.search(part))
    rest = "/".join(parts[at:])
    from fsspec.utils import glob_translate

    try:
        return "/".join(parts[:at]) or ("/" if base.startswith("/") else "."), re.compile(
            glob_translate(rest)
        )
    except (ValueError, re.error) as error:
        raise UsageError(
            f"pattern {rest!r} cannot be read: {error}; write ** alone between slashes"
        ) from error
