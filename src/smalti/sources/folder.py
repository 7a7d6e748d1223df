"""A base with its conditions: which images are there, and what else."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from smalti.core.errors import NothingFoundError, UsageError
from smalti.core.image import ImageRef
from smalti.core.remote import is_url, shown
from smalti.sources.conditions import starts
from smalti.sources.found import Found, in_order, nothing
from smalti.sources.names import readable, tidy
from smalti.sources.patterns import cut_pattern
from smalti.sources.walk import Walk, Wanted

__all__ = ["Found", "discover"]


def discover(
    base: Path | str,
    paths: Sequence[str] = (),
    extensions: Sequence[str] = (),
    known: Collection[str] = (),
) -> Found:
    """Find the images below a folder without opening one; 20,000 files take 0.2 s.

    Files are judged by name only. Hidden folders and ``*.smalti`` folders are counted, not entered; a Zarr
    store is one item; a symbolic link is followed once. A name that is not valid UTF-8 has ``%XX`` for its
    odd bytes in ``ImageRef.path``, while ``ImageRef.uri`` keeps them and can be opened.

    Parameters
    ----------
    base
        A folder; one file or store; a pattern such as ``plates/**/*_w1.tif`` (paths are then relative to
        the folder before the first wildcard); a table (CSV, TSV, Parquet) or list (``.txt``) of paths,
        whose paths are relative to its folder; or a URL of any of these.
    paths
        Each is a condition named by the path as given: a sub-folder or file of `base`, or an absolute path
        outside. An image belongs to the first that holds it. Without paths, one condition named as `base`.
    extensions
        Take only these, with or without dot, such as ``"tif"`` or ``".ome.tif"``; `known` is not asked.
    known
        Extensions that some loader reads; a file with another one is clutter, one without any is taken.
        A file that a table or list names is taken whatever its extension.

    Raises
    ------
    NothingFoundError
        There is no such base, or no image in it.
    UsageError
        There is no such path in `base`, a table names no paths, or a URL cannot be reached.
    """
    text = str(base)
    folder, pattern = cut_pattern(text)
    if pattern is None and (table := _table(text)):
        _refuse_paths(paths, text, "a table of paths")
        return table(text, tidy(extensions))
    if pattern is not None:
        _refuse_paths(paths, text, "a pattern")
    wanted = Wanted(tidy(extensions or _stated(text if pattern else "")), tidy(known))
    search = _remote if is_url(text) else _local
    found = search(folder if pattern else text, paths, wanted)
    return found if pattern is None else _matching(found, pattern, shown(text), wanted)


def _table(base: str) -> Callable[[str, Collection[str]], Found] | None:
    """What reads a base that is a table or list of paths; None for any other."""
    from smalti.sources.tabular import TABLES, suffix

    if suffix(base) not in (*TABLES, "txt") or not (is_url(base) or Path(base).expanduser().is_file()):
        return None
    from smalti.sources.tables import listed_images

    return listed_images


def _refuse_paths(paths: Sequence[str], base: str, what: str) -> None:
    if paths:
        raise UsageError(
            f"{shown(base)} is {what}; -p {paths[0]} asks for a part of a folder: give its folder as base"
        )


def _stated(pattern: str) -> tuple[str, ...]:
    """The extension that a pattern ends with, which need not be a known one."""
    match = re.search(r"\.([\w.]+)$", pattern)
    return (match[1],) if match else ()


def _local(base: Path | str, paths: Sequence[str], wanted: Wanted) -> Found:
    places = starts(base, paths)
    walk = Walk(wanted)
    for place in places:
        walk.look_at(place)
    walk.follow_links()
    conditions = [place.condition for place in places]
    if not walk.refs:
        where = ", ".join(conditions) if paths else readable(str(base))
        raise NothingFoundError(nothing(where, walk.clutter, walk.problems, wanted.extensions))
    return in_order(walk.refs, walk.clutter, conditions, walk.problems)


def _remote(base: Path | str, paths: Sequence[str], wanted: Wanted) -> Found:
    from smalti.sources.remote import remote_images

    return remote_images(str(base), paths, wanted)


def _matching(found: Found, pattern: re.Pattern[str], text: str, wanted: Wanted) -> Found:
    """Those whose path fits a pattern; the others are counted."""
    refs: list[ImageRef] = [ref for ref in found.refs if pattern.fullmatch(ref.path)]
    clutter = Counter(found.clutter)
    if others := len(found.refs) - len(refs):
        clutter["beside the pattern"] += others
    if not refs:
        raise NothingFoundError(nothing(readable(text), clutter, found.problems, wanted.extensions))
    return in_order(refs, clutter, found.conditions, found.problems)
