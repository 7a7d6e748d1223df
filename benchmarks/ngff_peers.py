"""Run by `ngff.py` in the environment of the others: looks at what smalti wrote, says what it finds."""

import json
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

MODELS = {"multiscales": "image", "image-label": "label", "plate": "plate", "well": "well"}
UNKNOWN = {("ome-zarr-models", "0.5", "several")}
"""Of 0.5 ome-zarr-models 1.7 knows no store of several images (bioformats2raw.layout)."""


def main(folder: str) -> int:
    """Print a line for each store and program; gives 1 when one of them is not content."""
    warnings.simplefilter("ignore")
    faults = 0
    for store in sorted(Path(folder).glob("*/*.ome.zarr")):
        version, name = store.parent.name, store.name.partition(".")[0]
        for peer, look in PEERS.items():
            if (peer, version, name) in UNKNOWN or (peer in READERS and name != "image"):
                continue
            try:
                look(store, version)
                found = "content"
            except Exception as error:
                found, faults = f"{type(error).__name__}: {error}", faults + 1
            print(f"{version} {name:8} {peer:16} {found}")
    return min(faults, 1)


def ngff_zarr(store: Path, version: str) -> None:
    """Strict schemas of every group."""
    from ngff_zarr.validate import validate

    for attributes in _attributes(store):
        for key in MODELS.keys() & attributes.get("ome", attributes).keys():
            validate(attributes, version=version, model=MODELS[key], strict=True)


def yaozarrs(store: Path, version: str) -> None:
    """Metadata and arrays together."""
    import yaozarrs as peer

    peer.validate_zarr_store(str(store))


def ome_zarr_models(store: Path, version: str) -> None:
    """Metadata and arrays together."""
    import ome_zarr_models as peer
    import zarr

    peer.open_ome_zarr(zarr.open_group(str(store), mode="r"))


def ome_zarr_py(store: Path, version: str) -> None:
    """Pixels of the first level."""
    from ome_zarr.io import parse_url
    from ome_zarr.reader import Reader

    nodes = [node for node in Reader(parse_url(str(store)))() if node.data]
    np.testing.assert_array_equal(nodes[0].data[0], np.load(store.parent / "pixels.npy"))


def bioio(store: Path, version: str) -> None:
    """Pixels of the first level, and their sizes."""
    from bioio_ome_zarr import Reader

    found = Reader(str(store))
    np.testing.assert_array_equal(found.data, np.load(store.parent / "pixels.npy"))
    assert tuple(found.physical_pixel_sizes or ()) == (2.0, 0.5, 0.5)


def _attributes(store: Path) -> Iterator[Any]:
    for path in [*store.rglob("zarr.json"), *store.rglob(".zattrs")]:
        content = json.loads(path.read_text())
        yield content.get("attributes", {}) if path.name == "zarr.json" else content


READERS: dict[str, Callable[[Path, str], None]] = {"ome-zarr-py": ome_zarr_py, "bioio-ome-zarr": bioio}
PEERS = {"ngff-zarr": ngff_zarr, "yaozarrs": yaozarrs, "ome-zarr-models": ome_zarr_models, **READERS}


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
