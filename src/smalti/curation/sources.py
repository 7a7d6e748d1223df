"""What a step is given, as files in order: folders, patterns, URLs, tables of paths, and QC projects."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import polars as pl

from smalti.core.errors import NothingFoundError, UsageError
from smalti.core.image import Image, ImageRef
from smalti.core.remote import is_url, shown
from smalti.loaders.choose import known_extensions, open_images
from smalti.processing.project import Project
from smalti.processing.project import open as open_project
from smalti.processing.sharing.opening import is_project
from smalti.sources.folder import discover
from smalti.sources.names import endings

__all__ = ["LIMIT", "Source", "images_of", "sources_of"]

LIMIT = 1 << 30
"""Bytes that one read may take."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file or store to work on.

    Parameters
    ----------
    ref
        Where it is.
    name
        What it is called in names: its file name without the ending, or with it where another has the same.
    dataset
        What near-duplicates are looked for in: its path, shortened likewise, or its group.
    group
        Its folder, relative to what was given, or the name of what was given.
    single
        Whether only the one series that `ref` names is meant.
    """

    ref: ImageRef
    name: str
    dataset: str
    group: str
    single: bool = False

    @property
    def key(self) -> tuple[str, int, float]:
        """What changes when the file does."""
        return self.ref.image_id, self.ref.size_bytes, self.ref.mtime


def sources_of(
    given: Sequence[str], out: str = "", *, by_group: bool = False
) -> tuple[list[Source], tuple[str, ...]]:
    """All files in order of their paths, sub-folders included, and sentences on what was found on the way.

    Of several folders paths begin with the name of each, files have theirs. What lies in `out` is
    left out. Datasets are files, or folders `by_group`.

    Raises
    ------
    NothingFoundError
        There is no image.
    UsageError
        Something cannot be read, or two files have one path.
    """
    if not given:
        raise UsageError("nothing is given; name images, volumes, folders, patterns or URLs")
    refs: dict[tuple[str, int], tuple[ImageRef, bool]] = {}
    problems: list[str] = []
    for one in given:
        found, single, told = _found(one)
        problems += told
        alone = len(found) == 1 and found[0].path == _name(one)
        prefix = f"{_name(one)}/" if len(given) > 1 and not alone else ""
        for ref in found:
            path = f"{prefix}{ref.path}"
            key = path, ref.series if single else -1
            if key in refs and refs[key][0].uri != ref.uri:
                raise UsageError(
                    f"two files would be {path}: {shown(refs[key][0].uri)} and {shown(ref.uri)}; "
                    "give the folder above both"
                )
            refs[key] = replace(ref, path=path), single
    inside = _inside(out)
    kept = [refs[key] for key in sorted(refs) if not inside or not f"{refs[key][0].uri}/".startswith(inside)]
    if not kept:
        raise NothingFoundError(f"there is no image but what lies in {out} itself; give another -o")
    top = _top(given[0])
    stems = Counter(_stem(ref.path) for ref in {ref.path: ref for ref, _ in kept}.values())
    made = []
    for ref, single in kept:
        called = _stem(ref.path) if stems[_stem(ref.path)] == 1 else ref.path
        group = _group(ref.path, top)
        made.append(Source(ref, called.rpartition("/")[2], group if by_group else called, group, single))
    return made, tuple(problems)


def images_of(source: Source, limit: int = LIMIT) -> Iterator[Image]:
    """The images of a file, readable until the next is asked for; see `open_images` for errors."""
    with open_images(source.ref, limit) as images:
        for image in images:
            if not source.single or image.ref.series == source.ref.series:
                yield image


def _found(given: str) -> tuple[list[ImageRef], bool, tuple[str, ...]]:
    if is_project(given):
        project = open_project(given)
        return _refs(project), True, ()
    found = discover(given, known=known_extensions())
    return list(found.refs), False, found.problems


def _refs(project: Project) -> list[ImageRef]:
    """Images of a project that could be read."""
    rows = project.images.filter(pl.col("status").is_in(["ok", "partial"])).sort("path", "series").collect()
    facts = zip(rows.iter_rows(named=True), rows["modified"].dt.timestamp("us"), strict=True)
    return [replace(project.ref(row), mtime=(changed or 0) / 1e6) for row, changed in facts]


def _name(given: str) -> str:
    return PurePosixPath(shown(given)).name if is_url(given) else Path(given).expanduser().resolve().name


def _top(given: str) -> str:
    """Name of the folder that is given, or that holds the file that is."""
    if is_url(given):
        return _name(given)
    place = Path(given).expanduser().resolve()
    return (place.parent if place.is_file() else place).name


def _inside(out: str) -> str:
    return f"{Path(out).expanduser().absolute()}/" if out and not is_url(out) else ""


def _stem(path: str) -> str:
    """A path without its ending, ``.ome.tif`` as a whole; ``..`` in it leads nowhere."""
    folder, _, name = path.rpartition("/")
    known = known_extensions()
    ending = next((end for end in endings(name) if end in known), "")
    stem = name[: -len(ending) - 1] if ending else name
    parts = [part for part in folder.split("/") if part not in ("", ".", "..")]
    return "/".join([*parts, stem or name])


def _group(path: str, top: str) -> str:
    folder = path.rpartition("/")[0]
    return "/".join(part for part in folder.split("/") if part not in ("", ".", "..")) or top
