"""Pixels as 8 bits: by range, by percentile, between fixed limits; limits stay with the samples."""

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import smalti
from smalti.core.errors import UsageError
from smalti.core.progress import Silent
from smalti.export.limits import ChannelLimits
from smalti.export.shards import ShardSet
from smalti.export.shards.scaling import to_uint8

TYPES = st.sampled_from(["u1", "i1", "u2", ">u2", "i2", ">i2", "u4", "i4", ">i4", "f2", "f4", ">f4", "f8"])
FRAMES = TYPES.flatmap(
    lambda dtype: hnp.arrays(
        dtype,
        (3, 4),
        elements=st.floats(-1000, 1000, width=16) if "f" in dtype else None,
    )
)


def reference(pixels, low, high):
    exact = (np.clip(pixels.astype(np.float64), low, high) - low) / (high - low) * 255
    return np.where(np.isnan(exact), 0, exact)


@given(FRAMES, st.floats(-2000, 2000), st.floats(1, 2000))
def test_every_type_is_scaled_to_the_nearest_of_256_steps(pixels, low, span):
    found = to_uint8(pixels, (low, low + span))
    assert found.dtype == np.uint8
    assert np.abs(found - reference(pixels, low, low + span)).max() <= 0.5 + 1e-9


@given(FRAMES)
def test_the_ends_of_the_range_become_0_and_255_unless_all_is_equal(pixels):
    limits = ChannelLimits()
    limits.add(pixels)
    assert limits.limits == (pixels.min(), pixels.max())
    found = to_uint8(pixels, limits.limits)
    assert (found.min(), found.max()) == ((0, 255) if pixels.min() < pixels.max() else (0, 0))


def test_the_whole_range_of_floats_is_scaled():
    most = np.finfo(np.float64).max
    assert to_uint8(np.array([[-most, 0.0, most / 2, most]]), (-most, most)).tolist() == [[0, 128, 191, 255]]


def test_nan_and_infinities_are_0_and_the_ends():
    pixels = np.array([[np.nan, -np.inf, np.inf, 1.0, 3.0]])
    limits = ChannelLimits()
    limits.add(pixels)
    assert limits.limits == (1.0, 3.0)
    assert to_uint8(pixels, limits.limits).tolist() == [[0, 0, 255, 0, 255]]
    nothing = ChannelLimits(1.0)
    nothing.add(np.full((2, 2), np.nan))
    assert nothing.limits is None
    assert to_uint8(np.full((2, 2), np.nan), None).tolist() == [[0, 0], [0, 0]]


@given(st.lists(hnp.arrays("i2", (5, 7)), min_size=1, max_size=4), st.floats(0.1, 49))
def test_percentiles_of_16_bits_are_those_of_all_frames_together(frames, percent):
    limits = ChannelLimits(percent)
    for frame in frames:
        limits.add(frame)
    shares = [percent / 100, 1 - percent / 100]
    assert limits.limits == tuple(np.quantile(np.stack(frames), shares, method="higher"))


def test_percentiles_of_floats_are_of_an_even_draw_when_there_are_many():
    limits = ChannelLimits(10.0)
    frames = np.random.default_rng(0).normal(size=(6, 1000, 1000)).astype(np.float32)
    for frame in frames:
        limits.add(frame)
    assert np.allclose(limits.limits, np.quantile(frames, [0.1, 0.9]), atol=0.01)


@pytest.fixture(scope="module")
def signed(tmp_path_factory):
    """Two recordings of signed pixels with two channels each."""
    folder = tmp_path_factory.mktemp("signed") / "in"
    folder.mkdir()
    for number, scale in enumerate((1, 10)):
        pixels = np.arange(-40, 40, dtype=np.int16).reshape(2, 2, 4, 5) * scale
        tifffile.imwrite(folder / f"{number}.ome.tif", pixels, ome=True, metadata={"axes": "TCYX"})
    return folder


def test_each_recording_and_channel_has_its_own_range_which_its_metadata_tell(signed, tmp_path, read_tars):
    folder = smalti.write_shards(signed, tmp_path / "t", uint8=True, workers=1, progress=Silent())
    found = read_tars(folder)
    told = [metadata["movie"]["uint8"] for _, metadata in found.values()]
    assert told[0] == [{"low": -40, "high": 19}, {"low": -20, "high": 39}]
    assert told[-1] == [{"low": -400, "high": 190}, {"low": -200, "high": 390}]
    for key, (pixels, metadata) in found.items():
        stored = tifffile.imread(signed / metadata["movie"]["source"])[metadata["t"], metadata["c"]]
        limits = metadata["movie"]["uint8"][metadata["c"]]
        assert np.abs(pixels - reference(stored, **limits)).max() <= 0.5, key


def test_fixed_limits_are_those_of_all(signed, tmp_path, read_tars):
    options = {"uint8": True, "uint8_limits": "-10,245", "workers": 1}
    found = read_tars(smalti.write_shards(signed, tmp_path / "t", progress=Silent(), **options))
    for pixels, metadata in found.values():
        stored = tifffile.imread(signed / metadata["movie"]["source"])[metadata["t"], metadata["c"]]
        assert np.array_equal(pixels, np.clip(stored.astype(int) + 10, 0, 255))


def test_frames_of_several_types_have_no_range_of_their_own(tmp_path):
    frames = [np.ones((4, 5), np.uint8), np.full((4, 5), 300, np.uint16)]
    options = {"images": frames, "uint8": True, "progress": Silent()}
    with pytest.raises(UsageError, match=r"are uint16, uint8, which have no common range"):
        smalti.write_shards(output_dir=tmp_path / "t", **options)
    assert not (tmp_path / "t").exists()
    folder = smalti.write_shards(output_dir=tmp_path / "t", uint8_limits="0,300", **options)
    assert [int(sample.pixels[0, 0]) for sample in ShardSet(folder)] == [1, 255]


def test_frames_of_8_bits_stay_as_they_are(tmp_path, read_tars):
    frames = np.random.default_rng(0).integers(5, 99, (2, 8, 9)).astype(np.uint8)
    folder = smalti.write_shards(images=frames, output_dir=tmp_path / "t", uint8=True, progress=Silent())
    assert np.array_equal(np.stack([pixels for pixels, _ in read_tars(folder).values()]), frames)
