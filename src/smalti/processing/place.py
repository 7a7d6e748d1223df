"""Which file a worker is at, told through eight bytes of shared memory: a message each cost a tenth."""

import mmap
import struct
from pathlib import Path

__all__ = ["Place"]

_FORM = struct.Struct("@qq")  # native: each of the two is written at once
_NONE = -1


class Place:
    """A small file that the worker writes and the driver looks at, also after the worker died.

    Parameters
    ----------
    path
        Made when it is not there.
    """

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(_FORM.pack(_NONE, 0))
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), _FORM.size)
        self._beats = 0

    def begin(self, batch: int, number: int) -> None:
        """Say that a file of a batch is begun, or goes on."""
        self._beats += 1
        _FORM.pack_into(self._memory, 0, batch << 32 | number, self._beats)

    def end(self) -> None:
        """Say that no file is begun."""
        self._beats += 1
        _FORM.pack_into(self._memory, 0, _NONE, self._beats)

    def look(self) -> tuple[tuple[int, int] | None, int]:
        """The batch and number of the file begun, if any, and a count that rises as long as work goes on."""
        at, beats = _FORM.unpack_from(self._memory)
        return (None if at == _NONE else (at >> 32, at & 0xFFFFFFFF)), beats

    def close(self) -> None:
        """Let go of the file."""
        self._memory.close()
