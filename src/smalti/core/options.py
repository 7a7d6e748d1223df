"""Typed options of exporters and steps: declared once, for Python, the command line and the forms of the app.

A record of options is a frozen dataclass, each of whose fields is made by `option`::

    @dataclass(frozen=True, slots=True)
    class TableOptions:
        header: bool = option(True, "Write the names of the columns.")
        compression: Literal["zstd", "none"] = option("zstd", "How it is packed.")
        resize: tuple[int, ...] | None = option(None, "Height and width.", metavar="H,W")

Types are ``bool``, ``int``, ``float``, ``str``, ``Literal`` of texts, ``tuple[int, ...]`` and
``tuple[str, ...]``, and any of these ``| None``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from types import NoneType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from smalti.core.errors import UnknownNameError, UsageError

__all__ = ["Kind", "Option", "option", "options_of", "read_options"]

Kind = Literal["bool", "int", "float", "str", "choice", "ints", "strs"]

_PLAIN: Mapping[Any, Kind] = {
    bool: "bool",
    int: "int",
    float: "float",
    str: "str",
    tuple[int, ...]: "ints",
    tuple[str, ...]: "strs",
}
_KEY = "smalti"


@dataclass(frozen=True, slots=True)
class Option:
    """One option as forms, help and errors need it.

    Parameters
    ----------
    name, kind, default
        Of the field; `kind` is ``"choice"`` where it takes one of `choices`.
    meaning
        One sentence: what it does.
    optional
        Whether it may be None.
    choices
        The texts that it takes; empty for all.
    least, most
        Bounds of a number; None for none.
    metavar
        How a value looks: ``"H,W"``.
    usual
        What None means, in a word or two: ``"all cores"``.
    group
        The heading it stands under in a form.
    title
        What a form calls it; "" for its name.
    names_files
        Whether its value names files that are read: no form asks for it, for who visits a served page may
        read only what the project shows.
    short
        A second name on the command line: ``"-v"``.
    """

    name: str
    kind: Kind
    default: Any
    meaning: str
    optional: bool = False
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    metavar: str = ""
    usual: str = ""
    group: str = ""
    title: str = ""
    names_files: bool = False
    short: str = ""

    @property
    def flag(self) -> str:
        """Its name on the command line."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def label(self) -> str:
        """Its name in a form."""
        return self.title or self.name.replace("_", " ").capitalize()


def option(default: Any, meaning: str, **facts: Any) -> Any:
    """A field of a record of options; `facts` are the others of `Option`."""
    return field(default=default, metadata={_KEY: {"meaning": meaning, **facts}})


@cache
def options_of(record: type) -> tuple[Option, ...]:
    """The options of a record, in its order.

    Raises
    ------
    TypeError
        A field is of a type that options cannot have, or was not made by `option`.
    """
    hints = get_type_hints(record)
    return tuple(_described(record, entry, hints[entry.name]) for entry in fields(record))


def _described(record: type, entry: Any, hint: Any) -> Option:
    if _KEY not in entry.metadata:
        raise TypeError(
            f"{record.__name__}.{entry.name} has no meaning; make it with option(default, meaning)"
        )
    facts = entry.metadata[_KEY]
    parts = (
        [part for part in get_args(hint) if part is not NoneType] if NoneType in get_args(hint) else [hint]
    )
    if len(parts) == 1 and get_origin(parts[0]) is Literal:
        kind: Kind | None = "choice"
        facts = {"choices": get_args(parts[0]), **facts}
    else:
        kind = _PLAIN.get(parts[0]) if len(parts) == 1 else None
    if kind is None:
        raise TypeError(f"{record.__name__}.{entry.name} is {hint}, which no form can show")
    return Option(entry.name, kind, entry.default, optional=NoneType in get_args(hint), **facts)


R = TypeVar("R")


def read_options(record: type[R], given: Mapping[str, Any]) -> R:
    """A record with values as people give them: texts of a command line or form, or Python's own.

    Raises
    ------
    UnknownNameError
        There is no such option, or choice.
    UsageError
        A value is none that the option can have.
    """
    known = {one.name: one for one in options_of(record)}  # type: ignore[arg-type]  # a class has a hash
    for name in given:
        if name not in known:
            raise UnknownNameError("option", name, known)
    return record(**{name: _read(known[name], value) for name, value in given.items()})


def _read(one: Option, value: Any) -> Any:
    if value is None or (isinstance(value, str) and not value.strip() and one.kind != "str"):
        if one.optional:
            return None
        return one.default
    try:
        read = _READERS[one.kind](value)
    except (TypeError, ValueError):
        raise UsageError(f"{one.flag} is {value!r}; give {_expected(one)}") from None
    if one.kind == "choice" and read not in one.choices:
        raise UnknownNameError(one.name.replace("_", " "), read, one.choices)
    if one.kind in ("int", "float") and not (
        (one.least is None or read >= one.least) and (one.most is None or read <= one.most)
    ):
        raise UsageError(f"{one.flag} is {value!r}; give {_expected(one)}")
    return read


def _expected(one: Option) -> str:
    words = {
        "bool": "True or False",
        "int": "a whole number",
        "float": "a number",
        "ints": f"whole numbers with commas, as {one.metavar or 'A,B'}",
    }.get(one.kind, "a text")
    if one.least is not None and one.most is not None:
        return f"{words} from {one.least:g} to {one.most:g}"
    return f"{words} from {one.least:g} up" if one.least is not None else words


def _bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _int(value: Any) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise TypeError
    return int(value)


def _ints(value: Any) -> tuple[int, ...]:
    return tuple(map(_int, value.split(",") if isinstance(value, str) else value))


def _strs(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(map(str, value))


_READERS: Mapping[Kind, Any] = {
    "bool": _bool,
    "int": _int,
    "float": float,
    "str": str,
    "choice": str,
    "ints": _ints,
    "strs": _strs,
}
