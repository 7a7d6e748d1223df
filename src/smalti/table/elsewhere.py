"""Parts of a project that lie on another disk: a file ``parts`` in place of the folder says where."""

from contextlib import suppress
from pathlib import Path

from smalti.core.errors import SmaltiError, UsageError

__all__ = ["forget_place", "parts_folder", "settle"]

POINTER = "parts"
OWNER = "parts-of.txt"
"""In the other folder: which project's parts these are, so that two projects never share one."""

_ANEW = "or add --fresh to measure everything anew"


def parts_folder(folder: Path) -> Path:
    """Where the parts of a project lie; that inside the project may not be there yet.

    Raises
    ------
    SmaltiError
        They lie elsewhere, and that is not there now.
    """
    place = _pointed(folder)
    if place is None:
        return folder / POINTER
    if not place.is_dir():
        raise SmaltiError(
            f"the parts of {folder} lie in {place}, which is not there; make that folder reachable, {_ANEW}"
        )
    return place


def settle(folder: Path, place: Path | None) -> None:
    """Have the parts of a project lie in `place` from now on; None leaves them where they are.

    Raises
    ------
    UsageError
        There are parts elsewhere already, or `place` holds those of another project.
    """
    now = _pointed(folder)
    if place is None and now is None:
        return
    if place is not None and place.is_relative_to(folder):
        raise UsageError(f"{place} lies inside the project; leave --parts-dir away, or give another folder")
    if place is not None and place != now:
        _check_no_parts(folder, now)
        place.mkdir(parents=True, exist_ok=True)
        _claim(folder, place, new=True)
        temporary = folder / f"{POINTER}.tmp"
        temporary.write_text(str(place), encoding="utf-8")
        temporary.replace(folder / POINTER)
    elif now is not None:
        _claim(folder, parts_folder(folder), new=False)


def forget_place(folder: Path) -> None:
    """Have the parts lie in the project folder again; those elsewhere are done with."""
    place = _pointed(folder)
    if place is None:
        return
    (folder / POINTER).unlink()
    with suppress(OSError):  # not reachable, or holds other things: only ours was to go
        if _read(place / OWNER) == str(folder):
            (place / OWNER).unlink()
            place.rmdir()


def _pointed(folder: Path) -> Path | None:
    text = _read(folder / POINTER)
    return None if text is None else Path(text)


def _read(file: Path) -> str | None:
    return file.read_text(encoding="utf-8").strip() if file.is_file() else None


def _check_no_parts(folder: Path, now: Path | None) -> None:
    own = folder / POINTER
    if now is None and own.is_dir():
        with suppress(OSError):
            own.rmdir()
    if now is not None or own.is_dir():
        raise UsageError(
            f"parts of a run that was stopped lie in {now or own}; go on without --parts-dir, {_ANEW}"
        )


def _claim(folder: Path, place: Path, new: bool) -> None:
    """Write whose parts these are; who moved keeps what it points to."""
    owner = _read(place / OWNER)
    if owner not in (None, str(folder)) and _pointed(Path(str(owner))) == place:
        raise UsageError(f"{place} holds the parts of {owner}; give another --parts-dir")
    if new and owner is None and any(place.glob("part-*")):
        raise UsageError(f"{place} holds other files named part-*; give the name of a new folder")
    if new:  # of a run that was killed before it pointed here, or that was forgotten while unreachable
        for rest in place.glob("part-*.parquet*"):
            rest.unlink()
        (place / "compacting").unlink(missing_ok=True)
    (place / OWNER).write_text(str(folder), encoding="utf-8")
