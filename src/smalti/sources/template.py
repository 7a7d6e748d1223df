"""A template such as ``{plate}/{well}_{site:int}.tif``: parts of a path become values."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from string import Formatter
from typing import Any

from smalti.core.columns import Dtype
from smalti.core.errors import UnknownNameError, UsageError

__all__ = ["Field", "Hit", "Template", "kind_reader"]

_NAME = re.compile(r"[A-Za-z_]\w{0,59}")
_FLOAT = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_INT = re.compile(r"[+-]?[0-9]{1,18}")
_MOST = 64
"""Pieces of a template; the search goes one call deeper with each."""


def _int(text: str) -> int | None:
    return int(text) if _INT.fullmatch(text) else None


def _float(text: str) -> float | None:
    return float(text) if _FLOAT.fullmatch(text) else None


def _date(text: str) -> datetime | None:
    return _on_calendar(text, "%Y-%m-%d") if len(text) == 10 else None


def _date_compact(text: str) -> datetime | None:
    return _on_calendar(text, "%Y%m%d") if len(text) == 8 and text.isascii() and text.isdigit() else None


def _on_calendar(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form)
    except ValueError:
        return None


_KINDS: Mapping[str, tuple[Dtype, Callable[[str], Any]]] = {
    "str": ("String", str),
    "int": ("Int64", _int),
    "float": ("Float64", _float),
    "date": ("Datetime", _date),
    "date_compact": ("Datetime", _date_compact),
    "identity": ("String", str),
}
"""Type of the column, and the value of a text; None when the text is not of this kind."""


def kind_reader(kind: str) -> Callable[[str], Any] | None:
    """What makes a value of a text of this kind; None for a kind that there is not."""
    return _KINDS[kind][1] if kind in _KINDS else None


@dataclass(frozen=True, slots=True)
class Field:
    """A named part of a template.

    Parameters
    ----------
    name
        Of the column; ``""`` for a part that is looked over.
    kind
        ``str``, ``int``, ``float``, ``date`` (2024-05-31), ``date_compact`` (20240531), or ``identity``: a
        name or number that is a label, kept as it is written with its zeros.
    reader
        What makes a value of its text, and None of a text that is no such value; None for that of its kind.
    """

    name: str
    kind: str
    reader: Callable[[str], Any] | None = None

    @property
    def dtype(self) -> Dtype:
        """Type of its column."""
        return _KINDS[self.kind][0]

    def read(self, text: str) -> Any:
        """The value of a text; None when it is not of this kind."""
        return _KINDS[self.kind][1](text) if self.reader is None else self.reader(text)


@dataclass(frozen=True, slots=True)
class Hit:
    """What a field is in one path: its value, its text, and where in the path the text begins."""

    value: Any
    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Template:
    """Pieces of text and fields, matched against the last parts of a path.

    A field holds one character or more and no ``/``; of several ways to match, the first field that has a
    choice takes the shortest text (a number: the longest). Text is compared letter by letter. There is no
    pattern language and no backtracking: the time grows with pieces times the square of the length of the
    path, whatever the names are.
    """

    text: str
    pieces: tuple[str | Field, ...]

    @classmethod
    def read(cls, text: str) -> "Template":
        """A template from its text; ``{{`` and ``}}`` stand for braces.

        Raises
        ------
        UsageError
            It cannot be read, names no field, or names one twice.
        UnknownNameError
            There is no such type.
        """
        pieces = tuple(_pieces(text))
        names = [piece.name for piece in pieces if isinstance(piece, Field) and piece.name]
        if not names:
            raise UsageError(f"template {text!r} names no column; write one as {{name}} or {{name:int}}")
        for name in names:
            if names.count(name) > 1:
                raise UsageError(f"template {text!r} names {name!r} twice; write {{_}} for all but one")
        if len(pieces) > _MOST:
            raise UsageError(f"the template has {len(pieces)} pieces; at most {_MOST} are allowed")
        return cls(text, pieces)

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields that have a name."""
        return tuple(piece for piece in self.pieces if isinstance(piece, Field) and piece.name)

    def reading(self, readers: Mapping[str, Callable[[str], Any]]) -> "Template":
        """The same with other readers for some of its fields.

        Raises
        ------
        UnknownNameError
            It has no such field.
        """
        for name in readers:
            if name not in {field.name for field in self.fields}:
                raise UnknownNameError("field of the template", name, (field.name for field in self.fields))
        pieces = tuple(
            replace(piece, reader=readers[piece.name])
            if isinstance(piece, Field) and piece.name in readers
            else piece
            for piece in self.pieces
        )
        return replace(self, pieces=pieces)

    def match(self, path: str) -> dict[str, Hit] | None:
        """What each field is in a path with forward slashes; None when the template does not fit it."""
        n_parts = 1 + sum(piece.count("/") for piece in self.pieces if isinstance(piece, str))
        start = len(path)
        for _ in range(n_parts):
            if start < 0:
                return None
            start = path.rfind("/", 0, start)
        found = _Search(self.pieces, path, set()).fits(0, start + 1)
        return None if found is None else dict(reversed(found))


def _pieces(text: str) -> Iterator[str | Field]:
    try:
        parsed = list(Formatter().parse(text.lstrip("/")))
    except ValueError as error:
        raise UsageError(f"template {text!r} cannot be read: {error}; write {{{{ for a brace") from error
    waiting = ""
    for literal, name, kind, conversion in parsed:
        waiting += literal
        if name is None:
            continue
        if conversion or (name and not _NAME.fullmatch(name)):
            raise UsageError(
                f"template {text!r}: {{{name}}} is no name of a column; use letters, digits and _"
            )
        if (kind or "str") not in _KINDS:
            raise UnknownNameError("type of a template", str(kind), _KINDS)
        if waiting:
            yield waiting
        waiting = ""
        yield Field("" if name == "_" else name, kind or "str")
    if waiting:
        yield waiting


@dataclass(frozen=True, slots=True)
class _Search:
    """A search through one path that never tries the same piece at the same place twice."""

    pieces: tuple[str | Field, ...]
    path: str
    failed: set[tuple[int, int]]

    def fits(self, number: int, start: int) -> list[tuple[str, Hit]] | None:
        """What the fields from a piece on are, last first; None when they do not fit from `start` on."""
        if number == len(self.pieces):
            return [] if start == len(self.path) else None
        if (number, start) in self.failed:
            return None
        piece = self.pieces[number]
        if isinstance(piece, str):
            found = self.fits(number + 1, start + len(piece)) if self.path.startswith(piece, start) else None
        else:
            found = self._field(piece, number, start)
        if found is None:
            self.failed.add((number, start))
        return found

    def _field(self, field: Field, number: int, start: int) -> list[tuple[str, Hit]] | None:
        for end in self._ends(field, number, start):
            text = self.path[start:end]
            value = field.read(text)
            if value is not None and (rest := self.fits(number + 1, end)) is not None:
                return [*rest, (field.name, Hit(value, text, start))] if field.name else rest
        return None

    def _ends(self, field: Field, number: int, start: int) -> Iterator[int]:
        """Where a field may end, in the order of preference."""
        stop = self.path.find("/", start)
        stop = len(self.path) if stop < 0 else stop
        following = self.pieces[number + 1] if number + 1 < len(self.pieces) else None
        if following is None:
            yield from (stop,) if start < stop == len(self.path) else ()
        elif isinstance(following, Field):
            ends = range(start + 1, stop + 1)
            yield from ends if field.dtype == "String" else reversed(ends)
        else:
            end = self.path.find(following, start + 1)
            while 0 < end <= stop:
                yield end
                end = self.path.find(following, end + 1)
