"""Numbers packed into bits, least significant bit first."""

from collections.abc import Sequence

from smalti.loaders._content import BrokenFileError

__all__ = ["Bits"]


class Bits:
    """Reads numbers of any number of bits from bytes, one after the other.

    Reading beyond the end raises `BrokenFileError`.
    """

    def __init__(self, data: bytes) -> None:
        self._number = int.from_bytes(data, "little")
        self._length = 8 * len(data)
        self._at = 0

    def number(self, n_bits: int) -> int:
        """The next `n_bits` as a number."""
        if self._at + n_bits > self._length:
            raise BrokenFileError("the header ends too early; the file is cut or damaged")
        found = self._number >> self._at & ((1 << n_bits) - 1)
        self._at += n_bits
        return found

    def flag(self) -> bool:
        """The next bit."""
        return bool(self.number(1))

    def choice(self, options: Sequence[tuple[int, int]]) -> int:
        """Two bits choose one of four options (base, bits): the base plus the number in so many bits."""
        base, n_bits = options[self.number(2)]
        return base + self.number(n_bits)
