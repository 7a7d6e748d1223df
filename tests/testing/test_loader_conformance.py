"""The built-in loaders keep the rules that plugins are asked to keep."""

import struct
from contextlib import AbstractContextManager
from pathlib import Path
from types import MappingProxyType

import av
import imagecodecs
import mrcfile
import numpy as np
import pytest
import tifffile
import zarr
from astropy.io import fits
from PIL import Image as Picture

from smalti.core.image import ImageRef
from smalti.core.plugin import find, loader
from smalti.loaders.choose import open_images
from smalti.testing._files import PIXEL_SIZE_UM, Z_STEP_UM, write_image
from smalti.testing.conformance import LoaderSuite
from smalti.testing.memory import image_of
from smalti.testing.synthetic import synthetic, time_series, z_stack

FLAT = {"Y": PIXEL_SIZE_UM, "X": PIXEL_SIZE_UM}
DEEP = FLAT | {"Z": Z_STEP_UM}


LARGE = np.random.default_rng(0).integers(0, 4096, (800, 800), np.uint16)
"""Larger than what a loader may take for opening, so that an early decode is seen."""


class BuiltIn(LoaderSuite):
    """Built-in loaders stand behind `open_images`, which words foreign errors."""

    def open(self, path: Path, limit: int = 2**32) -> AbstractContextManager:
        facts = path.stat()
        ref = ImageRef(uri=str(path), path=path.name, size_bytes=facts.st_size, mtime=facts.st_mtime)
        return open_images(ref, limit, self.plugin.name)


def written(path: Path, image: np.ndarray, axes: str = "YX") -> tuple[Path, np.ndarray]:
    write_image(path, image, axes)
    return path, image


class TestPng(BuiltIn):
    loader = find("loader", "raster").function

    def make_file(self, folder):
        return written(folder / "large.png", LARGE)


class TestColourPng(BuiltIn):
    loader = find("loader", "raster").function

    def make_file(self, folder):
        return written(folder / "colour.png", synthetic("histology", shape=(40, 56), dtype="uint8"))


class TestJpeg(BuiltIn):
    loader = find("loader", "raster").function

    def make_file(self, folder):
        path, _ = written(folder / "slide.jpg", synthetic("histology", shape=(64, 80), dtype="uint8"))
        with Picture.open(path) as picture:
            return path, np.asarray(picture)


class TestAnimatedGif(BuiltIn):
    loader = find("loader", "raster").function

    def make_file(self, folder):
        path, film = folder / "film.gif", (time_series(shape=(32, 48), n=3) >> 4).astype(np.uint8)
        first, *rest = (Picture.fromarray(frame).convert("RGB") for frame in film)
        first.save(path, save_all=True, append_images=rest)
        with Picture.open(path) as picture:
            return path, np.stack([_frame(picture, number) for number in range(3)])


def _frame(picture: Picture.Image, number: int) -> np.ndarray:
    picture.seek(number)
    return np.asarray(picture.convert("RGB"))


class TestTiff(BuiltIn):
    loader = find("loader", "tiff").function
    pixel_size_um = FLAT

    def make_file(self, folder):
        return written(folder / "well.tif", LARGE)


class TestTiledFloatTiff(BuiltIn):
    loader = find("loader", "tiff").function

    def make_file(self, folder):
        path, image = folder / "tiled.tif", synthetic("stars", shape=(100, 130), dtype="float32")
        tifffile.imwrite(path, image, tile=(64, 64), compression="zlib", predictor=3, byteorder=">")
        return path, image.astype(">f4")


class TestOmeStack(BuiltIn):
    loader = find("loader", "tiff").function
    pixel_size_um = DEEP

    def make_file(self, folder):
        return written(folder / "stack.ome.tif", z_stack(shape=(64, 96), n=3, sharpest=1), "CZYX")


class TestOmeFilm(BuiltIn):
    loader = find("loader", "tiff").function
    pixel_size_um = FLAT

    def make_file(self, folder):
        return written(folder / "film.ome.tif", time_series(shape=(64, 96), n=4), "TYX")


class TestJpegXl(BuiltIn):
    loader = find("loader", "raster").function

    def make_file(self, folder):
        path, image = folder / "deep.jxl", synthetic("histology", shape=(40, 56), dtype="uint16")
        path.write_bytes(imagecodecs.jpegxl_encode(image, lossless=True))
        return path, image


class TestFits(BuiltIn):
    loader = find("loader", "fits").function
    pixel_size_um = MappingProxyType({"Y": 0.5, "X": 0.25})

    def make_file(self, folder):
        path, stack = folder / "cube.fits", z_stack(shape=(64, 96), n=3, sharpest=1)[0]
        header = fits.Header({"CUNIT1": "um", "CDELT1": 0.25, "CUNIT2": "um", "CDELT2": 0.5})
        fits.writeto(path, stack, header)
        return path, stack


class TestTiledFits(BuiltIn):
    loader = find("loader", "fits").function

    def make_file(self, folder):
        path = folder / "large.fits.fz"
        fits.HDUList([fits.PrimaryHDU(), fits.CompImageHDU(LARGE.astype(np.int16))]).writeto(path)
        return path, LARGE.astype(np.int16)


class TestMrc(BuiltIn):
    loader = find("loader", "mrc").function
    pixel_size_um = dict.fromkeys("ZYX", 4e-4)

    def make_file(self, folder):
        path, stack = folder / "volume.mrc", z_stack(shape=(64, 96), n=3, sharpest=1)[0]
        with mrcfile.new(path, stack) as file:
            file.voxel_size = 4.0
        return path, stack


class TestPackedMrc(BuiltIn):
    loader = find("loader", "mrc").function

    def make_file(self, folder):
        with mrcfile.new(folder / "large.map.gz", LARGE[None], compression="gzip"):
            return folder / "large.map.gz", LARGE[None]


class TestNpy(BuiltIn):
    loader = find("loader", "npy").function

    def make_file(self, folder):
        path, stack = folder / "stack.npy", time_series(shape=(64, 96), n=4)
        np.save(path, stack)
        return path, stack


class TestSpe(BuiltIn):
    loader = find("loader", "spe").function

    def make_file(self, folder):
        path, film = folder / "film.spe", time_series(shape=(64, 96), n=4)
        head = bytearray(4100)
        for form, at, value in (("<H", 42, 96), ("<H", 656, 64), ("<h", 108, 3), ("<i", 1446, 4)):
            struct.pack_into(form, head, at, value)
        struct.pack_into("<i", head, 2996, 0x01234567)
        path.write_bytes(bytes(head) + film.astype("<u2").tobytes())
        return path, film


class TestVideo(BuiltIn):
    loader = find("loader", "video").function

    def make_file(self, folder):
        path, film = folder / "film.mkv", (time_series(shape=(64, 96), n=9) >> 4).astype(np.uint8)
        colour = np.stack([film, film // 2, 255 - film], -1)
        with av.open(path, "w") as container:
            stream = container.add_stream("ffv1", rate=5)
            stream.height, stream.width, stream.pix_fmt = 64, 96, "bgr0"
            for plane in colour:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(plane, format="rgb24")))
            container.mux(stream.encode())
        return path, colour


class TestPlate(BuiltIn):
    loader = find("loader", "zarr").function
    pixel_size_um = FLAT

    def make_file(self, folder):
        path, image = folder / "plate.ome.zarr", time_series(shape=(64, 96), n=2)
        plate = zarr.create_group(path, zarr_format=3)
        plate.attrs["ome"] = {"version": "0.5", "plate": {"name": "P1", "wells": [{"path": "B/7"}]}}
        well = plate.create_group("B/7")
        well.attrs["ome"] = {"version": "0.5", "well": {"images": [{"path": "0"}]}}
        write_image(path / "B/7/0.ome.zarr", image, "CYX")
        (path / "B/7/0.ome.zarr").rename(path / "B/7/0")
        return path, image


class TestOmeZarr(BuiltIn):
    loader = find("loader", "zarr").function
    pixel_size_um = DEEP

    def make_file(self, folder):
        return written(folder / "volume.ome.zarr", z_stack(shape=(64, 96), n=3, sharpest=1), "CZYX")


@loader("leaky", extensions=("leak",))
def leaky(ref, limit):
    """Opens a file and forgets it."""
    file = Path(ref.uri).open("rb")  # noqa: SIM115
    yield image_of(np.frombuffer(file.read(), np.uint8).reshape(4, -1), "YX")


@loader("inventive", extensions=("made",))
def inventive(ref, limit):
    """Fills what is missing, and states a name and a pixel size that the file does not."""
    held = np.frombuffer(Path(ref.uri).read_bytes(), np.uint8)
    pixels = np.zeros(400, np.uint8)
    pixels[: held.size] = held
    yield image_of(pixels.reshape(20, 20), "YX", pixel_size_um={"X": 1.0})


class Raw(LoaderSuite):
    """Twenty rows of twenty bytes."""

    def make_file(self, folder):
        pixels = np.arange(400, dtype=np.uint16).astype(np.uint8).reshape(20, 20)
        path = folder / f"raw.{self.plugin.options['extensions'][0]}"
        path.write_bytes(pixels.tobytes())
        return path, pixels


def test_a_loader_that_leaks_its_file_is_caught(tmp_path):
    suite = type("Leaky", (Raw,), {"loader": leaky})()
    with pytest.raises(AssertionError, match="with statement"):
        suite.test_closing_early_closes_the_file(suite.make_file(tmp_path))


def test_a_loader_that_invents_pixels_and_sizes_is_caught(tmp_path):
    suite = type("Inventive", (Raw,), {"loader": inventive})()
    sample = suite.make_file(tmp_path)
    with pytest.raises(AssertionError, match="reference"):
        suite.test_images_keep_the_reference_and_number_their_series(sample)
    with suite.open(sample[0]) as images, pytest.raises(AssertionError, match="stated in the file"):
        suite.test_pixel_sizes_are_those_the_file_states(next(images))
    with pytest.raises(AssertionError, match="not equal"):
        suite.test_a_cut_file_never_gives_invented_pixels(sample, 0.5)
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        suite.test_garbage_is_refused_in_words(tmp_path, b"not an image\n")
