import numpy as np
import pytest
import tifffile


@pytest.fixture
def write_tiff(tmp_path):
    """Writes an array as TIFF at a path below ``tmp_path / "images"``, which it gives."""

    def write(name, pixels, **options):
        path = tmp_path / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        tifffile.imwrite(path, np.asarray(pixels), **options)
        return path

    return write
