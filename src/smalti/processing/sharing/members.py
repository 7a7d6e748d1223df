"""What may be in the ZIP of a project; everything is checked before anything is written."""

import re
import stat
from collections.abc import Mapping
from pathlib import PurePosixPath
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from smalti.core.errors import UsageError
from smalti.processing.record import FILE_NAME
from smalti.table.store import TABLES

__all__ = ["FLAGS", "NEEDED", "VIEW", "checked_members"]

FLAGS = "flags.jsonl"
VIEW = re.compile(r"views/\w[\w .-]{0,79}\.json")
NEEDED = (FILE_NAME, "images.parquet")
_KNOWN = {FILE_NAME, FLAGS, *(f"{table}.parquet" for table in TABLES)}

MOST_MEMBERS = 10_000
MOST_TEXT = 64 << 20
"""Bytes of one member that is read whole, such as ``project.json``."""

MOST_RATIO = 100
"""Unpacked to packed bytes: JSON of a project has 4 to 12, zeros 1,000."""

FREE_RATIO_BYTES = 1 << 20
"""Bytes that a member may have whatever its ratio; a short text of blanks is no bomb."""


def checked_members(archive: ZipFile, packed_size: int) -> Mapping[str, ZipInfo]:
    """The members that make a project, by their name in its folder.

    What smalti does not know is left out, as long as its name is harmless; one folder around everything, as
    file managers put it there, is taken off.

    Parameters
    ----------
    archive
        The open ZIP.
    packed_size
        Bytes of its file.

    Raises
    ------
    UsageError
        A name leads out of the folder or is there twice, a member is a link, encrypted, packed in a way or
        to a size that no project has, or the parts of a project are not there.
    """
    infos = archive.infolist()
    if len(infos) > MOST_MEMBERS:
        raise UsageError(f"it has {len(infos):,} members, a project at most {MOST_MEMBERS:,}")
    for info in infos:
        _check_name(info.orig_filename)
        _check_kind(info)
    around = _around([info.filename for info in infos])
    found: dict[str, ZipInfo] = {}
    seen: set[str] = set()
    for info in infos:
        name = info.filename.removeprefix(around)
        if name.casefold() in seen:
            raise UsageError(f"{info.filename!r} is in it twice; of one name there can be one file")
        seen.add(name.casefold())
        if name in _KNOWN or VIEW.fullmatch(name):
            _check_size(info, name)
            found[name] = info
    if sum(info.compress_size for info in infos) > packed_size:
        raise UsageError("its members together are larger than the file: some lie on top of each other")
    if missing := [name for name in NEEDED if name not in found]:
        raise UsageError(f"it is no project that smalti packed: {' and '.join(missing)} not in it")
    return found


def _around(names: list[str]) -> str:
    """The one folder that a file manager put around the project, with its slash; else nothing."""
    if FILE_NAME in names:
        return ""
    folders = [name.removesuffix(FILE_NAME) for name in names if name.count("/") == 1]
    return next((folder for folder in folders if folder + FILE_NAME in names), "")


def _check_name(name: str) -> None:
    parts = PurePosixPath(name).parts
    leads_out = name.startswith("/") or ".." in parts or "\\" in name or re.match(r"[A-Za-z]:", name)
    if leads_out or not parts or any(ord(letter) < 32 for letter in name):
        raise UsageError(f"a member is named {name!r}, which leads out of the folder it is unpacked into")


def _check_kind(info: ZipInfo) -> None:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise UsageError(f"{info.filename!r} is a link or a device; a project holds plain files only")
    if info.flag_bits & 0x1:
        raise UsageError(f"{info.filename!r} is encrypted; unpack it with its password, then open the folder")
    if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise UsageError(f"{info.filename!r} is packed by method {info.compress_type}; pack it by deflate")


def _check_size(info: ZipInfo, name: str) -> None:
    size, packed = info.file_size, info.compress_size
    if size > FREE_RATIO_BYTES and size > MOST_RATIO * packed:
        raise UsageError(
            f"{name} would grow from {packed:,} to {size:,} bytes; a project's, {MOST_RATIO} times at most"
        )
    if not name.endswith(".parquet") and size > MOST_TEXT:
        raise UsageError(f"{name} has {size:,} bytes; a project's has {MOST_TEXT:,} at most")
