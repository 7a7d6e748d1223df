"""``README.md`` of a set of shards, by which ``datasets`` of Hugging Face opens its folder.

Left to guess, it takes what the first five samples state for the type of all: one that states more, such as a
position or a name, ends the reading. The card says what the columns are.
"""

from typing import Any

import polars as pl
import yaml

from smalti.export.shards.place import Place

__all__ = ["CARD", "card"]

CARD = "README.md"

_MARK = "Written by `smalti shards`"

_READ = {"png": "imagecodecs.png_decode(row['png'])", "tiff": "tifffile.imread(io.BytesIO(row['tiff']))"}

_GREY = ("bool", "uint8", "uint16", "int32", "float32")
"""What Pillow keeps, by which ``datasets`` opens images; of int8 it makes uint8, of 16-bit colours 8 bits."""


def card(place: Place, index: pl.DataFrame, image_format: str, compressed: bool) -> bytes | None:
    """The card; None where there is a file of this name that somebody else wrote.

    Parameters
    ----------
    place
        Where the set is.
    index
        Rows of `smalti.export.shards.index.INDEX`.
    image_format, compressed
        How samples and tar files are stored.
    """
    there = place.target.read(place.at(CARD))
    if there is not None and _MARK.encode() not in there:
        return None
    pixels = _pixels(index, image_format)
    files = f"{place.stem}-*.tar{'.gz' if compressed else ''}"
    told: dict[str, Any] = {"configs": [{"config_name": "default", "data_files": files}]}
    if pixels is not None:
        others = [{"name": "json", "dtype": "json"}]
        others += [{"name": name, "dtype": "string"} for name in ("__key__", "__url__")]
        told["dataset_info"] = {"features": [pixels, *others]}
    head = yaml.safe_dump(told, sort_keys=False, allow_unicode=True)
    return f"---\n{head}---\n{_text(place, index, image_format, pixels)}".encode("utf-8", "replace")


def _pixels(index: pl.DataFrame, image_format: str) -> dict[str, Any] | None:
    """The column of pixels; None where frames are of several types, which no column of ``datasets`` holds."""
    kinds = index.select("dtype", "colours").unique().rows()
    if image_format != "npy":
        return {"name": image_format, "dtype": "image" if all(map(_is_kept, kinds)) else "binary"}
    if len({(dtype, colours is None) for dtype, colours in kinds}) != 1:
        return None
    [(dtype, colours), *_] = kinds
    inner = {"list": dtype}
    return {"name": "npy", "list": inner if colours is None else {"list": inner}}


def _is_kept(kind: tuple[str, int | None]) -> bool:
    dtype, colours = kind
    return dtype in _GREY if colours is None else dtype == "uint8" and colours in (3, 4)


def _text(place: Place, index: pl.DataFrame, image_format: str, pixels: dict[str, Any] | None) -> str:
    note = ""
    if pixels is None and index.height:
        types = ", ".join(sorted(index["dtype"].unique()))
        note = _MIXED.format(types=types)
    elif pixels and pixels.get("dtype") == "binary":
        note = _BYTES.format(read=_READ[image_format])
    samples, recordings = f"{index.height:,}", f"{index['recording'].n_unique():,}"
    return _TEXT.format(
        mark=_MARK, stem=place.stem, samples=samples, recordings=recordings, format=image_format, note=note
    )


_TEXT = """# {stem}

{samples} samples of {recordings} recordings. {mark}.

- `{stem}-*.tar*`: of each sample its pixels (`{format}`) and what is known of it (`json`).
- `{stem}.index.parquet`: where each sample is, to read one alone.
- `dataset.yaml`: counts, what failed, and the JSON Schema of the samples.
{note}"""

_BYTES = """
Pillow would change these pixels, so `datasets` gives the bytes of each file: `{read}`.
"""

_MIXED = """
Its frames differ in their types ({types}) or colours, which `datasets` cannot have in one column;
`webdataset` reads them. Written with `--uint8` or `--image-format tiff` they open with both.
"""
