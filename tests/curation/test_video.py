"""Films as stacks, against PyAV."""

import av
import numpy as np
import polars as pl
import pytest
import SimpleITK
import tifffile
import zarr

from smalti.core.image import ImageRef
from smalti.core.progress import Silent
from smalti.curation import patch3d, video
from smalti.loaders.choose import read_later

CLIPS = ["clip_ffv1_lossless.avi", "clip_h264.mp4", "clip_mjpeg.avi"]


def frames_of(path):
    with av.open(str(path)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


def luma(frames):
    return np.rint(frames.astype(np.float64) @ [0.299, 0.587, 0.114])


@pytest.mark.parametrize("name", CLIPS)
def test_frames_are_those_that_pyav_decodes(name, data, tmp_path):
    video(data / "video" / name, tmp_path, progress=Silent())
    path = tmp_path / f"{name.rpartition('.')[0]}_video.nrrd"
    found = SimpleITK.ReadImage(str(path))
    pixels = SimpleITK.GetArrayFromImage(found)
    wanted = luma(frames_of(data / "video" / name))
    assert pixels.shape == wanted.shape
    assert np.abs(pixels - wanted).max() <= 1
    assert found.GetMetaData("kind") == "video"


def test_every_third_frame_of_one_channel_in_all_forms(data, tmp_path):
    wanted = frames_of(data / "video" / CLIPS[0])[::3, ..., 1]
    for form in ("nrrd", "tiff", "zarr"):
        video(data / "video" / CLIPS[0], tmp_path / form, every=3, channel="1", write=form, progress=Silent())
    stem = "clip_ffv1_lossless_video"
    pixels = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(tmp_path / "nrrd" / f"{stem}.nrrd")))
    np.testing.assert_array_equal(pixels, wanted)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "tiff" / f"{stem}.ome.tif"), wanted)
    group = zarr.open_group(tmp_path / "zarr" / f"{stem}.ome.zarr", mode="r")
    np.testing.assert_array_equal(group["0"][:], wanted)
    assert group.attrs["smalti"]["kind"] == "video"


def test_a_long_film_is_never_in_memory_as_a_whole(data, tmp_path):
    outcome = video(data / "video" / "bulk-water.mov", tmp_path, every=20, progress=Silent())
    row = pl.read_parquet(tmp_path / "video.parquet").row(0, named=True)
    assert (outcome.ok, row["kind"], row["shape"]) == (1, "video", [24, 424, 640])
    stack = tmp_path / "bulk-water_video.nrrd"
    assert read_later(ImageRef(str(stack), stack.name), 1 << 30).axes == "TYX"


def test_patches_of_a_stack_that_was_a_film_are_of_its_frames_only(data, tmp_path):
    video(data / "video" / CLIPS[0], tmp_path / "stacks", progress=Silent())
    patches = patch3d(
        tmp_path / "stacks", tmp_path / "patches", crop_size=128, dedupe=False, progress=Silent()
    )
    assert patches.frame["axis"].unique().to_list() == [0]


def test_a_film_that_breaks_off_is_said_and_pictures_are_no_films(data, tmp_path):
    (tmp_path / "films").mkdir()
    whole = (data / "video" / CLIPS[2]).read_bytes()
    (tmp_path / "films" / "cut.avi").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "films" / "broken.mp4").write_bytes((data / "video" / CLIPS[1]).read_bytes()[:400])
    tifffile.imwrite(tmp_path / "films" / "picture.tif", np.zeros((9, 9), np.uint8))
    items = {item.path: item for item in video(tmp_path / "films", tmp_path / "o", progress=Silent()).items}
    assert items["broken.mp4"].status == "failed"
    assert (items["picture.tif"].status, items["picture.tif"].why[:15]) == ("skipped", "it is no video;")
    assert items["cut.avi"].status == "failed" or "it is not whole" in items["cut.avi"].why
