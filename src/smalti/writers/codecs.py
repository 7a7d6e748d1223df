"""What a compressor is in Zarr's metadata, and what it does to bytes."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from smalti.writers.compressors import check_level, family_of

__all__ = ["Codec", "codec_of", "codec_words"]

ZSTD_BLOCK = 1 << 18
"""Bytes that zstd packs at a time inside Blosc, whose own choice are pieces of 16 kB: with these an image of
0.5 MB (16 bit) takes 30 % less time to pack, 45 % less to unpack, and 2 % less room."""


@dataclass(frozen=True, slots=True)
class Codec:
    """How the bytes of one chunk are packed.

    Parameters
    ----------
    zarr
        The codec of zarr-python that does the same, for the metadata; None for no compression.
    plain
        The codec of numcodecs that does the same, for the metadata of Zarr 2.
    encode, decode
        From the bytes of a chunk to what is stored, and back; both let other threads run.
    """

    zarr: Any
    plain: Any
    encode: Callable[[Any], bytes | bytearray]
    decode: Callable[[bytes], Any]


def codec_of(name: str, level: int | None, dtype: np.dtype) -> Codec:
    """The codec for pixels of a type; of Blosc with bit shuffle for one byte a pixel, byte shuffle for more.

    Raises
    ------
    UnknownNameError
        There is no compressor of that name.
    UsageError
        It has no such level.
    """
    check_level(name, level)
    if name == "none":
        return Codec(None, None, bytes, bytes)
    return _packed(family_of(name), name, 1 if level is None else level, dtype)


def _packed(family: str, name: str, level: int, dtype: np.dtype) -> Codec:
    import imagecodecs
    import numcodecs
    from zarr import codecs

    if family == "zstd":
        zstd = numcodecs.Zstd(level)
        return Codec(codecs.ZstdCodec(level=level), zstd, zstd.encode, zstd.decode)
    if family == "gzip":
        gzip = numcodecs.GZip(level)
        return Codec(codecs.GzipCodec(level=level), gzip, gzip.encode, gzip.decode)
    kind = name.removeprefix("blosc-")
    bits = dtype.itemsize == 1
    shuffle = ("bitshuffle" if bits else "shuffle") if name.startswith("blosc-") else "noshuffle"
    block = ZSTD_BLOCK if kind == "zstd" else 0
    packing = partial(  # takes 15 to 30 % less time than numcodecs for the same bytes
        imagecodecs.blosc_encode,
        level=level,
        compressor=kind,
        shuffle={"noshuffle": 0, "shuffle": 1, "bitshuffle": 2}[shuffle],
        typesize=dtype.itemsize,
        blocksize=block,
        numthreads=1,
    )
    stated = codecs.BloscCodec(
        cname=kind, clevel=level, shuffle=shuffle, typesize=dtype.itemsize, blocksize=block
    )
    plain = numcodecs.Blosc(kind, level, packing.keywords["shuffle"], block, dtype.itemsize)
    return Codec(stated, plain, packing, plain.decode)


def codec_words(codecs: list[dict[str, Any]]) -> str:
    """Compression as the metadata of an array state it: ``"blosc (zstd, level 1, bitshuffle)"``."""
    found = {codec["name"]: codec.get("configuration", {}) for codec in codecs}
    if "sharding_indexed" in found:
        return codec_words(found["sharding_indexed"]["codecs"])
    if "blosc" in found:
        told = found["blosc"]
        return f"blosc ({told['cname']}, level {told['clevel']}, {told['shuffle']})"
    for name in ("zstd", "gzip"):
        if name in found:
            return f"{name} (level {found[name]['level']})"
    others = [name for name in found if name not in ("bytes", "transpose", "crc32c")]
    return ", ".join(others) or "none"
