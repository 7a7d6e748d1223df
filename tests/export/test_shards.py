"""Training shards: every frame once, with its metadata, whatever reads the tar files."""

import json
import os
import sys
from datetime import datetime
from itertools import product

import jsonschema
import numpy as np
import polars as pl
import pytest
import tifffile
import yaml
from ome_types import from_tiff

import smalti
from smalti.core.errors import UnknownNameError, UsageError
from smalti.core.progress import Silent
from smalti.export.shards import ShardSet, read_sample
from smalti.export.shards.synthetic import LENGTHS, known_frame


def write(sources, out, **options):
    return smalti.write_shards(sources, out, progress=Silent(), workers=1, **options)


@pytest.fixture(scope="module")
def real(data, tmp_path_factory):
    """The real OME-TIFFs as shards of at most 500 kB."""
    return write(data / "ometiff", tmp_path_factory.mktemp("real") / "train", shard_size="500kB")


def test_every_frame_of_every_channel_of_real_files_is_found_once(real, data, read_tars):
    found = read_tars(real)
    for number, path in enumerate(sorted((data / "ometiff").iterdir())):
        with tifffile.TiffFile(path, _multifile=False) as file:
            series, stored = file.series[0], file.series[0].asarray()
        planes = {axis: range(n) for axis, n in zip(series.axes, series.shape, strict=True) if axis in "TCZ"}
        own = {key: value for key, value in found.items() if key.startswith(f"sample-{number:06d}-")}
        assert len(own) == np.prod([len(indices) for indices in planes.values()], dtype=int)
        of = {tuple(told[axis.lower()] for axis in planes): pixels for pixels, told in own.values()}
        for at in product(*planes.values()):
            np.testing.assert_array_equal(of[at], stored[at])


def test_metadata_of_real_files_is_what_ome_types_reads(real, data):
    checked = set()
    for sample in ShardSet(real):
        movie = sample.metadata.get("movie")
        path = data / "ometiff" / movie["source"]
        if movie["format"] != "OME-TIFF" or path in checked:
            continue
        checked.add(path)
        ome = from_tiff(path)
        pixels = ome.images[0].pixels
        assert movie["uuid"] == ome.uuid
        assert movie["channels"] == [channel.name for channel in pixels.channels]
        assert [movie[f"size_{axis}"] for axis in "xyzct"] == [
            getattr(pixels, f"size_{axis}") for axis in "xyzct"
        ]
        for axis in "xyz":
            assert movie[f"scale_{axis}"] == getattr(pixels, f"physical_size_{axis}")
    assert len(checked) == 7


def test_no_shard_is_above_its_size_and_keys_are_unique(real):
    index = pl.read_parquet(real / "train.index.parquet")
    shards = sorted(real.glob("train-*.tar"))
    assert len(shards) > 5
    assert all(path.stat().st_size <= 500_000 for path in shards)
    assert index["key"].is_unique().all()
    assert index["shard"].unique().sort().to_list() == [path.name for path in shards]


def test_a_sample_read_by_its_place_is_the_one_in_the_tar(real, read_tars):
    samples = ShardSet(real)
    for key, (pixels, told) in read_tars(real).items():
        np.testing.assert_array_equal(samples[key].pixels, pixels)
        assert samples[key].metadata == told
    assert read_sample(real, 7).key == samples.index["key"][7]


def test_dataset_yaml_counts_and_every_json_is_of_the_schema(real, read_tars):
    told = yaml.safe_load((real / "dataset.yaml").read_text())
    found = read_tars(real)
    assert told["samples"] == len(found) == sum(shard["samples"] for shard in told["shards"])
    assert (told["recordings"], told["failed"], told["schema"]) == (10, [], "Frame")
    for _, metadata in found.values():
        jsonschema.validate(metadata, told["json_schema"])


def test_positions_times_and_units_are_those_that_ome_types_reads(ome, tmp_path, read_tars):
    plane = {"PositionX": [1.5, 2.5, -3.5], "PositionXUnit": ["mm"] * 3, "DeltaT": [0.0, 40.5, 81.0]}
    plane |= {"DeltaTUnit": ["ms"] * 3, "PositionZ": [0.1, 0.2, 0.3], "ExposureTime": [5.0] * 3}
    path = ome(
        "a.ome.tif",
        np.arange(300, dtype=np.uint16).reshape(3, 10, 10),
        **{"axes": "TYX", "Plane": plane, "PhysicalSizeX": 65.0, "PhysicalSizeXUnit": "nm"},
        AcquisitionDate="2024-05-31T12:30:01.25+02:00",
    )
    found = read_tars(write(path, tmp_path / "train"))
    pixels = from_tiff(path).images[0].pixels
    for stated, (_, told) in zip(pixels.planes, found.values(), strict=True):
        assert (told["t"], told["c"], told["z"]) == (stated.the_t, stated.the_c, stated.the_z)
        assert (told["position_x"], told["position_x_unit"]) == (
            stated.position_x,
            stated.position_x_unit.value,
        )
        assert (told["position_z"], told["position_z_unit"]) == (stated.position_z, "reference frame")
        assert (told["delta_t"], told["delta_t_unit"]) == (stated.delta_t, stated.delta_t_unit.value)
        assert (told["movie"]["scale_x"], told["movie"]["scale_x_unit"]) == (65.0, "nm")


@pytest.mark.parametrize(
    "written",
    ["2024-05-31T12:30:01", "2024-05-31T12:30:01Z", "2024-05-31T12:30:01.123+02:00", "20240531T123001"],
)
def test_dates_of_all_iso_forms_are_kept_with_their_zone(ome, tmp_path, written):
    path = ome("a.ome.tif", np.zeros((2, 8, 9), np.uint8), axes="TYX")
    date = f"<AcquisitionDate>{written}</AcquisitionDate>"
    tifffile.tiffcomment(path, tifffile.tiffcomment(path).replace("<Pixels", f"{date}<Pixels", 1).encode())
    told = read_sample(write(path, tmp_path / "train"), 0).metadata["movie"]["acquired_at"]
    assert datetime.fromisoformat(told) == datetime.fromisoformat(written)


@pytest.mark.parametrize("n", [1, 3, 4])
@pytest.mark.parametrize("kind", ["ome", "imagej", "plain", "shaped"])
def test_frames_of_short_recordings_are_never_taken_for_colours(kind, n, tmp_path, read_tars):
    frames = np.random.default_rng(n).integers(0, 255, (n, 20, 30)).astype(np.uint8)
    folder = tmp_path / "in"
    folder.mkdir()
    options = {"ome": {"ome": True, "metadata": {"axes": "TYX"}}, "imagej": {"imagej": True}}
    options |= {"plain": {"metadata": None}, "shaped": {}}
    tifffile.imwrite(folder / "a.tif", frames, photometric="minisblack", **options[kind])
    found = read_tars(write(folder, tmp_path / "train"))
    assert [told["frame"] for _, told in found.values()] == list(range(n))
    np.testing.assert_array_equal(np.stack([pixels for pixels, _ in found.values()]), frames)


def test_colours_stay_together_and_last(tmp_path, read_tars):
    picture = np.random.default_rng(0).integers(0, 255, (20, 30, 3)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", picture, photometric="rgb")
    for kind in ("npy", "png", "tiff"):
        [(pixels, told)] = read_tars(write(tmp_path / "a.tif", tmp_path / kind, image_format=kind)).values()
        np.testing.assert_array_equal(pixels, picture)
        assert told["image"]["colours"] == "RGB"


def test_all_images_of_a_file_are_recordings_of_their_own(tmp_path, read_tars):
    with tifffile.TiffWriter(tmp_path / "a.ome.tif", ome=True) as file:
        for value in (1, 2):
            pixels = np.full((value, 10, 12), value, np.uint8)
            file.write(pixels, photometric="minisblack", metadata={"axes": "TYX", "Name": f"image {value}"})
    found = read_tars(write(tmp_path / "a.ome.tif", tmp_path / "train"))
    assert [*found] == ["sample-000000-000", "sample-000001-000", "sample-000001-001"]
    assert [told["movie"]["series_name"] for _, told in found.values()] == ["image 1", "image 2", "image 2"]


SET = """<?xml version="1.0"?>
<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="urn:uuid:1">
<Image ID="Image:0">
<Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint8" SizeX="9" SizeY="8" SizeC="1" SizeZ="1" SizeT="2">
<Channel ID="Channel:0:0"/>
<TiffData IFD="0" FirstT="0"><UUID FileName="0.ome.tif">urn:uuid:1</UUID></TiffData>
<TiffData IFD="0" FirstT="1"><UUID FileName="1.ome.tif">urn:uuid:2</UUID></TiffData>
<Plane TheT="0" TheC="0" TheZ="0" DeltaT="0.5"/><Plane TheT="1" TheC="0" TheZ="0" DeltaT="1.5"/>
</Pixels></Image>
<StructuredAnnotations>
<XMLAnnotation ID="A:0" Namespace="x"><Value><Laser power="3">on</Laser></Value></XMLAnnotation>
<MapAnnotation ID="A:1"><Value><M K="mouse">m7</M></Value></MapAnnotation>
</StructuredAnnotations></OME>"""


def test_of_a_set_of_files_each_frame_has_its_own_time_and_uuid(tmp_path, read_tars):
    folder = tmp_path / "in"
    folder.mkdir()
    for t in (0, 1):
        tifffile.imwrite(
            folder / f"{t}.ome.tif", np.full((8, 9), t, np.uint8), description=SET, metadata=None
        )
    found = read_tars(write(folder, tmp_path / "train"))
    assert [(told["t"], told["delta_t"], told["uuid"], pixels[0, 0]) for pixels, told in found.values()] == [
        (0, 0.5, "urn:uuid:1", 0),
        (1, 1.5, "urn:uuid:2", 1),
    ]
    first, second = next(iter(found.values()))[1]["movie"]["annotations"]
    assert first["value"] == {"Laser": {"@power": "3", "#text": "on"}}
    assert second["value"] == {"mouse": "m7"}


def test_the_same_input_gives_the_same_bytes(ome, tmp_path):
    ome("a.ome.tif", np.random.default_rng(0).integers(0, 99, (5, 40, 50)).astype(np.uint16), axes="TYX")
    for place in ("one", "two"):
        write(ome.folder, tmp_path / place / "train", compressed=True)
    files = [(tmp_path / place / "train" / "train-000000.tar.gz").read_bytes() for place in ("one", "two")]
    assert files[0] == files[1]


def test_channels_are_chosen_by_name_or_number(ome, tmp_path, read_tars):
    pixels = np.arange(3 * 40, dtype=np.uint8).reshape(3, 5, 8)
    ome("a.ome.tif", pixels, axes="CYX", Channel={"Name": ["DAPI", "GFP", "RFP"]})
    found = read_tars(write(ome.folder, tmp_path / "train", channels=("GFP", "2")))
    assert [(told["channel"], told["c"]) for _, told in found.values()] == [("GFP", 1), ("RFP", 2)]
    np.testing.assert_array_equal(found["sample-000000-000"][0], pixels[1])
    write(ome.folder, tmp_path / "none", channels=("GPF",))
    [failed] = yaml.safe_load((tmp_path / "none" / "dataset.yaml").read_text())["failed"]
    assert "did you mean 'GFP'" in failed["error"]


def test_a_file_that_cannot_be_read_costs_only_itself(ome, tmp_path, read_tars):
    ome("a.ome.tif", np.zeros((2, 8, 9), np.uint8), axes="TYX")
    (ome.folder / "b.ome.tif").write_bytes(b"II*\0 no image")
    ome("c.ome.tif", np.ones((2, 8, 9), np.uint8), axes="TYX")
    folder = write(f"{ome.folder}/**/*.tif", tmp_path / "train")
    told = yaml.safe_load((folder / "dataset.yaml").read_text())
    assert [failed["source"] for failed in told["failed"]] == ["b.ome.tif"]
    assert [key[:13] for key in read_tars(folder)] == [
        "sample-000000",
        "sample-000000",
        "sample-000001",
        "sample-000001",
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_name_that_is_no_text_is_written_all_the_same(tmp_path, read_tars):
    (tmp_path / "in").mkdir()
    name = tmp_path / "in" / os.fsdecode(b"caf\xe9.tif")
    tifffile.imwrite(tmp_path / "a.tif", np.ones((4, 5), np.uint8))
    (tmp_path / "a.tif").rename(name)
    (tmp_path / "in" / os.fsdecode(b"bad\xe9.tif")).write_bytes(b"II*\0")
    folder = write(tmp_path / "in", tmp_path / "t")
    assert [told["image"]["source"] for _, told in read_tars(folder).values()] == ["caf%E9.tif"]
    assert ShardSet(folder).facts["failed"][0]["source"] == "bad%E9.tif"


def test_a_frame_that_its_format_cannot_hold_fails_alone(tmp_path):
    frames = [np.ones((4, 5), np.uint8), np.ones((4, 5), np.float32)]
    folder = smalti.write_shards(
        images=frames, output_dir=tmp_path / "train", image_format="png", progress=Silent()
    )
    told = yaml.safe_load((folder / "dataset.yaml").read_text())
    assert told["samples"] == 1
    assert "PNG holds 8 and 16 bits" in told["failed"][0]["error"]


def test_what_a_filter_of_a_project_leaves_is_written_with_its_measures(ome, tmp_path, read_tars):
    for value in (1, 200):
        ome(f"{value}.ome.tif", np.full((2, 8, 9), value, np.uint8), axes="TYX")
    project = smalti.process(ome.folder, output=tmp_path / "x.smalti", metrics="mean", progress=Silent())
    project.view.add_filter("mean", ">", 100)
    found = read_tars(write(project, tmp_path / "train"))
    assert [told["movie"]["source"] for _, told in found.values()] == ["200.ome.tif"] * 2
    assert found["sample-000000-001"][1]["movie"]["facts"]["qc_mean"] == 200


def test_images_of_one_file_are_chosen_apart_by_a_project(tmp_path, read_tars):
    (tmp_path / "in").mkdir()
    with tifffile.TiffWriter(tmp_path / "in" / "a.ome.tif", ome=True) as file:
        for value in (1, 200):
            file.write(
                np.full((2, 10, 12), value, np.uint8), photometric="minisblack", metadata={"axes": "TYX"}
            )
    project = smalti.process(tmp_path / "in", output=tmp_path / "x.smalti", metrics="mean", progress=Silent())
    project.view.add_filter("mean", ">", 100)
    found = read_tars(write(project, tmp_path / "train"))
    assert [(told["movie"]["series"], pixels[0, 0]) for pixels, told in found.values()] == [
        (1, 200),
        (1, 200),
    ]


def test_shards_are_written_to_s3_and_read_from_there(bucket, tmp_path):
    (tmp_path / "empty").mkdir()
    where = f"{bucket(tmp_path / 'empty')}/train"
    assert (
        smalti.write_shards(synthetic=True, output_dir=where, shard_size="60kB", progress=Silent()) == where
    )
    for sample in ShardSet(where):
        told = sample.metadata
        np.testing.assert_array_equal(sample.pixels, known_frame(told["recording"], told["frame"]))
    with pytest.raises(UsageError, match="there are shards already"):
        smalti.write_shards(synthetic=True, output_dir=where, progress=Silent())


def test_made_up_frames_are_known(tmp_path, read_tars):
    folder = smalti.write_shards(synthetic=True, output_dir=tmp_path / "train", progress=Silent())
    for key, (pixels, told) in read_tars(folder).items():
        np.testing.assert_array_equal(pixels, known_frame(told["recording"], told["frame"]), err_msg=key)
    assert ShardSet(folder).index.group_by("recording", maintain_order=True).len()["len"].to_list() == [
        *LENGTHS
    ]


def test_frames_in_memory_have_the_rows_that_come_with_them(tmp_path, read_tars):
    images = {"a": np.zeros((2, 4, 5)), "b": [np.ones((6, 7), ">u2")]}
    rows = pl.DataFrame({"label": ["x", "y", None], "score": [0.5, float("nan"), 2.0]})
    folder = smalti.write_shards(
        images=images, image_metadata=rows, output_dir=tmp_path / "t", progress=Silent()
    )
    found = read_tars(folder)
    assert [told["facts"]["label"] for _, told in found.values()] == ["x", "y", None]
    assert found["sample-000000-001"][1]["facts"]["score"] is None
    assert found["sample-000001-000"][0].dtype == np.uint16


def test_the_exported_schemas_are_four(tmp_path):
    from smalti.export.shards.records import schemas

    assert [*schemas()] == ["Movie", "Frame", "SliceRecordingFrame", "ImageSample"]
    for schema in schemas().values():
        jsonschema.Draft202012Validator.check_schema(schema)
    told = schemas()["SliceRecordingFrame"]["properties"]
    assert {"mouse", "slice", "intervention", "condition", "replicate"} <= told.keys()


def test_a_set_that_is_there_is_kept_unless_it_may_be_replaced(tmp_path):
    first = smalti.write_shards(synthetic=True, output_dir=tmp_path / "t", progress=Silent())
    before = {path.name: path.read_bytes() for path in first.iterdir()}
    with pytest.raises(UsageError, match="there are shards already"):
        smalti.write_shards(synthetic=True, output_dir=tmp_path / "t", progress=Silent())
    with pytest.raises(UsageError, match="of another set"):
        smalti.write_shards(
            synthetic=True, output_dir=tmp_path / "t", stem="y", overwrite=True, progress=Silent()
        )
    assert {path.name: path.read_bytes() for path in first.iterdir()} == before
    smalti.write_shards(
        images=np.ones((1, 2, 3)), output_dir=tmp_path / "t", overwrite=True, progress=Silent()
    )
    assert len(ShardSet(first)) == 1


def test_files_of_others_are_neither_in_the_way_nor_replaced(tmp_path):
    (tmp_path / "t").mkdir()
    for name in ("t-old.tar", "t-b-000000.tar", "x-000000.tar"):
        (tmp_path / "t" / name).write_text("mine")
    for overwrite in (False, True):
        smalti.write_shards(synthetic=True, output_dir=tmp_path / "t", overwrite=overwrite, progress=Silent())
    for name in ("t-old.tar", "t-b-000000.tar", "x-000000.tar"):
        assert (tmp_path / "t" / name).read_text() == "mine"


def test_a_dry_run_counts_and_writes_nothing(ome, tmp_path):
    ome("a.ome.tif", np.zeros((2, 8, 9), np.uint8), axes="TYX")
    write(ome.folder, tmp_path / "train", dry_run=True)
    assert not (tmp_path / "train").exists()


def test_an_unknown_sample_is_answered_with_the_nearest(real):
    with pytest.raises(UnknownNameError, match="did you mean 'sample-00000"):
        read_sample(real, "sample-00000-001")


def test_json_of_a_sample_is_strict(tmp_path, data):
    folder = write(data / "odd_valid" / "*.tif", tmp_path / "train")
    for sample in ShardSet(folder):
        json.dumps(sample.metadata, allow_nan=False)
