"""Raster files: stored values, exactly, against other decoders."""

import struct
import warnings
import zlib

import imagecodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Picture

from smalti.core.errors import TooLargeError, UnreadableError
from smalti.core.image import ImageRef
from smalti.loaders.choose import open_images

few = settings(max_examples=25, deadline=None)


def png(array, bits, colour, extra=b"", interlaced=False):
    """A PNG of rows that are packed already, by hand: any bit depth, any chunk."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, row = array.shape
    width = row * 8 // bits if colour in (0, 3) else row // 3
    rows = b"".join(b"\0" + line.tobytes() for line in array)
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlaced)
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra
    return start + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@given(
    st.sampled_from([np.uint8, np.uint16]),
    st.sampled_from([None, 2, 3, 4]),
    st.integers(1, 9),
    st.integers(1, 70),
    st.integers(0, 2**32 - 1),
)
@few
def test_a_png_of_8_or_16_bits_comes_back_as_it_was_written(
    tmp_path_factory, dtype, samples, height, width, seed
):
    shape = (height, width) + ((samples,) if samples else ())
    array = np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)
    path = tmp_path_factory.mktemp("png") / "a.png"
    path.write_bytes(imagecodecs.png_encode(array))
    with open_images(ImageRef(str(path), path.name), 2**20) as images:
        image = next(images)
        np.testing.assert_array_equal(image.read(), array, strict=True)
    assert image.samples == {None: "", 2: "LA", 3: "RGB", 4: "RGBA"}[samples]


@pytest.mark.parametrize("bits", [1, 2, 4])
@pytest.mark.parametrize("colour", [0, 3])
def test_a_png_of_few_bits_gives_stored_values_and_palette_indices(tmp_path, first, bits, colour):
    packed = np.random.default_rng(bits).integers(0, 256, (7, 6), np.uint8)
    palette = (
        struct.pack(">I", 768) + b"PLTE" + bytes(768) + struct.pack(">I", zlib.crc32(b"PLTE" + bytes(768)))
    )
    (tmp_path / "a.png").write_bytes(png(packed, bits, colour, palette if colour == 3 else b""))
    with first(tmp_path / "a.png") as image:
        stored = np.unpackbits(packed, axis=1).reshape(7, -1, bits)
        np.testing.assert_array_equal(image.read(), stored @ (1 << np.arange(bits)[::-1]))
    assert image.dtype == (bool if (bits, colour) == (1, 0) else np.uint8)
    assert image.metadata["significant_bits"] == bits
    assert image.metadata.get("palette", False) == (colour == 3)


@pytest.mark.parametrize("path", ["odd_valid/animated.png", "odd_valid/animated.webp", "video/clip.gif"])
def test_frames_of_an_animation_are_time_in_any_order(path, data, first):
    with first(data / path) as image, Picture.open(data / path) as picture:
        mode = "RGB" if path.endswith("gif") else picture.mode
        assert image.axes.startswith("TYX")
        for frame in reversed(range(picture.n_frames)):
            picture.seek(frame)
            np.testing.assert_array_equal(image.read(t=frame), np.asarray(picture.convert(mode)))


@pytest.mark.parametrize(
    "path", ["odd_valid/cmyk.jpg", "format_zoo/pil_sample_cmyk.jpg", "odd_valid/jp2.jp2"]
)
def test_colours_agree_with_pillow(path, data, first):
    with first(data / path) as image, Picture.open(data / path) as picture:
        np.testing.assert_array_equal(image.read(), np.asarray(picture))


def test_the_orientation_of_a_photograph_is_noted_and_not_applied(data, first):
    with first(data / "odd_valid/exif_orientation6.jpg") as image:
        assert image.metadata["exif_orientation"] == 6
        assert image.shape == (200, 240, 3)


def test_time_camera_and_exposure_come_out_of_exif(tmp_path, first):
    exif = Picture.Exif()
    exif[0x010F], exif[0x0110] = "Canon", "EOS 5D"
    exif.get_ifd(0x8769).update({0x9003: "2021:03:04 05:06:07", 0x829A: 0.25})
    Picture.new("RGB", (9, 8)).save(tmp_path / "a.jpg", exif=exif)
    with first(tmp_path / "a.jpg") as image:
        assert image.acquired_at.isoformat() == "2021-03-04T05:06:07"
        assert (image.metadata["instrument"], image.metadata["exposure_s"]) == ("Canon EOS 5D", 0.25)


def test_twelve_bits_in_a_netpbm_file_are_not_stretched_to_sixteen(tmp_path, first):
    stored = np.arange(4096, dtype=">u2").reshape(64, 64)
    (tmp_path / "a.pgm").write_bytes(b"P5 # a camera\n64 64\n4095\n" + stored.tobytes())
    with first(tmp_path / "a.pgm") as image:
        np.testing.assert_array_equal(
            image.read(), np.arange(4096, dtype=np.uint16).reshape(64, 64), strict=True
        )
    assert image.metadata["significant_bits"] == 12


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.9, 0.999])
@pytest.mark.parametrize("kind", ["jpg", "webp", "png", "jp2"])
def test_a_cut_file_never_gives_invented_pixels(tmp_path, data, first, kind, keep):
    whole = np.asarray(Picture.open(data / "skimage/coins.png").convert("RGB"))
    path = tmp_path / f"a.{kind}"
    Picture.fromarray(whole).save(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(UnreadableError), first(path) as image:
        image.read()


def test_the_size_is_refused_before_pixels_are_decoded(data, first):
    with pytest.raises(TooLargeError) as caught, first(data / "skimage/cell.png", limit=363_000 - 1):
        pass
    assert (caught.value.needed, caught.value.allowed) == (660 * 550, 363_000 - 1)


def test_an_interlaced_png_warns_nobody(data, first, caplog, capfd):
    with (
        first(data / "format_zoo/pil123rgba.png") as image,
        Picture.open(data / "format_zoo/pil123rgba.png") as p,
    ):
        np.testing.assert_array_equal(image.read(), np.asarray(p))
    assert (caplog.text, *capfd.readouterr()) == ("", "", "")


def test_warnings_of_others_are_left_alone(data, first):
    with first(data / "format_zoo/pil123rgba.png") as image:
        image.read()
    with pytest.warns(UserWarning, match="mine"):
        warnings.warn("mine", stacklevel=1)
