"""A frozen record with some of its values changed."""

from typing import Any, TypeVar

__all__ = ["changed"]

R = TypeVar("R")


def changed(record: R, **values: object) -> R:
    """As `dataclasses.replace`, but what a record checks of its own values is not checked again.

    For the two records that each file makes three or four of: 2.5 µs for an `Image`, not 7.
    """
    known: Any = record
    new = object.__new__(type(record))
    for name in known.__dataclass_fields__:
        object.__setattr__(new, name, values.pop(name) if name in values else getattr(record, name))
    if values:
        raise TypeError(f"{type(record).__name__} has no field {', '.join(values)}")
    return new
