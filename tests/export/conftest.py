"""Conversions without bars and with one process; what they wrote is read by zarr-python and Polars alone."""

import hashlib
import io
import json
import tarfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import tifffile
import zarr

import smalti
from smalti.core.options import read_options
from smalti.core.progress import Silent
from smalti.export import collection
from smalti.export.api import chosen
from smalti.export.convert import convert as run
from smalti.export.settings import ConvertOptions


@pytest.fixture(autouse=True, scope="session")
def _commit_often():
    """Commit at each full shard: so few pixels would be one commit."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(collection, "COMMIT_BYTES", 0)
        yield


class StoppedError(Exception):
    """Whoever watched the run had enough."""


class Stops(Silent):
    """Ends a run after so many images, as Ctrl-C would."""

    def __init__(self, after):
        self.after = after

    def update(self, state):
        if state.message == "converting" and state.done >= self.after:
            raise StoppedError


@pytest.fixture
def stops(monkeypatch):
    """``stops(n)``: a progress that ends a run after n images by ``stops.error``; full shards are commits."""
    monkeypatch.setattr("smalti.export.collection.COMMIT_BYTES", 1)
    make = Stops
    make.error = StoppedError
    return make


@pytest.fixture(scope="session")
def convert():
    """`smalti.convert`, quiet, with one process."""

    def convert(folders=None, output_dir="", **options):
        quiet = {"num_parallel_workers": 1, "progress": Silent()}
        return smalti.convert(folders, output_dir, **quiet | options)

    return convert


@pytest.fixture(scope="session")
def report():
    """Converts files as `convert` does, and gives the report."""

    def convert(folders, out, recursive=False, metadata=None, **options):
        asked = read_options(ConvertOptions, {"workers": 1} | options)
        return run(chosen(folders, recursive, metadata), str(out), asked, Silent())

    return convert


@pytest.fixture(scope="session")
def arrays():
    """``arrays(store)``: all arrays by path, read by zarr-python."""

    def read(store):
        root = zarr.open_group(store, mode="r")
        found = root.members(max_depth=None)
        return {path: node[...] for path, node in found if isinstance(node, zarr.Array)}

    return read


@pytest.fixture(scope="session")
def table():
    """``table(store)``: the parts of the table inside the store, which its attributes list, as one."""

    def read(store):
        parts = json.loads((Path(store) / "zarr.json").read_text())["attributes"]["parts"]
        frames = [pl.read_parquet(Path(store) / part) for part in parts]
        return pl.concat(frames, how="diagonal_relaxed")

    return read


@pytest.fixture(scope="session")
def images_of(arrays, table):
    """``images_of(store)``: the pixels of each row of the table that has some, without padding, by path."""

    def read(store):
        found, rows = arrays(store), table(store).filter(pl.col("error").is_null())
        pixels = {}
        for path, bucket, row, (c, h, w) in rows.select("path", "bucket", "row", "stored_shape").iter_rows():
            pixels.setdefault(path, []).append(found[bucket][row, :c, :h, :w])
        return pixels

    return read


@pytest.fixture(scope="session")
def write():
    """``write(folder, {name: array})``: a TIFF of each, or NPY when the name says so."""

    def write(folder, images):
        folder = Path(folder)
        for name, pixels in images.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix == ".npy":
                np.save(path, pixels)
            else:
                tifffile.imwrite(path, pixels, photometric="minisblack")
        return folder

    return write


@pytest.fixture(scope="session")
def noise():
    """``noise(n, shape, dtype)``: so many different images."""

    def made(n, shape=(6, 7), dtype=np.uint8, seed=0):
        values = np.random.default_rng(seed).normal(100, 40, (n, *shape))
        return values.astype(dtype)

    return made


@pytest.fixture(scope="session")
def prints():
    """``prints(folder)``: the name and content of every file below."""

    def look(folder):
        files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
        return {
            path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in files
        }

    return look


@pytest.fixture(scope="session")
def read_tars():
    """All samples of a folder of shards, by Python's own tarfile: key to pixels and metadata."""

    def read(folder):
        files = {}
        for path in sorted(folder.glob("*.tar*")):
            with path.open("rb") as stream, tarfile.open(fileobj=stream, mode="r|*") as tar:
                for member in tar:
                    assert member.name not in files
                    files[member.name] = tar.extractfile(member).read()
        keys = dict.fromkeys(name.partition(".")[0] for name in files)
        return {key: (_pixels(files, key), json.loads(files[f"{key}.json"])) for key in keys}

    return read


def _pixels(files, key):
    name = next(name for name in files if name.startswith(key) and not name.endswith(".json"))
    if name.endswith(".npy"):
        return np.load(io.BytesIO(files[name]))
    if name.endswith(".tiff"):
        return tifffile.imread(io.BytesIO(files[name]))
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(files[name])))


@pytest.fixture
def ome(tmp_path):
    """``ome(name, pixels, **metadata)``: an OME-TIFF in a folder of its own."""
    folder = tmp_path / "recordings"
    folder.mkdir()

    def write(name, pixels, **metadata):
        tifffile.imwrite(folder / name, pixels, ome=True, photometric="minisblack", metadata=metadata)
        return folder / name

    write.folder = folder
    return write


MODELS = {"multiscales": "image", "image-label": "label", "plate": "plate", "well": "well"}


@pytest.fixture(scope="session")
def assert_valid():
    """Every group of a store is as OME-Zarr says, as three programs read that; gives the models met."""
    import yaozarrs
    from ngff_zarr.validate import validate

    models_of = _models_of()

    def check(store, version):
        yaozarrs.validate_zarr_store(str(store))
        met = set()
        for attributes in _attributes(store):
            models = {MODELS[key] for key in MODELS.keys() & attributes.get("ome", attributes).keys()}
            for model in models:
                validate(attributes, version=version, model=model, strict=True)
            met |= models
        if (store / "OME").exists() and version == "0.5":
            return met  # of 0.5 ome-zarr-models knows no store of several images (bioformats2raw.layout)
        assert models_of(zarr.open_group(store, mode="r")).ome_zarr_version == version
        return met

    return check


def _models_of():
    """ome-zarr-models 1.6 leaves names in its models of 0.4 open, which pydantic 2.13 no longer finds."""
    import ome_zarr_models
    import pydantic_zarr.v2

    known = ome_zarr_models.v04
    for model in (known.Image, known.ImageLabel, known.Labels, known.Well, known.HCS, known.BioFormats2Raw):
        model.model_rebuild(_types_namespace=vars(pydantic_zarr.v2))
    return ome_zarr_models.open_ome_zarr


def _attributes(store):
    """Of all groups and arrays of a store."""
    for path in [*store.rglob("zarr.json"), *store.rglob(".zattrs")]:
        content = json.loads(path.read_text())
        yield content.get("attributes", {}) if path.name == "zarr.json" else content
