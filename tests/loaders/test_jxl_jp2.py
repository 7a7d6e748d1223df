"""JPEG XL and JPEG 2000: what their headers say against what the decoders give."""

import imagecodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Picture

from smalti.core.errors import TooLargeError, UnreadableError
from smalti.core.image import ImageRef
from smalti.loaders.choose import open_images

few = settings(max_examples=30, deadline=None)


@given(
    st.sampled_from(["u1", "u2", "f2", "f4"]),
    st.sampled_from([None, 2, 3, 4]),
    st.integers(1, 80),
    st.integers(1, 300),
    st.booleans(),
    st.integers(0, 2**32 - 1),
)
@few
def test_a_jpeg_xl_comes_back_as_it_was_written(tmp_path_factory, kind, samples, height, width, boxed, seed):
    shape = (height, width) + ((samples,) if samples else ())
    array = (np.random.default_rng(seed).random(shape) * (0.9 if kind[0] == "f" else 255) + 0.1).astype(kind)
    path = tmp_path_factory.mktemp("jxl") / "a.jxl"
    path.write_bytes(imagecodecs.jpegxl_encode(array, lossless=True, usecontainer=boxed))
    with open_images(ImageRef(str(path), path.name), 2**20) as images:
        image = next(images)
        assert image.samples == {None: "", 2: "LA", 3: "RGB", 4: "RGBA"}[samples]
        np.testing.assert_array_equal(image.read(), array, strict=True)


def test_sizes_of_every_ratio_and_length_are_told_by_the_header(tmp_path, first):
    for height, width in (
        (8, 8),
        (64, 64),
        (100, 120),
        (30, 40),
        (20, 30),
        (9, 16),
        (40, 50),
        (50, 100),
        (1, 999),
    ):
        (tmp_path / "a.jxl").write_bytes(imagecodecs.jpegxl_encode(np.zeros((height, width), np.uint8)))
        with first(tmp_path / "a.jxl") as image:
            assert image.shape == (height, width) == image.read().shape


def test_an_animation_and_a_cut_file_are_refused(tmp_path, first):
    film = np.random.default_rng(0).integers(0, 255, (3, 40, 50), np.uint8)
    (tmp_path / "film.jxl").write_bytes(imagecodecs.jpegxl_encode(film, photometric="gray"))
    with pytest.raises(UnreadableError, match="animated JPEG XL"), first(tmp_path / "film.jxl"):
        pass
    content = imagecodecs.jpegxl_encode(film[0], lossless=True)
    for share in (0.001, 0.01, 0.5, 0.99):
        (tmp_path / "cut.jxl").write_bytes(content[: max(2, int(share * len(content)))])
        with pytest.raises(UnreadableError), first(tmp_path / "cut.jxl") as image:
            image.read()


def test_a_jpeg_xl_above_the_limit_is_refused_by_its_header(tmp_path, first):
    (tmp_path / "a.jxl").write_bytes(imagecodecs.jpegxl_encode(np.zeros((4000, 5000), np.uint16)))
    with pytest.raises(TooLargeError) as caught, first(tmp_path / "a.jxl", limit=10**6):
        pass
    assert caught.value.needed == 40_000_000


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_alpha_of_a_jpeg_2000_is_told_from_colour(tmp_path, first, mode):
    shape = (40, 50) + ((len(mode),) if len(mode) > 1 else ())
    array = np.random.default_rng(0).integers(0, 255, shape, np.uint8)
    Picture.fromarray(array).save(tmp_path / "a.jp2", irreversible=False)
    with first(tmp_path / "a.jp2") as image:
        assert image.samples == mode.replace("L", "L" if mode == "LA" else "")
        np.testing.assert_array_equal(image.read(), array, strict=True)


@pytest.mark.parametrize("samples", [None, 3])
def test_sixteen_bits_of_a_jpeg_2000_are_kept(tmp_path, first, samples):
    shape = (40, 50) + ((samples,) if samples else ())
    array = np.random.default_rng(0).integers(0, 65535, shape, np.uint16)
    content = imagecodecs.jpeg2k_encode(array, level=0, reversible=True)
    (tmp_path / "a.j2k").write_bytes(content)
    with first(tmp_path / "a.j2k") as image:
        assert image.metadata["significant_bits"] == 16
        np.testing.assert_array_equal(image.read(), array, strict=True)
