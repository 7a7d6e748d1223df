import io
import json
import tarfile

import numpy as np
import pytest
import tifffile


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
