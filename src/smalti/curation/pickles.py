"""Old ``.pkl`` files of patches, read without running anything of them.

A pickle is a program: it may call whatever it names. Here it can name only what NumPy writes for an array,
and what stands behind these names is ours: records that check what they are given. Everything else is
refused by its name before a single step of the program is done.
"""

import os
import pickle
import struct
from math import prod
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from smalti.core.errors import UsageError
from smalti.curation._pickle_steps import DEEPEST, RefusedError, check_name, look_over

__all__ = ["read_pickle"]


def read_pickle(path: Path) -> Any:
    """What a pickle of arrays, texts, numbers, lists, tuples and dicts holds.

    Arrays are of whole numbers, floats, truth values or texts, and cannot be written to: their pixels lie in
    what was read of the file.

    Raises
    ------
    UsageError
        It holds anything else, which is named, or is damaged. Nothing of it was run.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            look_over(file, size)
            file.seek(0)
            return _plain(_Reader(file).load())
    except RefusedError as error:
        raise UsageError(
            f"{path} holds {error}; only arrays, texts, numbers, lists, tuples and dicts are read, and "
            "nothing of it was run"
        ) from None
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, EOFError, OverflowError, MemoryError,
            struct.error, pickle.UnpicklingError, UnicodeDecodeError) as error:  # fmt: skip
        raise UsageError(f"{path} is no whole pickle: {type(error).__name__}: {error}") from error


class _Reader(pickle.Unpickler):
    """An unpickler that finds nothing but what arrays are made of."""

    def find_class(self, module: str, name: str) -> Any:
        """What stands behind a name: a maker of ours, never the thing itself."""
        check_name(module, name)
        return _Maker(name)

    def persistent_load(self, pid: Any) -> Any:
        raise RefusedError(f"a reference to {pid!r} outside of it")


class _Maker:
    """Stands for a function or class of NumPy; made anew for each file, so that none can change another."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, *arguments: Any) -> Any:
        if self.name == "_reconstruct":
            return _Array()
        if self.name == "_frombuffer":
            return _Array.of_buffer(*arguments)
        if self.name == "dtype":
            return _Dtype(*arguments)
        if self.name == "bytes" and not arguments:  # how old protocols write that there are none
            return b""
        if self.name == "encode":
            text, codec = arguments
            if not (isinstance(text, str) and codec == "latin1"):
                raise RefusedError(f"a text in {codec!r}")
            return text.encode("latin1")
        raise RefusedError(f"a call of numpy.{self.name}")

    def __setstate__(self, state: Any) -> None:
        raise RefusedError(f"a state for numpy.{self.name}")


class _Dtype:
    """A type of pixels, by NumPy's short name of it."""

    __slots__ = ("_order", "_text")
    _KINDS: ClassVar[str] = "biufU"

    def __init__(self, text: Any, *_: Any) -> None:
        if not isinstance(text, str) or len(text) > 12 or text.lstrip("<>|=")[:1] not in self._KINDS:
            raise RefusedError(f"an array of the type {text!r}")
        self._text, self._order = text.lstrip("<>|="), "="

    def __setstate__(self, state: Any) -> None:
        if not isinstance(state, tuple) or len(state) < 5 or any(part is not None for part in state[2:5]):
            raise RefusedError("an array of records")
        self._order = state[1] if state[1] in ("<", ">", "|", "=") else "="

    def true(self) -> np.dtype:
        """The type itself."""
        found = np.dtype(self._text)
        return found if self._order == "|" else found.newbyteorder(self._order)  # type: ignore[arg-type]


class _Array:
    """An array on its way; nothing is copied, so that one text of bytes cannot become many."""

    __slots__ = ("array",)

    def __init__(self) -> None:
        self.array: np.ndarray | None = None

    @classmethod
    def of_buffer(cls, data: Any, dtype: Any, shape: Any, order: Any = "C") -> "_Array":
        """Of the call that the fifth protocol writes."""
        made = cls()
        made._set(shape, dtype, order == "F", data)
        return made

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, fortran, data = state
        self._set(shape, dtype, bool(fortran), data)

    def _set(self, shape: Any, dtype: Any, fortran: bool, data: Any) -> None:
        if not isinstance(dtype, _Dtype):
            raise RefusedError("an array without a type")
        if not isinstance(data, bytes | bytearray):
            raise RefusedError(f"an array of {type(data).__name__} objects")
        if not isinstance(shape, tuple) or not all(type(n) is int and n >= 0 for n in shape):
            raise RefusedError(f"an array of shape {shape!r}")
        true = dtype.true()
        if prod(shape) * true.itemsize != len(data):
            raise RefusedError(f"an array of {shape} {true} in {len(data):,} bytes")
        flat = np.frombuffer(bytes(data), true) if len(data) else np.zeros(0, true)
        self.array = flat.reshape(shape, order="F" if fortran else "C")


def _plain(found: Any) -> Any:
    """Values with arrays in the place of records; what is held twice is made once."""
    return _made(found, {}, 0)


def _made(found: Any, known: dict[int, Any], depth: int) -> Any:
    if found is None or type(found) in (bool, int, float, str, bytes, bytearray):
        return found
    if depth > DEEPEST:
        raise RefusedError(f"lists within lists, {DEEPEST} deep")
    if id(found) in known:
        return known[id(found)]
    known[id(found)] = None  # of one that holds itself
    known[id(found)] = made = _one(found, known, depth + 1)
    return made


def _one(found: Any, known: dict[int, Any], depth: int) -> Any:
    if isinstance(found, _Array):
        if found.array is None:
            raise RefusedError("an array without pixels")
        return found.array
    if type(found) is list:
        return [_made(value, known, depth) for value in found]
    if type(found) is tuple:
        return tuple(_made(value, known, depth) for value in found)
    if type(found) is dict:
        if not all(type(key) in (str, int, float, bool) for key in found):
            raise RefusedError("a dict with keys that are no texts")
        return {key: _made(value, known, depth) for key, value in found.items()}
    raise RefusedError(f"a {getattr(found, 'name', type(found).__name__)} alone")
