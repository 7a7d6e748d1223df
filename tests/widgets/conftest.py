"""Projects whose tiles are looked at, pixel by pixel."""

from collections.abc import Callable, Mapping
from pathlib import Path

import imagecodecs
import numpy as np
import polars as pl
import pytest
import tifffile

import smalti
from smalti.core.progress import Silent
from smalti.processing.project import Project
from smalti.table.view import Table, ViewState
from smalti.widgets.sheets import Sheets


@pytest.fixture(scope="session")
def plankton(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Forty real colour images in many shapes."""
    output = tmp_path_factory.mktemp("plankton") / "plankton.smalti"
    return smalti.process(data / "plankton_whoi", output=output, progress=Silent())


@pytest.fixture(scope="session")
def odd(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Real 16-bit, float and multi-channel images, a lopsided one of each kind, and one that is no image."""
    folder = tmp_path_factory.mktemp("odd")
    images = folder / "images"
    images.mkdir()
    for name in REAL:
        (images / Path(name).name).write_bytes((data / name).read_bytes())
    corner = np.linspace(1, 0, 64)[:, None] * np.linspace(1, 0, 96)
    tifffile.imwrite(images / "corner16.tif", (corner * 3000 + 200).astype(np.uint16))
    tifffile.imwrite(images / "corner16_half.tif", (corner * 1500 + 200).astype(np.uint16))
    tifffile.imwrite(images / "corner_float.tif", (corner * 1e-4).astype(np.float32))
    tifffile.imwrite(
        images / "corner_rgb.tif", np.stack([corner * 255] * 3, -1).astype(np.uint8), photometric="rgb"
    )
    stack = np.stack([corner * 900, corner[::-1] * 900]).astype(np.uint16)
    tifffile.imwrite(images / "channels.ome.tif", stack, metadata={"axes": "CYX"})
    (images / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n no picture follows")
    return smalti.process(images, output=folder / "odd.smalti", progress=Silent())


REAL = (
    "cellprofiler_examples/Speckles/1-162hrh2ax2.tif",  # uint16
    "odd_valid/float32_nan25.tif",
    "odd_valid/float64.tif",
    "odd_valid/png_16bit.png",
    "bioio_samples/tifs/cyx_16bit.tif",  # two channels
)


@pytest.fixture(scope="session")
def tile_of() -> Callable[..., np.ndarray]:
    """One row's tile as a browser gets it, float (64, 64) or (64, 64, 3)."""

    def make(
        project: Project, name: str, side: int = 64, contrast: str = "image", channel: int = 0
    ) -> np.ndarray:
        images = project.images.collect()
        sheets = Sheets(project.thumbnails, images)
        row = images["name"].to_list().index(name)
        windows = sheets.windows(contrast, channel, np.zeros(images.height, np.int64))
        jpeg = sheets.sheet(np.array([row]), 64, channel, windows)
        return imagecodecs.jpeg8_decode(jpeg).astype(float)

    return make


@pytest.fixture(scope="session")
def flat() -> Callable[[Mapping[str, int]], tuple[ViewState, Sheets]]:
    """A state over images that are each of one grey, none where it is below 0."""

    def make(greys: Mapping[str, int]) -> tuple[ViewState, Sheets]:
        images = pl.DataFrame({"image_id": list(greys), "grey": list(greys.values())})
        failed = pl.when(pl.col("grey") < 0).then(pl.lit("unreadable")).otherwise(pl.lit("ok"))
        images = images.with_columns(path=pl.col("image_id"), status=failed)
        shown = images.filter(pl.col("grey") >= 0)
        jpegs = [bytes(imagecodecs.jpeg8_encode(np.full((32, 32), grey, np.uint8))) for grey in shown["grey"]]
        thumbnails = shown.select("image_id").with_columns(
            jpeg=pl.Series(jpegs, dtype=pl.Binary),
            c=pl.lit(0, pl.Int32),
            width=pl.lit(32, pl.Int32),
            height=pl.lit(32, pl.Int32),
            low=pl.lit(0.0),
            high=pl.lit(255.0),
        )
        return ViewState(Table(images)), Sheets(thumbnails.lazy(), images)

    return make
