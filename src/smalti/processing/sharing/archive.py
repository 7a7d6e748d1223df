"""A project as one ZIP, and back."""

import os
import shutil
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo, is_zipfile

import xxhash

from smalti.core.errors import UsageError
from smalti.processing.record import FILE_NAME
from smalti.processing.sharing.members import FLAGS, NEEDED, VIEW, checked_members
from smalti.table import store
from smalti.table.parquet import commit

__all__ = ["check_replaceable", "fingerprint", "members_of", "pack", "unpack"]

LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""Time of every member, so that equal projects make equal ZIPs; a ZIP knows no earlier one."""

_FACTS = (
    *("orig_filename", "CRC", "file_size", "compress_size", "header_offset"),
    *("compress_type", "flag_bits", "external_attr"),
)

_DAMAGED = (BadZipFile, EOFError, NotImplementedError, RuntimeError, zlib.error, ValueError)
"""What zipfile raises about the bytes of a ZIP."""


def members_of(folder: Path) -> Iterator[tuple[str, Path]]:
    """Name and file of all that belongs to a project, in one order; parts, lock and marks do not."""
    names = [FILE_NAME, *(store.final_file(folder, table).name for table in store.TABLES), FLAGS]
    views = sorted(f"views/{path.name}" for path in (folder / "views").glob("*.json"))
    for name in [*names, *(view for view in views if VIEW.fullmatch(view))]:
        if (folder / name).is_file():
            yield name, folder / name


def pack(folder: Path, target: Path) -> Path:
    """Write the ZIP of a finished project folder, whole or not at all; members are stored, not compressed.

    Raises
    ------
    UsageError
        Something else is at `target`.
    """
    check_replaceable(target)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            with ZipFile(file, "w", ZIP_STORED) as archive:
                for name, path in members_of(folder):
                    _add(archive, name, path)
            file.flush()
            os.fsync(file.fileno())
        commit(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
    return target


def _add(archive: ZipFile, name: str, path: Path) -> None:
    info = ZipInfo(name, LONG_AGO)
    info.create_system, info.external_attr = 3, 0o100644 << 16  # the same on every system
    info.file_size = path.stat().st_size  # from which zipfile tells whether it needs 64 bits
    with path.open("rb") as source, archive.open(info, "w") as into:
        shutil.copyfileobj(source, into, 1 << 20)


def check_replaceable(target: Path) -> None:
    """Raise UsageError when a ZIP written to `target` would replace anything but a smalti ZIP."""
    if target.is_dir():
        raise UsageError(f"{target} is a folder; give the name of a file, such as X.zip")
    if target.exists() and not _is_ours(target):
        raise UsageError(f"{target} is there and no ZIP that smalti wrote; remove it or give another name")


def _is_ours(path: Path) -> bool:
    with suppress(OSError, *_DAMAGED):
        if is_zipfile(path):
            with ZipFile(path) as archive:
                return set(NEEDED) <= set(archive.namelist())
    return False


def fingerprint(path: Path) -> str:
    """32 hex digits of a ZIP's list of members, with their checksums: 1 ms however large the file is.

    Raises
    ------
    UsageError
        It is no ZIP, or a damaged one.
    """
    try:
        with ZipFile(path) as archive:
            facts = [tuple(getattr(info, name) for name in _FACTS) for info in archive.infolist()]
    except _DAMAGED as error:
        raise UsageError(
            f"{path} cannot be read as a ZIP ({_said(error)}); export or copy it again"
        ) from error
    return xxhash.xxh3_128_hexdigest(repr((path.stat().st_size, facts)).encode("utf-8", "surrogateescape"))


def unpack(path: Path, folder: Path) -> None:
    """Unpack a ZIP into an empty folder, once all its members have been found to be a project's.

    Raises
    ------
    UsageError
        It is damaged, no project, or holds what no project does; see `smalti.processing.sharing.members`.
    """
    try:
        with ZipFile(path) as archive:
            members = checked_members(archive, path.stat().st_size)
            _check_room(sum(info.file_size for info in members.values()), folder)
            for name, info in members.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                with archive.open(info) as source, (folder / name).open("xb") as into:
                    shutil.copyfileobj(source, into, 1 << 20)
    except UsageError as error:
        raise UsageError(f"{path} cannot be opened: {error}") from error
    except _DAMAGED as error:
        raise UsageError(f"{path} is damaged ({_said(error)}); export or copy it again") from error


def _check_room(needed: int, folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise UsageError(
            f"unpacked it takes {needed:,} bytes, in {folder.parent} are {free:,} free; make room"
        )


def _said(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
