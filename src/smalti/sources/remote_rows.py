"""Files elsewhere that a table names one by one."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from smalti.core.errors import UsageError
from smalti.core.remote import BREADTH, is_http, said, shown
from smalti.sources.facts import Facts
from smalti.sources.remote import listed_at

__all__ = ["facts_of"]

_UNREACHED = ("no connection", "no answer")


def facts_of(uris: Sequence[str]) -> dict[str, tuple[str, int, float]]:
    """URL (with a slash at the end when it is a store), size and time of change of each URL.

    Size and time are 0 where they cannot be told; whoever fetches the file says why. A host that cannot be
    reached is left alone from then on.

    Raises
    ------
    UsageError
        No host can be reached.
    """
    lost: dict[str, str] = {}
    with ThreadPoolExecutor(BREADTH) as pool:
        found = list(pool.map(lambda uri: _facts(uri, lost), uris))
    if all(_host(uri) in lost for uri in uris):
        raise UsageError(f"{shown(uris[0])} cannot be read: {lost[_host(uris[0])]}; nor can the other rows")
    return dict(zip(uris, found, strict=True))


def _facts(uri: str, lost: dict[str, str]) -> tuple[str, int, float]:
    if _host(uri) in lost:
        return uri, 0, 0.0
    try:
        listed = listed_at(uri, [])
        if is_http(uri) and "" not in listed:
            from smalti.sources.web import sizes

            listed = sizes(uri, listed, [])
    except Exception as error:  # whatever it is, the worker meets it again and says so in the file's row
        reason = said(error)
        if reason.startswith(_UNREACHED):
            lost[_host(uri)] = reason
        return uri, 0, 0.0
    parts = listed.values()
    if "" in listed:
        return uri, listed[""].size or 0, listed[""].mtime
    newest = max(parts, key=lambda part: part.mtime, default=Facts()).mtime
    return f"{uri.rstrip('/')}/", sum(part.size or 0 for part in parts), newest


def _host(uri: str) -> str:
    return urlsplit(uri).netloc
