"""Values of metadata as JSON and back: plain ones, times, bytes, and the scalars and arrays of NumPy."""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import numpy as np

__all__ = ["from_plain", "to_plain"]

_KIND = "\0kind"
"""Key that marks what JSON has no word for; no metadata begins so."""


def to_plain(value: object) -> Any:
    """What `from_plain` makes `value` of; what is none of the kinds above becomes its text."""
    if value is None or type(value) in (str, int, float, bool):
        return value
    if isinstance(value, (np.ndarray, np.generic)):
        return _array(value)
    if isinstance(value, (datetime, date)):
        return {_KIND: "datetime" if isinstance(value, datetime) else "date", "is": value.isoformat()}
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {_KIND: "bytes", "is": b64encode(value).decode("ascii")}
    if isinstance(value, Mapping):
        return {_KIND: "mapping", "is": [[to_plain(key), to_plain(each)] for key, each in value.items()]}
    if isinstance(value, list):
        return [to_plain(each) for each in value]
    if isinstance(value, tuple):
        return {_KIND: "tuple", "is": [to_plain(each) for each in value]}
    for kind in (bool, int, float, str):  # of a class of its own, such as an enumeration's
        if isinstance(value, kind):
            return kind(value)
    return str(value)


def _array(value: np.ndarray | np.generic) -> Any:
    array = np.asarray(value)
    if array.dtype.hasobject or array.dtype.names:
        return to_plain(array.tolist())
    stored = b64encode(array.tobytes()).decode("ascii")
    scalar = isinstance(value, np.generic)
    return {_KIND: "array", "dtype": array.dtype.str, "shape": array.shape, "is": stored, "scalar": scalar}


def from_plain(value: Any) -> Any:
    """The value that `to_plain` was given."""
    if isinstance(value, list):
        return [from_plain(each) for each in value]
    if not isinstance(value, dict):
        return value
    held = value["is"]
    match value[_KIND]:
        case "mapping":
            return {from_plain(key): from_plain(each) for key, each in held}
        case "tuple":
            return tuple(from_plain(each) for each in held)
        case "bytes":
            return b64decode(held)
        case "date":
            return date.fromisoformat(held)
        case "datetime":
            return datetime.fromisoformat(held)
    array = np.frombuffer(b64decode(held), value["dtype"]).reshape(value["shape"]).copy()
    return array[()] if value["scalar"] else array
