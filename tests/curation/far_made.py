"""Volumes in every format that ``sample`` reads, written by tensorstore; and servers that answer badly."""

import json
import re
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from socket import SHUT_RDWR
from threading import Event, Lock

import numpy as np
import tensorstore as ts

FORMATS = ("ome04", "ome05", "n5", "cosem", "precomputed")
SHAPE = (21, 45, 70)
NM = (30.0, 4.0, 5.0)
"""Of a voxel along z, y and x."""
PLACE = (60.0, 8.0, 15.0)
"""Of the first voxel, in nm."""
N_LEVELS = 3


def pixels_of(shape=SHAPE, dtype="uint8", seed=0):
    """Noise without a 0."""
    return np.random.default_rng(seed).integers(1, 250, shape).astype(dtype)


def write(folder: Path, form: str, pixels: np.ndarray, chunk=(8, 16, 16), levels: int = N_LEVELS) -> Path:
    """A volume in a format, with levels that are coarser along y and x."""
    arrays = [pixels[:, :: 2**n, :: 2**n] for n in range(levels)]
    steps = [(NM[0], NM[1] * 2**n, NM[2] * 2**n) for n in range(levels)]
    {
        "ome04": partial(_ome, version="0.4"),
        "ome05": partial(_ome, version="0.5"),
        "n5": _n5,
        "cosem": _cosem,
        "precomputed": _precomputed,
    }[form](folder, arrays, steps, chunk)
    return folder


def put(folder: Path, name: str, value: object) -> None:
    """A file of metadata."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps(value))


def store(driver: str, folder: Path, pixels: np.ndarray, **spec: object) -> None:
    """An array."""
    kvstore = {"driver": "file", "path": f"{folder}/"}
    made = ts.open({"driver": driver, "kvstore": kvstore, **spec}, create=True).result()
    made.write(pixels).result()


def zarr2(folder: Path, pixels: np.ndarray, chunk) -> None:
    metadata = {"shape": pixels.shape, "chunks": chunk, "dtype": pixels.dtype.newbyteorder(">").str}
    store("zarr", folder, pixels, metadata=metadata)


def zarr3(folder: Path, pixels: np.ndarray, chunk) -> None:
    metadata = {
        "shape": pixels.shape,
        "data_type": str(pixels.dtype),
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunk}},
    }
    store("zarr3", folder, pixels, metadata=metadata)


def multiscale(steps, axes=("z", "y", "x"), place=PLACE) -> dict:
    """What OME-Zarr says of levels ``0``, ``1`` …"""
    datasets = [
        {
            "path": str(n),
            "coordinateTransformations": [
                {"type": "scale", "scale": list(one)},
                {"type": "translation", "translation": list(place)},
            ],
        }
        for n, one in enumerate(steps)
    ]
    other = {"t": {"type": "time"}, "c": {"type": "channel"}}
    space = {"type": "space", "unit": "nanometer"}
    named = [{"name": axis, **other.get(axis, space)} for axis in axes]
    return {"version": "0.4", "axes": named, "datasets": datasets}


def _ome(folder, arrays, steps, chunk, version):
    for n, pixels in enumerate(arrays):
        (zarr2 if version == "0.4" else zarr3)(folder / str(n), pixels, chunk)
    if version == "0.4":
        put(folder, ".zattrs", {"multiscales": [multiscale(steps)]})
        put(folder, ".zgroup", {"zarr_format": 2})
    else:
        ome = {"version": "0.5", "multiscales": [multiscale(steps)]}
        put(folder, "zarr.json", {"zarr_format": 3, "node_type": "group", "attributes": {"ome": ome}})


def n5(folder: Path, pixels: np.ndarray, chunk, **attributes: object) -> None:
    """One level, as N5 stores it: sizes with x first."""
    metadata = {
        "dataType": str(pixels.dtype),
        "dimensions": pixels.shape[::-1],
        "blockSize": chunk[::-1],
        "compression": {"type": "gzip"},
    }
    store("n5", folder, pixels.T, metadata=metadata)
    known = json.loads((folder / "attributes.json").read_text())
    put(folder, "attributes.json", {**known, **attributes})


def _n5(folder, arrays, steps, chunk):
    """As n5-viewer writes it."""
    for n, pixels in enumerate(arrays):
        n5(folder / f"s{n}", pixels, chunk, downsamplingFactors=[2**n, 2**n, 1])
    put(folder, "attributes.json", {"pixelResolution": {"unit": "nm", "dimensions": NM[::-1]}})


def _cosem(folder, arrays, steps, chunk):
    for n, (pixels, one) in enumerate(zip(arrays, steps, strict=True)):
        transform = {"axes": ["z", "y", "x"], "scale": one, "translate": PLACE, "units": ["nm"] * 3}
        n5(folder / f"s{n}", pixels, chunk, transform=transform)


def _precomputed(folder, arrays, steps, chunk):
    for pixels, (z, y, x) in zip(arrays, steps, strict=True):
        first = [round(at / step) for at, step in zip(PLACE[::-1], (x, y, z), strict=True)]
        scale = {
            "size": pixels.shape[::-1],
            "resolution": [x, y, z],
            "encoding": "raw",
            "chunk_size": chunk[::-1],
            "voxel_offset": first,
        }
        more = {"multiscale_metadata": {"data_type": str(pixels.dtype), "num_channels": 1, "type": "image"}}
        store("neuroglancer_precomputed", folder, pixels.T[..., None], scale_metadata=scale, **more)


class Counting(SimpleHTTPRequestHandler):
    """Counts what it is asked for, and may answer badly: see `kind`."""

    asked: list[str]
    bad: tuple[str, int] = ("", 0)
    """What goes wrong, of every n-th request for a chunk."""
    _one = Lock()

    def log_message(self, *words):
        pass

    def do_GET(self):
        with self._one:
            self.asked.append(self.path)
            number = sum("/c/" in path for path in self.asked)
        kind, every = self.bad
        if kind and "/c/" in self.path and number % every == 0:
            getattr(self, f"_{kind}")()
        elif wanted := re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", "")):
            self._part(*wanted.groups())
        else:
            super().do_GET()

    def _part(self, start, stop):
        """Some bytes of a file, which the server of Python itself does not give."""
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        data = path.read_bytes()
        first = int(start) if start else max(0, len(data) - int(stop))
        last = min(int(stop), len(data) - 1) if start and stop else len(data) - 1
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
        self.send_header("Content-Length", str(last + 1 - first))
        self.end_headers()
        self.wfile.write(data[first : last + 1])

    def _drop(self):
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        self.wfile.write(b"x" * 100)
        self.wfile.flush()
        self.connection.shutdown(SHUT_RDWR)
        self.close_connection = True

    def _trickle(self):
        data = Path(self.translate_path(self.path)).read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        for at in range(0, len(data), 256):
            self.wfile.write(data[at : at + 256])
            self.wfile.flush()
            Event().wait(0.01)  # a slow line

    def _busy(self):
        self.send_error(503)

    def _refuse(self):
        self.send_error(403)


def server(kind: str = "", every: int = 1) -> type[Counting]:
    """A handler of its own that counts, and answers every n-th request for a chunk badly."""
    return type("Handler", (Counting,), {"asked": [], "bad": (kind, every)})
