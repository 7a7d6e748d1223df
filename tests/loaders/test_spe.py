"""SPE: a real file, and headers made by hand."""

import struct

import numpy as np
import pytest

from smalti.core.errors import UnreadableError

HEADER = 4100


def written(path, array, kind, version=2.5):
    head = bytearray(HEADER)
    frames, height, width = array.shape
    struct.pack_into("<f", head, 10, 0.25)
    head[20:29], head[172:178] = b"03Mar2021", b"040506"
    for form, at, value in (("<H", 42, width), ("<H", 656, height), ("<h", 108, kind), ("<i", 1446, frames)):
        struct.pack_into(form, head, at, value)
    struct.pack_into("<f", head, 1992, version)
    struct.pack_into("<i", head, 2996, 0x01234567 if version < 3 else 0)
    path.write_bytes(bytes(head) + array.tobytes())
    return path


@pytest.mark.parametrize(("kind", "dtype"), [(0, "<f4"), (1, "<i4"), (2, "<i2"), (3, "<u2"), (8, "<u4")])
@pytest.mark.parametrize("version", [2.5, 3.0])
def test_frames_come_back_as_they_were_written(tmp_path, first, kind, dtype, version):
    array = np.random.default_rng(0).integers(0, 999, (3, 4, 5)).astype(dtype)
    with first(written(tmp_path / "a.spe", array, kind, version)) as image:
        assert (image.axes, image.metadata["exposure_s"]) == ("TYX", 0.25)
        assert image.acquired_at.isoformat() == "2021-03-03T04:05:06"
        np.testing.assert_array_equal(image.read(), array, strict=True)
        np.testing.assert_array_equal(image.read(t=2, y=slice(1, 3)), array[2, 1:3], strict=True)


def test_a_single_frame_is_a_plane(tmp_path, first):
    with first(written(tmp_path / "a.spe", np.ones((1, 4, 5), "<u2"), 3)) as image:
        assert (image.axes, image.shape) == ("YX", (4, 5))


@pytest.mark.parametrize(
    ("size", "said"), [(999, "takes 4,100 bytes, the file holds 999"), (9999, "0x01234567")]
)
def test_another_file_called_spe_is_refused(tmp_path, first, size, said):
    (tmp_path / "a.spe").write_bytes(b"spectrum " * (size // 9) + b"." * (size % 9))
    with pytest.raises(UnreadableError, match=said), first(tmp_path / "a.spe"):
        pass


def test_an_unknown_type_is_named(tmp_path, first):
    path = written(tmp_path / "a.spe", np.ones((1, 4, 5), "<u2"), 77)
    with pytest.raises(UnreadableError, match="1×4×5 pixels of type 77"), first(path):
        pass
