"""Volumes elsewhere, as people write their URLs and as metadata describe them; boxes drawn of them."""

import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler
from itertools import islice
from pathlib import Path
from urllib.parse import unquote, urlsplit

import far_made
import numpy as np
import pytest
from far_made import NM, SHAPE, n5, pixels_of, put, store, write
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.core.errors import UsageError
from smalti.curation.plans import SkipError
from smalti.curation.sampling.boxes import draw, grid_of
from smalti.curation.sampling.places import place_of
from smalti.curation.sampling.reading import FarError, Reach
from smalti.curation.sampling.shares import Part, share_out
from smalti.curation.sampling.volumes import volume_at
from smalti.writers.ome_zarr import write_ome_zarr
from smalti.writers.volume import Volume


@pytest.fixture
def reach():
    return Reach.of(0)


def whole(level):
    return level.pixels(tuple((0, n) for n in level.shape))


@pytest.mark.parametrize(
    ("url", "shown", "driver", "path", "form"),
    [
        ("precomputed://gs://h01-release/a/8nm", "gs://h01-release/a/8nm", "gcs", "a/8nm/", "precomputed"),
        ("n5://s3://bucket/v.n5/em/s0/", "s3://bucket/v.n5/em/s0", "s3", "v.n5/em/s0/", "n5"),
        ("s3://bucket/a b/v.zarr", "s3://bucket/a b/v.zarr", "s3", "a b/v.zarr/", None),
        ("zarr://https://h.org:81/a%20b/", "https://h.org:81/a%20b", "http", "a b/", "zarr"),
        ("https://u:p@h.org/v/info?token=1", "https://h.org/v", "http", "v/", "precomputed"),
        ("https://h.org/v.zarr/|zarr3:", "https://h.org/v.zarr", "http", "v.zarr/", "zarr"),
        ("file:///data/v%20w/attributes.json", "/data/v w", "file", "/data/v w/", "n5"),
    ],
)
def test_urls_are_read_as_people_write_them(url, shown, driver, path, form):
    place, found = place_of(url)
    assert (place.url, place.store["driver"], place.store["path"], found) == (shown, driver, path, form)


@pytest.mark.parametrize("url", ["ftp://h/v", "s3:///v", "https://h/v|jpeg:", "abfs://h/v"])
def test_other_urls_are_refused(url):
    with pytest.raises(UsageError):
        place_of(url)


def test_a_bucket_is_asked_with_the_credentials_that_are_there(monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert place_of("s3://bucket/v")[0].spec["aws_credentials"] == {"type": "anonymous"}
    put(tmp_path / ".aws", "credentials", {})
    assert place_of("s3://bucket/v")[0].spec["aws_credentials"] == {"type": "profile"}
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://here:1/")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    spec = place_of("s3://bucket/v")[0].spec
    assert (spec["aws_credentials"], spec["endpoint"]) == ({"type": "environment"}, "http://here:1")


class Google(BaseHTTPRequestHandler):
    """Objects of a bucket, and nothing of whose they are."""

    def __init__(self, *arguments, directory):
        self.folder = Path(directory)
        super().__init__(*arguments)

    def log_message(self, *words):
        pass

    def do_GET(self):
        name = unquote(urlsplit(self.path).path.removeprefix("/storage/v1/b/bucket/o/"))
        if not (self.folder / name).is_file():
            self.send_error(404)
            return
        data = (self.folder / name).read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("x-goog-generation", "1")
        self.end_headers()
        self.wfile.write(data)


def test_a_bucket_of_google_is_read(tmp_path, serve):
    write(tmp_path / "v w", "precomputed", pixels_of())
    server = serve(tmp_path, Google)
    code = (
        "from smalti.curation.sampling.reading import Reach\n"
        "from smalti.curation.sampling.volumes import volume_at\n"
        "level = volume_at(Reach.of(0), 'precomputed://gs://bucket/v w').levels[0]\n"
        "print(int(level.pixels(tuple((0, n) for n in level.shape)).sum()))"
    )
    told = {"TENSORSTORE_GCS_HTTP_URL": server, "GCE_METADATA_ROOT": server.removeprefix("http://")}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=os.environ | told, capture_output=True, encoding="utf-8", check=False)
    assert done.stdout.strip() == str(pixels_of().sum()), done.stderr


@pytest.mark.parametrize("encoding", ["jpeg", "compressed_segmentation"])
def test_shards_and_codecs_of_neuroglancer_are_read(encoding, tmp_path, reach):
    dtype = "uint8" if encoding == "jpeg" else "uint32"
    pixels = np.full((16, 32, 48), 7, dtype)
    scale = {
        "size": pixels.shape[::-1],
        "resolution": [4, 4, 40],
        "encoding": encoding,
        "chunk_size": [16, 16, 8],
        "sharding": {
            "@type": "neuroglancer_uint64_sharded_v1",
            "preshift_bits": 1,
            "hash": "identity",
            "minishard_bits": 1,
            "shard_bits": 1,
        },
    }
    kind = "image" if encoding == "jpeg" else "segmentation"
    whole_scale = {"data_type": dtype, "num_channels": 1, "type": kind}
    store(
        "neuroglancer_precomputed",
        tmp_path / "v",
        pixels.T[..., None],
        scale_metadata=scale,
        multiscale_metadata=whole_scale,
    )
    volume = volume_at(reach, str(tmp_path / "v"))
    np.testing.assert_array_equal(whole(volume.levels[0]), pixels)
    assert volume.notes == (() if kind == "image" else ("it is a segmentation: its voxels are labels",))


def test_shards_that_smalti_wrote_are_read(tmp_path, reach):
    pixels = pixels_of(dtype="uint16")
    steps, origin = dict(zip("zyx", (0.03, 0.004, 0.005), strict=True)), {"z": 1.0, "y": 2.0, "x": 3.0}
    about = Volume("zyx", SHAPE, pixels.dtype, steps, origin)
    write_ome_zarr(tmp_path / "v.ome.zarr", about, lambda region: pixels[region])
    level = volume_at(reach, str(tmp_path / "v.ome.zarr")).levels[0]
    np.testing.assert_array_equal(whole(level), pixels)
    assert (level.scale.steps, level.scale.origin) == ((0.03, 0.004, 0.005), (1.0, 2.0, 3.0))


def test_a_level_that_is_named_is_found_among_the_others(tmp_path, reach):
    for form, name in (("ome04", "1"), ("ome05", "1"), ("n5", "s1")):
        write(tmp_path / form, form, pixels_of())
        volume = volume_at(reach, str(tmp_path / form / name))
        assert (volume.level, len(volume.levels)) == (1, 3)
        assert volume.levels[1].scale.steps == pytest.approx([0.03, 0.008, 0.01])


def test_levels_of_bigdataviewer_have_the_sizes_that_follow_from_the_full_one(tmp_path, reach):
    pixels = pixels_of((16, 32, 32))
    group = tmp_path / "v.n5" / "setup0" / "timepoint0"
    for n in range(2):
        n5(group / f"s{n}", pixels[:, :: 2**n, :: 2**n], (8, 8, 8), downsamplingFactors=[2**n, 2**n, 1])
    put(group, "attributes.json", {"multiScale": True, "resolution": [10, 10, 25]})
    bare = volume_at(reach, str(group)).levels[1].scale
    assert (bare.steps, bare.unit) == ((25, 20, 20), "")
    known = volume_at(reach, str(group), voxel_size=(0.025, 0.01, 0.01)).levels[1].scale
    assert (known.steps, known.unit) == (pytest.approx((0.025, 0.02, 0.02)), "um")


def test_a_list_that_says_other_sizes_than_the_metadata_is_told(tmp_path, reach):
    write(tmp_path / "v", "cosem", pixels_of())
    volume = volume_at(reach, str(tmp_path / "v"), voxel_size=(0.04, 0.004, 0.005))
    assert volume.levels[0].scale.steps == pytest.approx([n / 1000 for n in NM])
    assert volume.notes == ("voxels are 30 × 4 × 5 nm (z × y × x) by its metadata, 40 × 4 × 5 by the list",)


def test_a_level_that_is_declared_and_absent_is_told(tmp_path, reach):
    write(tmp_path / "v", "ome05", pixels_of())
    (tmp_path / "v" / "2").rename(tmp_path / "gone")
    volume = volume_at(reach, str(tmp_path / "v"))
    assert (len(volume.levels), volume.notes) == (2, ("level 2 (2) is declared but absent",))


def test_a_plain_array_is_taken_as_z_y_x_unless_it_names_its_axes(tmp_path, reach):
    pixels = pixels_of((9, 20, 30))
    far_made.zarr2(tmp_path / "plain", pixels, (8, 8, 8))
    far_made.zarr2(tmp_path / "named", pixels, (8, 8, 8))
    put(tmp_path / "named", ".zattrs", {"_ARRAY_DIMENSIONS": ["x", "y", "z"]})
    np.testing.assert_array_equal(whole(volume_at(reach, str(tmp_path / "plain")).levels[0]), pixels)
    np.testing.assert_array_equal(whole(volume_at(reach, str(tmp_path / "named")).levels[0]), pixels.T)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("info", {"@type": "neuroglancer_annotations_v1"}, "no volume with scales"),
        ("info", [], "no JSON object"),
        ("attributes.json", {"n5": "2.5.1"}, "give the URL of a volume, such as …/em/s0"),
        (".zattrs", {"plate": {}}, "it is a plate of Zarr"),
        (".zattrs", {"multiscales": [{"datasets": []}]}, "list no array"),
        (".zattrs", {"multiscales": [{"datasets": [{"path": "0"}]}]}, "it is not there"),
        (".zattrs", {"multiscales": "?"}, "it is a group of Zarr"),
    ],
)
def test_metadata_of_other_things_are_told_as_such(name, value, words, tmp_path, reach):
    put(tmp_path / "v", name, value)
    with pytest.raises(FarError, match=words):
        volume_at(reach, str(tmp_path / "v"))


@pytest.mark.parametrize("size", [0, -30, float("nan"), float("inf")])
@pytest.mark.parametrize("unit", ["nanometer", None, "pixel"])
def test_sizes_that_are_none_are_not_used(size, unit, tmp_path, reach):
    for n in range(2):
        far_made.zarr2(tmp_path / str(n), pixels_of()[:, :: 2**n, :: 2**n], (8, 8, 8))
    entry = far_made.multiscale([(size, 4 * 2**n, 4 * 2**n) for n in range(2)])
    for axis in entry["axes"]:
        axis["unit"] = unit
    put(tmp_path, ".zattrs", {"multiscales": [entry]})
    assert [level.scale.steps for level in volume_at(reach, str(tmp_path)).levels] == [None, None]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("zarr.json", {"attributes": [1], "node_type": "group"}),
        (".zattrs", {"multiscales": [{"datasets": [1]}]}),
        (".zattrs", {"multiscales": [{"datasets": [{"path": "0"}], "axes": 5}]}),
        ("attributes.json", {"dimensions": 5}),
    ],
)
def test_metadata_that_are_shaped_otherwise_are_told_as_such(name, value, tmp_path, reach):
    put(tmp_path / "v", name, value)
    with pytest.raises(FarError, match="its metadata are not as those of"):
        volume_at(reach, str(tmp_path / "v"))


def test_more_axes_than_three_must_be_named(tmp_path, reach):
    far_made.zarr2(tmp_path / "v", pixels_of((2, 9, 20, 30)), (1, 8, 8, 8))
    with pytest.raises(FarError, match="it has 4 axes and does not name them"):
        volume_at(reach, str(tmp_path / "v"))
    assert volume_at(reach, str(tmp_path / "v"), "czyx").levels[0].shape == (9, 20, 30)


def test_a_chunk_that_declares_more_than_memory_holds_is_refused(tmp_path, reach):
    far_made.zarr3(tmp_path / "v", pixels_of(), (8, 8, 8))
    text = (tmp_path / "v" / "zarr.json").read_text()
    for old, new in (("[8,8,8]", "[1000000,1000,1000]"), ("[21,45,70]", "[10000000,1000,1000]")):
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "v" / "zarr.json").write_text(text)
    with pytest.raises(FarError, match="one chunk of it has 1e\\+03 GB as declared"):
        volume_at(reach, str(tmp_path / "v"))


def test_an_image_has_no_boxes(tmp_path, reach):
    far_made.zarr2(tmp_path / "v", pixels_of((20, 30)), (8, 8))
    with pytest.raises(SkipError, match="it has no depth"):
        volume_at(reach, str(tmp_path / "v"))


lengths = st.tuples(*[st.integers(1, 60)] * 3)


@settings(deadline=None)
@given(lengths, lengths, lengths, st.integers(0, 9))
def test_boxes_lie_in_the_volume_side_by_side_and_where_chunks_begin(shape, sides, chunk, seed):
    grid = grid_of(shape, sides, chunk, np.random.default_rng(seed))
    first, last = grid.box(0), grid.box(grid.total - 1)
    for axis, (length, side, block) in enumerate(zip(shape, sides, chunk, strict=True)):
        assert first[axis][0] >= 0
        assert last[axis][1] <= length
        assert last[axis][1] - first[axis][0] == grid.counts[axis] * min(side, length)
        assert length - (last[axis][1] - first[axis][0]) < min(side, length)
        assert min(side, length) % block or first[axis][0] % block == 0


@settings(deadline=None)
@given(st.integers(1, 500), st.integers(0, 9))
def test_every_box_is_drawn_once_and_the_order_is_that_of_the_seed(total, seed):
    drawn = list(draw(total, np.random.default_rng(seed)))
    assert sorted(drawn) == list(range(total))
    assert drawn[:20] == list(islice(draw(total, np.random.default_rng(seed)), 20))


counts = st.integers(0, 20)
volumes = st.lists(st.tuples(st.integers(1, 50), counts, counts, counts), min_size=1, max_size=6)


def part_of(size, most, there, done=0):
    """Of a volume that holds so many boxes, of which some are fetched."""
    part = Part(size, most, min(done, there), lambda n: min(n, there - part.n))
    return part


@settings(deadline=None)
@given(volumes, st.integers(0, 2000))
def test_a_total_is_kept_and_nothing_of_it_left_that_somebody_could_use(facts, total):
    parts = [part_of(*one) for one in facts]
    before = sum(part.n * part.size for part in parts)
    share_out(parts, total)
    left = total - sum(part.n * part.size for part in parts)
    wanting = [part for part, one in zip(parts, facts, strict=True) if part.n < min(one[1:3])]
    assert left >= min(0, total - before)
    assert all(part.size > left for part in wanting)


@settings(deadline=None)
@given(volumes, st.integers(0, 2000))
def test_shares_are_even_where_nobody_had_any_before(facts, total):
    parts = [part_of(*one[:3]) for one in facts]
    share_out(parts, total)
    shares = [part.n * part.size for part, one in zip(parts, facts, strict=True) if part.n < min(one[1:3])]
    assert not shares or max(shares) - min(shares) <= 2 * max(part.size for part in parts)
