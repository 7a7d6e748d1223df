"""Old ``.pkl`` files of patches, read without running anything of them.

A pickle is a program: it may call whatever it names. Here it can name only what NumPy writes for an array,
and what stands behind these names is ours: records that check what they are given. Everything else is
refused by its name before a single step of the program is done.
"""

import os
import pickle
import pickletools
import struct
from math import prod
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import numpy as np

from smalti.core.errors import UsageError

__all__ = ["read_pickle"]

_ARRAYS = {
    (module, name)
    for module in ("numpy.core.multiarray", "numpy._core.multiarray")
    for name in ("_reconstruct",)
} | {(module, "_frombuffer") for module in ("numpy.core.numeric", "numpy._core.numeric")}
_KNOWN = _ARRAYS | {("numpy", "ndarray"), ("numpy", "dtype"), ("_codecs", "encode"), ("__builtin__", "bytes")}

_REFUSED = {
    *("INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "EXT1", "EXT2", "EXT4", "PERSID", "BINPERSID"),
    *("EMPTY_SET", "ADDITEMS", "FROZENSET", "NEXT_BUFFER", "READONLY_BUFFER"),
}
_DEEPEST = 32
"""Lists in lists; old files have two."""


class _RefusedError(Exception):
    """Why a pickle is not read."""


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
            _look_over(file, size)
            file.seek(0)
            return _plain(_Reader(file).load())
    except _RefusedError as error:
        raise UsageError(
            f"{path} holds {error}; only arrays, texts, numbers, lists, tuples and dicts are read, and "
            "nothing of it was run"
        ) from None
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, EOFError, OverflowError, MemoryError,
            struct.error, pickle.UnpicklingError, UnicodeDecodeError) as error:  # fmt: skip
        raise UsageError(f"{path} is no whole pickle: {type(error).__name__}: {error}") from error


def _look_over(file: BinaryIO, size: int) -> None:
    """Read the program without doing it, so that nothing is allocated that the file is not large enough for.

    The unpickler makes room for what a step declares before it reads it, and a table as long as the highest
    number that a step stores something under; and a tuple within tuples within tuples that is the key of a
    dict would take the process down.
    """
    nested = _Nested()
    stored, steps = 0, 0
    try:
        for code, argument, _ in pickletools.genops(_Bounded(file, size)):  # type: ignore[arg-type]  # a file
            if code.name in _REFUSED:
                what = f" of {argument!r}" if argument is not None else ""
                raise _RefusedError(f"the step {code.name}{what}, which arrays do not need")
            if code.name == "GLOBAL":
                _known(*str(argument).split(" ", 1))
            if code.name in ("PUT", "BINPUT", "LONG_BINPUT"):
                stored = max(stored, int(argument))  # type: ignore[arg-type]
            if code.name == "FRAME" and int(argument) > size:  # type: ignore[arg-type]
                raise _RefusedError(f"a frame of {argument:,} bytes in a file of {size:,}")
            nested.do(code.name, argument)
            steps += 1
    except ValueError as error:
        raise _RefusedError(f"no whole pickle ({error})") from None
    if stored > steps:
        raise _RefusedError(f"a memo of {stored:,} entries for {steps:,} steps")


class _Nested:
    """How deep what the program makes is nested, step by step."""

    _SINGLE: ClassVar[dict[str, int]] = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
    _POPS: ClassVar[dict[str, int]] = {"REDUCE": 2, "STACK_GLOBAL": 2}

    def __init__(self) -> None:
        self._stack: list[int] = []
        self._marks: list[int] = []
        self._memo: dict[Any, int] = {}

    def do(self, name: str, argument: Any) -> None:
        """Follow one step; IndexError where there is nothing on the stack that it needs."""
        stack = self._stack
        if name == "MARK":
            self._marks.append(len(stack))
        elif name in self._SINGLE:
            self._wrap(len(stack) - self._SINGLE[name])
        elif name in ("TUPLE", "LIST", "DICT"):
            self._wrap(self._marks.pop())
        elif name in ("APPENDS", "SETITEMS", "APPEND", "SETITEM"):
            start = self._marks.pop() if name.endswith("S") else len(stack) - (1 + (name == "SETITEM"))
            self._wrap(start)
            inside = stack.pop()
            stack[-1] = max(stack[-1], inside)
        elif name in self._POPS:
            del stack[len(stack) - self._POPS[name] :]
            stack.append(0)
        elif name in ("POP", "BUILD", "STOP"):
            stack.pop()
        elif name == "POP_MARK":
            del stack[self._marks.pop() :]
        elif name == "DUP":
            stack.append(stack[-1])
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            stack.append(self._memo[argument])
        elif name in ("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"):
            self._memo[len(self._memo) if name == "MEMOIZE" else argument] = stack[-1]
        elif name not in ("PROTO", "FRAME"):
            stack.append(0)

    def _wrap(self, start: int) -> None:
        if start < 0:
            raise IndexError("a step needs more than there is")
        depth = 1 + max(self._stack[start:], default=0)
        if depth > _DEEPEST:
            raise _RefusedError(f"lists within lists, {_DEEPEST} deep")
        self._stack[start:] = [depth]


class _Bounded:
    """A file of which nothing is asked that it does not have."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self._size = file, size

    def read(self, n: int) -> bytes:
        return self._file.read(min(n, self._size))

    def readline(self) -> bytes:
        return self._file.readline()

    def tell(self) -> int:
        return self._file.tell()


class _Reader(pickle.Unpickler):
    """An unpickler that finds nothing but what arrays are made of."""

    def find_class(self, module: str, name: str) -> Any:
        """What stands behind a name: a maker of ours, never the thing itself."""
        _known(module, name)
        return _Maker(name)

    def persistent_load(self, pid: Any) -> Any:
        raise _RefusedError(f"a reference to {pid!r} outside of it")


def _known(module: str, name: str = "") -> None:
    if (module, name) not in _KNOWN:
        raise _RefusedError(f"{module}.{name}")


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
                raise _RefusedError(f"a text in {codec!r}")
            return text.encode("latin1")
        raise _RefusedError(f"a call of numpy.{self.name}")

    def __setstate__(self, state: Any) -> None:
        raise _RefusedError(f"a state for numpy.{self.name}")


class _Dtype:
    """A type of pixels, by NumPy's short name of it."""

    __slots__ = ("_order", "_text")
    _KINDS: ClassVar[str] = "biufU"

    def __init__(self, text: Any, *_: Any) -> None:
        if not isinstance(text, str) or len(text) > 12 or text.lstrip("<>|=")[:1] not in self._KINDS:
            raise _RefusedError(f"an array of the type {text!r}")
        self._text, self._order = text.lstrip("<>|="), "="

    def __setstate__(self, state: Any) -> None:
        if not isinstance(state, tuple) or len(state) < 5 or any(part is not None for part in state[2:5]):
            raise _RefusedError("an array of records")
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
            raise _RefusedError("an array without a type")
        if not isinstance(data, bytes | bytearray):
            raise _RefusedError(f"an array of {type(data).__name__} objects")
        if not isinstance(shape, tuple) or not all(type(n) is int and n >= 0 for n in shape):
            raise _RefusedError(f"an array of shape {shape!r}")
        true = dtype.true()
        if prod(shape) * true.itemsize != len(data):
            raise _RefusedError(f"an array of {shape} {true} in {len(data):,} bytes")
        flat = np.frombuffer(bytes(data), true) if len(data) else np.zeros(0, true)
        self.array = flat.reshape(shape, order="F" if fortran else "C")


def _plain(found: Any) -> Any:
    """Values with arrays in the place of records; what is held twice is made once."""
    return _made(found, {}, 0)


def _made(found: Any, known: dict[int, Any], depth: int) -> Any:
    if found is None or type(found) in (bool, int, float, str, bytes, bytearray):
        return found
    if depth > _DEEPEST:
        raise _RefusedError(f"lists within lists, {_DEEPEST} deep")
    if id(found) in known:
        return known[id(found)]
    known[id(found)] = None  # of one that holds itself
    known[id(found)] = made = _one(found, known, depth + 1)
    return made


def _one(found: Any, known: dict[int, Any], depth: int) -> Any:
    if isinstance(found, _Array):
        if found.array is None:
            raise _RefusedError("an array without pixels")
        return found.array
    if type(found) is list:
        return [_made(value, known, depth) for value in found]
    if type(found) is tuple:
        return tuple(_made(value, known, depth) for value in found)
    if type(found) is dict:
        if not all(type(key) in (str, int, float, bool) for key in found):
            raise _RefusedError("a dict with keys that are no texts")
        return {key: _made(value, known, depth) for key, value in found.items()}
    raise _RefusedError(f"a {getattr(found, 'name', type(found).__name__)} alone")
