"""Folders of a web server, as its index pages list them."""

import asyncio
import json
from collections.abc import Coroutine, Iterable, Mapping
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser
from typing import Any, TypeVar
from urllib.parse import urldefrag, urljoin

from smalti.core.errors import UsageError
from smalti.core.remote import BREADTH, below, filesystem, said, shown, unquoted
from smalti.sources.facts import Facts
from smalti.sources.stores import MARKS
from smalti.sources.walk import is_left_out

__all__ = ["sizes", "walk_pages"]

DEEPEST = 32
"""Folders below each other; a server that makes its pages up may go on for ever."""
MOST_PAGES = 20_000
PAGE_BYTES = 32 << 20
MOST_SIZES = 100_000
"""Files whose size is asked; beyond, it is not known before they are fetched."""

T = TypeVar("T")


def walk_pages(url: str, problems: list[str]) -> dict[str, Facts]:
    """Every file below a URL by its path relative to it, without its size.

    Only links to what lies directly in a page's own folder are followed; hidden folders and projects of ours
    are named, not entered. The URL of a file gives ``""``; a Zarr store without pages its metadata file.

    Parameters
    ----------
    url
        Of a folder with an index page, a file, or a store.
    problems
        Gets a sentence on each folder that could not be entered.

    Raises
    ------
    Exception
        What the HTTP library says when the URL itself cannot be read.
    """
    return _run(url, _walk(filesystem(url), url, problems))


def sizes(url: str, paths: Iterable[str], problems: list[str]) -> dict[str, Facts]:
    """Size and time of change of files below a URL, as far as the server tells them."""
    asked = list(paths)
    if len(asked) > MOST_SIZES:
        problems.append(
            f"sizes of {len(asked) - MOST_SIZES:,} files were not asked of the server, and count as 0"
        )
    return _run(url, _sizes(filesystem(url), url, asked[:MOST_SIZES]))


def _run(url: str, work: Coroutine[Any, Any, T]) -> T:
    from fsspec.asyn import sync

    async def run() -> T:
        return await work

    result: T = sync(filesystem(url).loop, run)
    return result


async def _walk(files: Any, url: str, problems: list[str]) -> dict[str, Facts]:
    session = await files.set_session()
    try:
        page = await _page(session, url)
    except Exception as error:
        answered = getattr(error, "status", None) is not None
        if answered and (store := await _store(session, url, problems)):
            return store
        raise
    if page is None:
        return {"": await _head_or_nothing(session, url)}
    found: dict[str, Facts] = {}
    todo = _split(page, "", found)
    pages = 1
    limit = asyncio.Semaphore(BREADTH)
    while todo:
        pages += len(todo)
        if pages > MOST_PAGES:
            raise UsageError(f"{shown(url)} has more than {MOST_PAGES:,} folders; give a part of it")
        results = await asyncio.gather(*(_entered(session, url, name, limit) for name in todo))
        entered, todo = todo, []
        for name, result in zip(entered, results, strict=True):
            if isinstance(result, str):
                problems.append(f"{name}: folder that cannot be entered ({result})")
            elif name.count("/") + 2 > DEEPEST:
                problems.append(f"{name}: folders below it were not entered; {DEEPEST} levels are the most")
            else:
                todo += _split(result, f"{name}/", found)
    return found


def _split(names: Iterable[str], prefix: str, found: dict[str, Facts]) -> list[str]:
    """Take the files of a page, and return its folders that are entered."""
    folders = []
    for name in names:
        if not name.endswith("/"):
            found[prefix + name] = Facts()
        elif is_left_out(name[:-1]):
            found[f"{prefix}{name}…"] = Facts()  # whatever is in it, so that it is counted
        else:
            folders.append(prefix + name[:-1])
    return folders


async def _entered(session: Any, url: str, name: str, limit: asyncio.Semaphore) -> list[str] | str:
    """Names in a folder, or why it cannot be entered."""
    async with limit:
        try:
            names = await _page(session, below(url, name) + "/")
        except Exception as error:  # whatever it is, it costs this folder only
            return said(error)
    return "it is not a page" if names is None else names


async def _page(session: Any, url: str) -> list[str] | None:
    """Names that an index page links to in its own folder, folders with a slash; None for a file."""
    async with session.get(url) as answer:
        answer.raise_for_status()
        if answer.content_type not in ("text/html", "application/xhtml+xml"):
            return None
        data = await answer.content.read(PAGE_BYTES)
        while len(data) < PAGE_BYTES and (more := await answer.content.read(PAGE_BYTES - len(data))):
            data += more
        return _names(data.decode(answer.charset or "utf-8", "replace"), str(answer.url))


def _names(page: str, url: str) -> list[str]:
    parser = _Links()
    parser.feed(page)
    home = url.partition("?")[0]
    home = home if home.endswith("/") else f"{home}/"
    names: dict[str, None] = {}
    for link in parser.links:
        try:
            target = urldefrag(urljoin(url, link))[0]
        except ValueError:
            continue  # no address at all
        inside = target.removeprefix(home)
        if target == inside or not inside.strip("/") or "?" in inside or "/" in inside[:-1]:
            continue  # elsewhere, above, or another order of the same page
        name = unquoted(inside.rstrip("/"))
        if "/" not in name and name not in (".", ".."):
            names[name + "/" * inside.endswith("/")] = None
    return list(names)


class _Links(HTMLParser):
    """Keeps where the links of a page lead."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an ``<a href>``."""
        if tag == "a":
            self.links += [value for name, value in attrs if name == "href" and value]


async def _store(session: Any, url: str, problems: list[str]) -> dict[str, Facts]:
    """The metadata file that shows a Zarr store where nothing is listed; nothing when there is none."""
    for mark in sorted(MARKS, reverse=True):
        try:
            async with session.get(below(url, mark)) as answer:
                if answer.status == 200 and isinstance(
                    json.loads(await answer.content.read(PAGE_BYTES)), dict
                ):
                    problems.append(
                        f"{shown(url)}: a store on a server that lists no folders; its size is not known"
                    )
                    return {mark: Facts(0, _changed(answer.headers))}
        except Exception:  # noqa: S112 - the next may be there; what is wrong with the URL itself is known
            continue
    return {}


async def _sizes(files: Any, url: str, paths: list[str]) -> dict[str, Facts]:
    session = await files.set_session()
    limit = asyncio.Semaphore(BREADTH)

    async def one(path: str) -> Facts:
        async with limit:
            return await _head_or_nothing(session, below(url, path))

    return dict(zip(paths, await asyncio.gather(*map(one, paths)), strict=True))


async def _head_or_nothing(session: Any, url: str) -> Facts:
    """Size and time of change; neither where the server does not tell: the worker says what is wrong."""
    try:
        async with session.head(url, allow_redirects=True) as answer:
            answer.raise_for_status()
            length = answer.headers.get("Content-Length", "")
            return Facts(int(length) if length.isdecimal() else None, _changed(answer.headers))
    except Exception:  # whatever it is, it is met again when the file is fetched
        return Facts()


def _changed(headers: Mapping[str, str]) -> float:
    try:
        return parsedate_to_datetime(headers["Last-Modified"]).timestamp()
    except (KeyError, ValueError, TypeError):
        return 0.0
