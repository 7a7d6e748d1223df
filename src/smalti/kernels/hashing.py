"""Difference hashes of many small pictures, and clusters of hashes that differ in few bits."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic

from smalti.kernels._compile import compiled

__all__ = ["INDEXED_ABOVE", "difference_hash", "leader_clusters", "spread"]

INDEXED_ABOVE = 100_000
"""Exemplars from which on an index finds them sooner than a look at all of them."""

_BLOCK = 4096
"""Items that are compared with the exemplars before them at once, and then with one another."""

_CHUNK = 1024
"""Exemplars that stay in the first cache while all items of a block are compared with them."""

_BITS = 16
"""Of a part of a hash, by which exemplars are found; there are 2**16 buckets a part."""

_PROBES = 40_000
"""Buckets to look into for one item above which a look at all exemplars takes less."""


_Masks = tuple[np.ndarray, np.ndarray]


@intrinsic  # type: ignore[untyped-decorator]  # numba has no types
def _bit_count(typing_context: Any, word: Any) -> Any:
    """Number of ones in 64 bits; one instruction, and eight words an instruction where the processor can."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), emit


def leader_clusters(hashes: np.ndarray, distance: int, threads: int = 1) -> np.ndarray:
    """The exemplar of each item: an item is kept unless an earlier kept one is within `distance` bits.

    Which are kept is the published rule: the first item left is an exemplar, and all within `distance` of it
    go. There, what goes belongs to the first exemplar that reaches it; here to the nearest of the exemplars
    before it, of several to the earliest. So the exemplars are the same, and members lie closer to theirs.

    Up to `INDEXED_ABOVE` exemplars each item is compared with all. Above, exemplars are found by parts of 16
    bits, taken in turns (multi-index hashing: of parts of two hashes within the distance, one must be nearly
    the same). The result is the same to the last item, whatever the number of threads.

    Parameters
    ----------
    hashes
        uint64 (items,) or, of more than 64 bits, (items, words).
    distance
        Bits in which two that count as duplicates may differ.
    threads
        That work at once.

    Returns
    -------
    numpy.ndarray
        int64 (items,): the index of the exemplar; of an exemplar its own.
    """
    words = np.ascontiguousarray(hashes, np.uint64).reshape(len(hashes), -1 if len(hashes) else 1)
    found = np.empty(len(words), np.int64)
    with ThreadPoolExecutor(max(1, threads)) as pool:
        _cluster(words, distance, found, pool, max(1, threads))
    return found


def _cluster(
    words: np.ndarray, distance: int, found: np.ndarray, pool: ThreadPoolExecutor, threads: int
) -> None:
    kept, ids, n = np.empty_like(words), np.empty(len(words), np.int64), 0
    index: _Index | None = None
    masks = _masks(words.shape[1], distance)
    for start in range(0, len(words), _BLOCK):
        block = words[start : start + _BLOCK]
        best = np.full(len(block), distance + 1, np.int64)
        nearest = np.full(len(block), -1, np.int64)
        if masks is not None and n > INDEXED_ABOVE and (index is None or n > 1.25 * index.n):
            index = _Index.of(kept[:n])
        search = partial(_search, block, best, nearest, kept[:n], index, masks, distance)
        _in_parts(search, len(block), pool, threads)
        n = _among(block, start, distance, best, nearest, kept, ids, n, found[start:])


def _search(
    block: np.ndarray,
    best: np.ndarray,
    nearest: np.ndarray,
    kept: np.ndarray,
    index: "_Index | None",
    masks: _Masks | None,
    distance: int,
    part: slice,
) -> None:
    """Nearest exemplar before their block of a part of its items: of an index, and of those since."""
    since = 0
    if index is not None and masks is not None:
        since = index.n
        _probe(block[part], index.starts, index.words, index.ids, masks, distance, best[part], nearest[part])
    _compare(block[part], kept[since:], since, best[part], nearest[part])


def _in_parts(work: Callable[[slice], None], n: int, pool: ThreadPoolExecutor, threads: int) -> None:
    step = -(-n // threads)
    for done in [pool.submit(work, slice(at, at + step)) for at in range(0, n, max(1, step))]:
        done.result()


@compiled
def _compare(block: np.ndarray, kept: np.ndarray, first: int, best: np.ndarray, nearest: np.ndarray) -> None:
    """Nearest of some exemplars for each item, where it is nearer than `best`; they count from `first`."""
    words = block.shape[1]
    for low in range(0, len(kept), _CHUNK):
        high = min(low + _CHUNK, len(kept))
        for i in range(len(block)):
            least = np.int64(64 * words + 1)
            if words == 1:
                word = block[i, 0]
                for k in range(low, high):
                    least = min(least, np.int64(_bit_count(word ^ kept[k, 0])))
            else:
                for k in range(low, high):
                    bits = np.int64(0)
                    for w in range(words):
                        bits += np.int64(_bit_count(block[i, w] ^ kept[k, w]))
                    least = min(least, bits)
            if least >= best[i]:
                continue
            best[i] = least
            for k in range(low, high):
                bits = np.int64(0)
                for w in range(words):
                    bits += np.int64(_bit_count(block[i, w] ^ kept[k, w]))
                if bits == least:
                    nearest[i] = first + k
                    break


@compiled
def _among(
    block: np.ndarray,
    start: int,
    distance: int,
    best: np.ndarray,
    nearest: np.ndarray,
    kept: np.ndarray,
    ids: np.ndarray,
    n: int,
    found: np.ndarray,
) -> int:
    """Items that no exemplar before their block is near to, in order: kept, or near one just kept."""
    words, before = block.shape[1], n
    for i in range(len(block)):
        for k in range(before, n):
            bits = np.int64(0)
            for w in range(words):
                bits += np.int64(_bit_count(block[i, w] ^ kept[k, w]))
            if bits < best[i]:
                best[i] = bits
                nearest[i] = k
        if nearest[i] < 0:
            for w in range(words):
                kept[n, w] = block[i, w]
            ids[n] = start + i
            nearest[i] = n
            n += 1
        found[i] = ids[nearest[i]]
    return n


class _Index:
    """Exemplars in buckets, by each part of 16 bits: where buckets begin, and what lies in them."""

    __slots__ = ("ids", "n", "starts", "words")

    def __init__(self, starts: np.ndarray, words: np.ndarray, ids: np.ndarray) -> None:
        self.starts, self.words, self.ids, self.n = starts, words, ids, ids.shape[1]

    @classmethod
    def of(cls, kept: np.ndarray) -> "_Index":
        """Of exemplars (exemplars, words); in a bucket in their order."""
        n, words = kept.shape
        parts = words * 64 // _BITS
        starts = np.zeros((parts, 2**_BITS + 1), np.int64)
        sorted_words, ids = np.empty((parts, n, words), np.uint64), np.empty((parts, n), np.int64)
        for part in range(parts):
            _sort(kept, part, parts, starts[part], sorted_words[part], ids[part])
        return cls(starts, sorted_words, ids)


@compiled
def _part_of(words: np.ndarray, part: int, parts: int) -> int:
    """Every so many-th bit of a hash: neighbours, which often agree, fall into different parts."""
    key = 0
    for i in range(_BITS):
        at = part + i * parts
        key |= int((words[at // 64] >> np.uint64(at % 64)) & np.uint64(1)) << i
    return key


@compiled
def _sort(
    kept: np.ndarray, part: int, parts: int, starts: np.ndarray, words: np.ndarray, ids: np.ndarray
) -> None:
    """Sort by one part, counting."""
    keys = np.empty(len(kept), np.int64)
    for k in range(len(kept)):
        keys[k] = _part_of(kept[k], part, parts)
        starts[keys[k] + 1] += 1
    for key in range(len(starts) - 1):
        starts[key + 1] += starts[key]
    ends = starts.copy()
    for k in range(len(kept)):
        at = ends[keys[k]]
        ends[keys[k]] += 1
        ids[at] = k
        for w in range(kept.shape[1]):
            words[at, w] = kept[k, w]


def _masks(words: int, distance: int) -> _Masks | None:
    """Changes of a part to look for, fewest bits first, and where those of each number of bits begin.

    None where there would be so many that a look at all exemplars takes less.
    """
    parts = words * 64 // _BITS
    radius = distance // parts
    every = np.arange(2**_BITS, dtype=np.int64)
    bits = np.bitwise_count(every).astype(np.int64)
    order = np.argsort(bits, kind="stable")
    begins = np.searchsorted(bits[order], np.arange(_BITS + 2))
    full = distance % parts + 1
    n_probes = full * begins[min(radius, _BITS) + 1] + (parts - full) * begins[min(radius, _BITS)]
    return (every[order], begins) if n_probes <= _PROBES else None


@compiled
def _probe(
    block: np.ndarray,
    starts: np.ndarray,
    words: np.ndarray,
    ids: np.ndarray,
    masks: _Masks,
    distance: int,
    best: np.ndarray,
    nearest: np.ndarray,
) -> None:
    """Nearest of the exemplars of an index for each item, where it is nearer than `best`.

    Two hashes within r bits agree in one of p parts up to r // p bits; when all parts were looked at with k
    bits changed, all within p (k + 1) - 1 bits are found. Of the last number of bits the first r % p + 1
    parts are enough.
    """
    changes, begins = masks
    parts, n_words = len(starts), block.shape[1]
    keys = np.empty(parts, np.int64)
    for i in range(len(block)):
        for part in range(parts):
            keys[part] = _part_of(block[i], part, parts)
        for radius in range(distance // parts + 1):
            if best[i] < parts * radius:  # all that are as near are found
                break
            last = parts if radius < distance // parts else distance % parts + 1
            for part in range(last):
                for change in range(begins[radius], begins[radius + 1]):
                    key = keys[part] ^ changes[change]
                    for at in range(starts[part, key], starts[part, key + 1]):
                        bits = np.int64(0)
                        for w in range(n_words):
                            bits += np.int64(_bit_count(block[i, w] ^ words[part, at, w]))
                        if bits < best[i] or (bits == best[i] and ids[part, at] < nearest[i]):
                            best[i] = bits
                            nearest[i] = ids[part, at]


def difference_hash(pictures: np.ndarray, size: int = 8) -> np.ndarray:
    """Whether it grows brighter to the right, in `size` rows of `size` steps.

    A picture is cut into `size` rows of `size` + 1 cells of equal area, across pixels where that does not
    come out even, and the sums of neighbouring cells are compared.

    Parameters
    ----------
    pictures
        uint8 (pictures, height, width), of any size from 1 × 1.
    size
        8 for 64 bits, 16 for 256.

    Returns
    -------
    numpy.ndarray
        uint64 (pictures,), or (pictures, size² / 64); the first step of the first row is the highest bit.
    """
    hashes = np.zeros((len(pictures), size * size // 64), np.uint64)
    _hash(np.ascontiguousarray(pictures), size, hashes)
    return hashes[:, 0] if size == 8 else hashes


@compiled
def _hash(pictures: np.ndarray, size: int, hashes: np.ndarray) -> None:
    n, height, width = pictures.shape
    columns = np.empty(width, np.uint32)
    cells = np.empty(size + 1, np.int64)
    for i in range(n):
        picture = pictures[i]
        for row in range(size):
            _sum_rows(picture, row * height, (row + 1) * height, size, columns)
            _sum_cells(columns, size + 1, cells)
            for step in range(size):
                if cells[step + 1] > cells[step]:
                    at = row * size + step
                    hashes[i, at // 64] |= np.uint64(1) << np.uint64(63 - at % 64)


@compiled
def _sum_rows(picture: np.ndarray, low: int, high: int, unit: int, columns: np.ndarray) -> None:
    """Sums of columns from `low` to `high`, in parts of which a row has `unit`."""
    columns[:] = 0
    first, last = -(-low // unit), high // unit
    for y in range(first, last):
        row = picture[y]
        for x in range(len(columns)):
            columns[x] += row[x]
    for x in range(len(columns)):
        columns[x] *= np.uint32(unit)
    if last < first:  # within one row
        _add_row(picture[last], high - low, columns)
        return
    if low < first * unit:
        _add_row(picture[first - 1], first * unit - low, columns)
    if high > last * unit:
        _add_row(picture[last], high - last * unit, columns)


@compiled
def _add_row(row: np.ndarray, weight: int, columns: np.ndarray) -> None:
    for x in range(len(columns)):
        columns[x] += np.uint32(weight) * np.uint32(row[x])


@compiled
def _sum_cells(columns: np.ndarray, n: int, cells: np.ndarray) -> None:
    """Sums over `n` cells of equal width, in parts of which a column has `n`."""
    width = len(columns)
    for cell in range(n):
        low, high = cell * width, (cell + 1) * width
        first, last = -(-low // n), high // n
        total = np.int64(0)
        if last < first:
            cells[cell] = np.int64(columns[last]) * (high - low)
            continue
        for x in range(first, last):
            total += np.int64(columns[x])
        total *= n
        if low < first * n:
            total += np.int64(columns[first - 1]) * (first * n - low)
        if high > last * n:
            total += np.int64(columns[last]) * (high - last * n)
        cells[cell] = total


def spread(pictures: np.ndarray) -> np.ndarray:
    """Standard deviation of the pixels, and of means of 8 × 8 of them, in which noise is an eighth.

    Parameters
    ----------
    pictures
        uint8 (pictures, height, width).

    Returns
    -------
    numpy.ndarray
        float64 (pictures, 2), in grey levels.
    """
    found = np.empty((len(pictures), 2))
    _spread(np.ascontiguousarray(pictures), found)
    return found


@compiled
def _spread(pictures: np.ndarray, found: np.ndarray) -> None:
    n, height, width = pictures.shape
    side_y, side_x = min(8, height), min(8, width)
    columns = np.empty(width, np.uint32)
    for i in range(n):
        total, squares = np.int64(0), np.int64(0)
        means, means_squared, count = 0.0, 0.0, 0
        for top in range(0, height, side_y):
            columns[:] = 0
            for y in range(top, min(top + side_y, height)):
                row = pictures[i, y]
                of_row = np.uint32(0)
                for x in range(width):
                    value = np.uint32(row[x])
                    columns[x] += value
                    of_row += value * value
                squares += np.int64(of_row)
            for x in range(width):
                total += np.int64(columns[x])
            if top + side_y > height:
                continue
            for left in range(0, width - side_x + 1, side_x):
                block = np.uint32(0)
                for x in range(left, left + side_x):
                    block += columns[x]
                mean = block / (side_y * side_x)
                means += mean
                means_squared += mean * mean
                count += 1
        pixels = height * width
        found[i, 0] = _deviation(float(total), float(squares), pixels)
        found[i, 1] = _deviation(means, means_squared, count)


@compiled
def _deviation(total: float, squares: float, n: int) -> float:
    mean = total / n
    return float(np.sqrt(max(0.0, squares / n - mean * mean)))
