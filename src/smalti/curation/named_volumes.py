"""Volumes by the names that patches have of them: exactly, never by a part of a name."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from smalti.core.errors import SmaltiError, UsageError
from smalti.curation.names import Cube, parse
from smalti.curation.sources import Source
from smalti.curation.wanted import Wanted
from smalti.loaders.choose import known_extensions
from smalti.sources.names import endings

__all__ = ["Found", "Volumes"]


@dataclass(frozen=True, slots=True)
class Found:
    """The volume of a patch; `cube` where the patch is of a cube of it, and its place is counted in that."""

    source: Source
    cube: Cube | None = None


class Volumes:
    """Volumes by name.

    Parameters
    ----------
    sources
        Those that are given.
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        self._by_name: dict[str, list[Source]] = {}
        for source in {source.ref.path: source for source in sources}.values():
            for name in {source.dataset, source.name, *_names_of(source.ref.path)}:
                self._by_name.setdefault(name, []).append(source)

    def of(self, wanted: Wanted) -> Found:
        """The volume of a patch.

        A patch of a cube is looked for in the file of the cube, then in the volume that the cube was cut of.

        Raises
        ------
        SmaltiError
            There is none, or several have its name.
        """
        if found := self._one(wanted.dataset, wanted.path):
            return Found(found)
        try:
            cube = parse(wanted.dataset)
        except UsageError:
            cube = None
        if isinstance(cube, Cube) and (found := self._one(cube.dataset, "")):
            return Found(found, cube)
        raise SmaltiError(f"no volume is called {wanted.dataset!r}{self._hint(wanted.dataset)}")

    def _one(self, name: str, path: str) -> Source | None:
        those = self._by_name.get(name, [])
        if len(those) > 1 and path:
            those = [source for source in those if _is_end_of(source.ref.path, path)] or those
        if len(those) > 1:
            paths = ", ".join(source.ref.path for source in those[:3])
            raise SmaltiError(
                f"{len(those)} volumes are called {name!r} ({paths}); give the one that is meant"
            )
        return those[0] if those else None

    def _hint(self, name: str) -> str:
        near = get_close_matches(name, self._by_name, n=1, cutoff=0.6)
        return f"; the nearest name among {self.count} is {near[0]!r}" if near else f" among {self.count}"

    @property
    def count(self) -> int:
        """Number of volumes."""
        return len({source.ref.path for those in self._by_name.values() for source in those})


def _names_of(path: str) -> tuple[str, ...]:
    """A path, and its file's name, with and without ``.mrc``, ``.nii.gz`` or whatever is known."""
    known = known_extensions()
    ending = next((end for end in endings(path.rpartition("/")[2]) if end in known), "")
    bare = path[: -len(ending) - 1] if ending else path
    return path, path.rpartition("/")[2], bare, bare.rpartition("/")[2]


def _is_end_of(one: str, other: str) -> bool:
    """Whether two paths are of one file, seen from the same folder or one above."""
    return f"/{one}".endswith(f"/{other}") or f"/{other}".endswith(f"/{one}")
