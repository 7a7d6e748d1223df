"""What a pickle would do, read step by step without doing it."""

import pickletools
from typing import Any, BinaryIO, ClassVar

__all__ = ["DEEPEST", "RefusedError", "check_name", "look_over"]

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
DEEPEST = 32
"""Lists in lists; old files have two."""


class RefusedError(Exception):
    """Why a pickle is not read."""


def check_name(module: str, name: str = "") -> None:
    """Raise RefusedError unless NumPy writes this name for an array."""
    if (module, name) not in _KNOWN:
        raise RefusedError(f"{module}.{name}")


def look_over(file: BinaryIO, size: int) -> None:
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
                raise RefusedError(f"the step {code.name}{what}, which arrays do not need")
            if code.name == "GLOBAL":
                check_name(*str(argument).split(" ", 1))
            if code.name in ("PUT", "BINPUT", "LONG_BINPUT"):
                stored = max(stored, int(argument))  # type: ignore[arg-type]
            if code.name == "FRAME" and int(argument) > size:  # type: ignore[arg-type]
                raise RefusedError(f"a frame of {argument:,} bytes in a file of {size:,}")
            nested.do(code.name, argument)
            steps += 1
    except ValueError as error:
        raise RefusedError(f"no whole pickle ({error})") from None
    if stored > steps:
        raise RefusedError(f"a memo of {stored:,} entries for {steps:,} steps")


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
        if depth > DEEPEST:
            raise RefusedError(f"lists within lists, {DEEPEST} deep")
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
