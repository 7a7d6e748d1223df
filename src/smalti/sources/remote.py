"""What lies below a URL: the same images, conditions and clutter as below a folder of this machine."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from smalti.core.errors import NothingFoundError, SmaltiError, UsageError
from smalti.core.image import ImageRef
from smalti.core.remote import below, contact, filesystem, is_http, path_in, said, shown, unquoted
from smalti.sources.facts import Facts
from smalti.sources.found import Found, in_order, nothing
from smalti.sources.names import readable
from smalti.sources.stores import MARKS
from smalti.sources.walk import Wanted, is_left_out

__all__ = ["listed_at", "remote_images"]


@dataclass(slots=True)
class _Sorted:
    """Files and stores by their path below where the search began; everything else counted."""

    files: dict[str, Facts] = field(default_factory=dict)
    stores: dict[str, list[str]] = field(default_factory=dict)
    clutter: Counter[str] = field(default_factory=Counter)


def remote_images(base: str, paths: Sequence[str], wanted: Wanted) -> Found:
    """The images below a URL; see `smalti.sources.folder.discover`.

    A store's size is the sum of its members; on a web server without pages that list them it is unknown (0).

    Raises
    ------
    UsageError
        The URL, or one of `paths` below it, cannot be listed: no such host, bucket or folder, or no access.
    NothingFoundError
        There is no image.
    """
    refs: dict[str, ImageRef] = {}
    clutter: Counter[str] = Counter()
    conditions: list[str] = []
    problems: list[str] = []
    for path in [path.strip("/") for path in paths] or [""]:
        if ".." in path.split("/"):
            raise UsageError(f"-p {path}: give a path below {shown(base)}")
        url = below(base, path) + ("/" if base.endswith("/") and not path else "")
        conditions.append(path or _last(base))
        found = _look(url, path, conditions[-1], wanted, problems)
        clutter += found.clutter
        for ref in found.refs:
            refs.setdefault(ref.uri, ref)
    if not refs:
        where = ", ".join(conditions) if paths else shown(base)
        raise NothingFoundError(nothing(readable(where), clutter, problems, wanted.extensions))
    return in_order(refs.values(), clutter, conditions, problems)


@dataclass(frozen=True, slots=True)
class _Seen:
    refs: list[ImageRef]
    clutter: Counter[str]


def _look(url: str, path: str, condition: str, wanted: Wanted, problems: list[str]) -> _Seen:
    """References below one URL, which may itself be a file or store."""
    try:
        listed = listed_at(url, problems)
    except SmaltiError:
        raise
    except Exception as error:  # the libraries of clouds have errors of their own
        raise UsageError(f"{shown(url)} cannot be read: {said(error)}") from error
    if not listed:
        return _Seen([], Counter())
    found = _sort(listed, wanted, _last(url))
    _ask_sizes(url, listed, found, problems)
    refs = []
    for name, facts in found.files.items():
        here = _join(path, name) or _last(url)
        refs.append(ImageRef(below(url, name), readable(here), facts.size or 0, facts.mtime, condition))
    for name, members in found.stores.items():
        here = _join(path, name) or _last(url)
        parts = [listed[member] for member in members]
        size, newest = sum(part.size or 0 for part in parts), max(part.mtime for part in parts)
        refs.append(ImageRef(below(url, name) + "/", readable(here), size, newest, condition))
    return _Seen(refs, found.clutter)


def listed_at(url: str, problems: list[str]) -> dict[str, Facts]:
    """Every file below a URL by its path relative to it; ``""`` when the URL is a file itself."""
    if is_http(url):
        from smalti.sources.web import walk_pages

        return walk_pages(url, problems)
    files = filesystem(url)
    root = path_in(files, url).rstrip("/")
    contact(files, root)
    found = files.find(root, detail=True)
    prefix = f"{root}/"
    return {
        name.removeprefix(prefix) if name != root else "": Facts(facts.get("size"), _changed(facts))
        for name, facts in found.items()
        if facts.get("type") != "directory" and not name.endswith("/")
    }


def _changed(facts: Mapping[str, Any]) -> float:
    """When a file changed, by whatever name its filesystem gives it."""
    for name in ("LastModified", "mtime", "updated", "last_modified", "modified"):
        value = facts.get(name)
        if isinstance(value, str):
            try:
                value = datetime.fromisoformat(value)
            except ValueError:
                continue
        if isinstance(value, datetime):
            return value.timestamp()
        if isinstance(value, int | float):
            return float(value)
    return 0.0


def _sort(listed: Mapping[str, Facts], wanted: Wanted, name: str) -> _Sorted:
    """Files, stores and clutter, told apart as on this machine: by names alone."""
    found = _Sorted()
    marked = {path.rpartition("/")[0] for path in listed if path.rpartition("/")[2] in MARKS and "/" in path}
    if any(path in MARKS for path in listed) or (name.lower().endswith(".zarr") and "" not in listed):
        marked.add("")
    left_out: set[str] = set()
    others: set[str] = set()
    for path, facts in listed.items():
        owner = _owner(path, marked, found.clutter, left_out)
        if owner is None:
            continue
        if owner == path:
            counted_as = wanted.counted_as(path.rpartition("/")[2] or name)
            if counted_as:
                found.clutter[counted_as] += 1
            else:
                found.files[path] = facts
        elif wanted.takes_store(owner.rpartition("/")[2] or name):
            found.stores.setdefault(owner, []).append(path)
        else:
            others.add(owner)
    if others:
        found.clutter["*.zarr"] += len(others)
    return found


def _owner(path: str, marked: set[str], clutter: Counter[str], left_out: set[str]) -> str | None:
    """The store that a file is in, the file itself, or None in a folder that is left out."""
    if "" in marked and path:
        return ""
    for folder in _folders(path):
        last = folder.rpartition("/")[2]
        counted_as = is_left_out(last)
        if counted_as:
            if folder not in left_out:
                left_out.add(folder)
                clutter[counted_as] += 1
            return None
        if folder in marked or last.lower().endswith(".zarr"):
            return folder
    return path


def _folders(path: str) -> Iterator[str]:
    """The folders a path goes through, outermost first."""
    at = path.find("/")
    while at >= 0:
        yield path[:at]
        at = path.find("/", at + 1)


def _ask_sizes(url: str, listed: dict[str, Facts], found: _Sorted, problems: list[str]) -> None:
    """Ask a web server for the sizes that its pages do not tell."""
    if not is_http(url):
        return
    from smalti.sources.web import sizes

    asked = [*found.files, *(member for members in found.stores.values() for member in members)]
    unknown = [path for path in asked if listed[path].size is None]
    listed.update(sizes(url, unknown, problems))
    for path in found.files:
        found.files[path] = listed[path]


def _last(url: str) -> str:
    """What a URL's file or folder is called."""
    last = shown(url).partition("?")[0].rstrip("/").rpartition("/")[2]
    return unquoted(last) if is_http(url) else last


def _join(path: str, name: str) -> str:
    return "/".join(filter(None, (path, name)))
