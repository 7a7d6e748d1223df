"""A folder of files, with its conditions: which images are there, and what else."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from smalti.core.errors import NothingFoundError
from smalti.core.image import ImageRef
from smalti.sources.conditions import starts
from smalti.sources.names import readable, tidy
from smalti.sources.walk import Walk, Wanted

__all__ = ["Found", "discover"]


@dataclass(frozen=True, slots=True)
class Found:
    """What lies below a base folder.

    Parameters
    ----------
    refs
        One reference a file or Zarr store, sorted by path.
    clutter
        How many other things there are, by name: ``.DS_Store``, ``*.csv``, ``.git``, ``broken symlink``.
    conditions
        Names of the conditions, in the order asked for.
    problems
        Sentences on folders that could not be entered, loops, and conditions without an image.
    """

    refs: tuple[ImageRef, ...]
    clutter: dict[str, int]
    conditions: tuple[str, ...]
    problems: tuple[str, ...]


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
        A folder, or one file or store.
    paths
        Each is a condition named by the path as given: a sub-folder or file of `base`, or an absolute path
        outside. An image belongs to the first that holds it. Without paths, one condition named as `base`.
    extensions
        Take only these, with or without dot, such as ``"tif"`` or ``".ome.tif"``; `known` is not asked.
    known
        Extensions that some loader reads; a file with another one is clutter, one without any is taken.

    Raises
    ------
    NothingFoundError
        There is no such base, or no image in it.
    UsageError
        There is no such path in `base`.
    """
    places = starts(base, paths)
    walk = Walk(Wanted(tidy(extensions), tidy(known)))
    for place in places:
        walk.look_at(place)
    walk.follow_links()
    if not walk.refs:
        asked_for = [place.condition for place in places] if paths else [readable(str(base))]
        raise NothingFoundError(_nothing(", ".join(asked_for), walk))
    conditions = tuple(dict.fromkeys(place.condition for place in places))
    filled = {ref.condition for ref in walk.refs}
    empty = [f"condition {name}: no image of its own" for name in conditions if name not in filled]
    return Found(
        tuple(sorted(walk.refs, key=lambda ref: ref.path)),
        dict(sorted(walk.clutter.items())),
        conditions,
        (*walk.problems, *empty),
    )


def _nothing(where: str, walk: Walk) -> str:
    """One sentence on what is there instead of images."""
    count = walk.clutter.total()
    if not count:
        return f"{where} is empty: not one file in it or its sub-folders"
    wanted = ", ".join(sorted(walk.wanted.extensions))
    asked = f" with extension {wanted}" if wanted else ""
    items = "1 other item" if count == 1 else f"{count:,} other items"
    held = ", ".join(f"{number:,} {name}" for name, number in walk.clutter.most_common(8))
    reasons = "".join(f"; {problem}" for problem in walk.problems[:3])
    return f"{where} holds no image{asked}, but {items}: {held}{reasons}"
