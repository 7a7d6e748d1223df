"""The list of volumes elsewhere: a CSV of our own columns, or those of the list that CEM1.5M was made with.

The published list (https://github.com/volume-em/cem-dataset, ``dataset/scraping/ngff_datasets.csv``) has the
page of a data set in ``url`` and its volume in ``download_url``; ``mip`` is the level, ``voxel_x``,
``voxel_y`` and ``voxel_z`` are nm at full size or ``x``, and ``crop`` tells whether boxes or the whole are
taken. What is padding is told by the value that is stored, before ``invert``.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

import xxhash

from smalti.core.errors import UnknownNameError, UsageError
from smalti.core.remote import is_url, shown
from smalti.curation.sampling.levels import Lengths
from smalti.curation.spacing import Sizes

__all__ = ["COLUMNS", "Wanted", "read_list", "read_sides", "wanted_at"]

COLUMNS: Mapping[str, str] = {
    "url": "Where the volume is; or its page, where there is download_url.",
    "download_url": "Where the volume is.",
    "name": "What its folder and boxes are called.",
    "volume_name": "The same.",
    "level": "Resolution level; 0 is full size.",
    "mip": "The same.",
    "crop_size": "Side of a box in voxels, or three along z, y and x.",
    "crop": "Whether boxes are taken, or the whole volume.",
    "invert": "Whether dark becomes bright.",
    "padding_value": "What voxels without data hold, as they are stored; none where all hold data.",
    "axes": "In the order of the sizes in its metadata, in place of what these say.",
    "voxel_z": "Size of a voxel at full size in nm, where metadata state none.",
    "voxel_y": "The same along y.",
    "voxel_x": "The same along x.",
    "source": "Who published it; not used.",
    "api": "What older scripts read it with; not used.",
}
_TRUE, _FALSE = ("true", "yes", "y", "1"), ("false", "no", "n", "0", "")
_UNKNOWN = ("", "x", "?", "nan", "na", "none")
_NM = 1e-3
_LONGEST = 100
"""Bytes of a name: with the place of a box behind it, disks take 255."""
_ENDINGS = re.compile(r"(\.ome)?\.(zarr|n5|precomputed)$", re.I)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A volume of the list.

    Parameters
    ----------
    url
        As it was given.
    name
        Of its folder: it leads nowhere, and no other volume of the list has it.
    level
        None where the list says nothing.
    sides
        Of a box along z, y and x; None where the list says nothing.
    whole
        Whether the whole volume is taken.
    invert
        Whether dark becomes bright.
    padding
        What voxels without data hold; None where all hold data.
    axes
        Letters in the order of stored sizes; None as the metadata say.
    voxel_size
        Of its full size in µm.
    trouble
        What is wrong with its row; "" for nothing.
    """

    url: str
    name: str
    level: int | None = None
    sides: Lengths | None = None
    whole: bool = False
    invert: bool = False
    padding: float | None = 0.0
    axes: tuple[str, ...] | None = None
    voxel_size: Sizes | None = None
    trouble: str = ""


def wanted_at(urls: Sequence[str]) -> list[Wanted]:
    """Volumes that are given by their URLs alone."""
    return _named([Wanted(url, _plain(_called(url))) for url in urls])


def read_list(text: str, name: str) -> tuple[list[Wanted], tuple[str, ...]]:
    """Volumes of a CSV, and sentences on what of it is not used.

    Parameters
    ----------
    text
        With or without a byte order mark; separated by commas, semicolons or tabs.
    name
        Of the file, for messages.

    Raises
    ------
    UnknownNameError
        A column is called nearly as one that is known.
    UsageError
        There are no URLs in it.
    """
    numbered = enumerate(_cells(text.removeprefix("\ufeff"), name), start=1)
    rows = [(number, row) for number, row in numbered if any(cell.strip() for cell in row)]
    if not rows:
        raise UsageError(f"{name} is empty; expected are the columns url, name, level, crop_size …")
    columns = [column.strip().lower() for column in rows[0][1]]
    unused = _check(columns, name)
    made = [_row(row, columns, number) for number, row in rows[1:]]
    if not made:
        raise UsageError(f"{name} has no row below its columns; add one for each volume")
    notes = (f"{name}: not used: {', '.join(unused)}",) if unused else ()
    return _named(made), notes


def _cells(text: str, name: str) -> list[list[str]]:
    head = text.lstrip().partition("\n")[0]
    lines = io.StringIO(text, newline=None)  # of Unix, Windows and old Macs
    reader = csv.reader(lines, delimiter=max(",;\t", key=head.count), strict=True)
    try:
        return list(reader)
    except csv.Error as error:
        raise UsageError(
            f"{name} is no CSV as of line {reader.line_num} ({error}); look for a quote that is not closed, "
            "and save it as text with a line for each volume"
        ) from None


def _check(columns: Sequence[str], name: str) -> list[str]:
    """Columns that say nothing to us."""
    unused = []
    for column in columns:
        if column in COLUMNS:
            continue
        if get_close_matches(column, COLUMNS, n=1, cutoff=0.75):
            raise UnknownNameError(f"column of {name}", column, COLUMNS)
        unused.append(column)
    if twice := sorted({column for column in columns if columns.count(column) > 1 and column}):
        raise UsageError(f"{name} has the column {twice[0]!r} twice; leave one of them out")
    if not {"url", "download_url"} & set(columns):
        raise UsageError(f"{name} has no column url but {', '.join(columns)}; add it, or name one so")
    return [column for column in unused if column]


def _row(cells: Sequence[str], columns: Sequence[str], number: int) -> Wanted:
    row = {column: cell.strip() for column, cell in zip(columns, cells, strict=False)}
    url = row.get("download_url") or ("" if "download_url" in columns else row.get("url", ""))
    name = _plain(row.get("name") or row.get("volume_name") or _called(url)) or f"row-{number}"
    if not url:
        return Wanted("", name, trouble=f"row {number} has no URL")
    if len(cells) > len(columns):
        return Wanted(url, name, trouble=f"row {number} has {len(cells)} cells for {len(columns)} columns")
    try:
        return Wanted(
            url,
            name,
            level=_level(row.get("level") or row.get("mip") or ""),
            sides=read_sides(row["crop_size"]) if row.get("crop_size") else None,
            whole=not _truth(row.get("crop") or "true", "crop"),
            invert=_truth(row.get("invert", ""), "invert"),
            padding=_padding(row.get("padding_value", "")),
            axes=_axes(row.get("axes", "")),
            voxel_size=_voxel_size([row.get(f"voxel_{axis}", "") for axis in "zyx"]),
        )
    except ValueError as error:
        return Wanted(url, name, trouble=f"row {number}: {error}")


def _level(text: str) -> int | None:
    if not text or text.lower() == "auto":
        return None
    if not re.fullmatch(r"\d{1,3}(\.0*)?", text):
        raise ValueError(f"its level is {text!r}; give a whole number from 0")
    return int(float(text))


def read_sides(text: str) -> Lengths:
    """Sides of a box: one number, or three along z, y and x.

    Raises
    ------
    ValueError
        It is neither.
    """
    parts = [part for part in re.split(r"[,;x×\s]+", text.strip()) if part]
    if len(parts) not in (1, 3) or not all(re.fullmatch(r"[1-9]\d{0,8}", part) for part in parts):
        raise ValueError(f"its crop_size is {text!r}; give a whole number above 0, or three as z,y,x")
    z, y, x = (int(part) for part in parts * (3 // len(parts)))
    return z, y, x


def _truth(text: str, column: str) -> bool:
    if text.lower() not in (*_TRUE, *_FALSE):
        raise ValueError(f"its {column} is {text!r}; give true or false")
    return text.lower() in _TRUE


def _padding(text: str) -> float | None:
    if text.lower() == "none":
        return None
    try:
        return float(text or 0)
    except ValueError:
        raise ValueError(f"its padding_value is {text!r}; give a number, or none") from None


def _axes(text: str) -> tuple[str, ...] | None:
    names = [part for part in re.split(r"[,;\s]+", text.lower()) if part]
    letters = list(names[0]) if len(names) == 1 else names
    if letters and (len(set(letters)) != len(letters) or not {"z", "y", "x"} <= set(letters) <= set("tczyx")):
        raise ValueError(f"its axes are {text!r}; give each of z, y and x, and of t and c, once, as z,y,x")
    return tuple(letters) or None


def _voxel_size(texts: Sequence[str]) -> Sizes | None:
    if any(text.lower() in _UNKNOWN for text in texts):
        return None
    try:
        z, y, x = (float(text) * _NM for text in texts)
    except ValueError:
        z = y = x = 0.0
    if not all(0 < size < float("inf") for size in (z, y, x)):
        raise ValueError(f"its voxel_z, voxel_y and voxel_x are {', '.join(texts)}; give nm above 0, or x")
    return z, y, x


def _called(url: str) -> str:
    """A name made of a URL: the store, and what lies in it."""
    bare = re.sub(r"^\w[\w-]*://(?=\w+://)", "", url.partition("|")[0])
    try:
        path = unquote(urlsplit(bare).path) if is_url(bare) else bare
    except ValueError:  # it is told when it is opened
        path = ""
    parts = [part for part in PurePosixPath(path).parts if part not in ("/", ".", "..")]
    if parts and parts[-1] in ("info", "attributes.json", "zarr.json", ".zattrs", ".zarray"):
        parts.pop()
    at = next((i for i, part in enumerate(parts) if _ENDINGS.search(part)), max(0, len(parts) - 1))
    return "_".join(_ENDINGS.sub("", part) for part in parts[at:]) or shown(url).rpartition("/")[2]


def _plain(name: str) -> str:
    """A name that leads nowhere, that any disk takes, and that no table has."""
    parts = [part for part in re.split(r"[/\\]+", name) if part.strip(". ")]
    made = "_".join(re.sub(r"[^\w.+ -]|[\r\n\t]", "_", part) for part in parts)
    short = made.strip(". ").encode()[:_LONGEST].decode(errors="ignore")
    return re.sub(r"(\.parquet)+$", "", short, flags=re.I).strip(". ")


def _named(rows: Sequence[Wanted]) -> list[Wanted]:
    """Each name once: the first keeps it, of others a hash of what they are is put behind it."""
    known: dict[str, Wanted] = {}
    for row in rows:
        name, trouble = row.name or "volume", row.trouble
        before = known.get(name.lower())
        if before is not None:
            if row.url and replace(row, name="") == replace(before, name=""):
                trouble = f"it is the same as {before.name} above; leave one of them out"
            told = f"{row.url}\0{row.level}\0{row.sides}\0{row.invert}"
            name = f"{name}_{xxhash.xxh3_64_hexdigest(told.encode())[:6]}"
            while name.lower() in known:
                name += "_"
        known[name.lower()] = replace(row, name=name, trouble=trouble)
    return list(known.values())
