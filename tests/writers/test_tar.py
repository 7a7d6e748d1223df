"""Tar files: read by Python's tarfile, never too large, the same bytes each time."""

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smalti.core.errors import SmaltiError
from smalti.writers.tar import Member, TarShards
from smalti.writers.tar_packing import unpacked
from smalti.writers.target import LocalTarget

NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=150)
SAMPLES = st.lists(st.tuples(NAMES, st.binary(max_size=3000)), max_size=8)


def write(folder, samples, limit=10_000, **options):
    target = LocalTarget(folder)
    shards = TarShards(target, "x", limit, **options)
    places = [shards.add([Member(name, [content[:7], content[7:]])]) for name, content in samples]
    shards.finish()
    target.is_ours = True
    target.close()
    return places


def read(path):
    with tarfile.open(path) as tar:
        return [(one.name, tar.extractfile(one).read()) for one in tar]


@given(SAMPLES, st.booleans())
def test_every_sample_is_read_back_in_order_and_no_tar_is_above_its_size(tmp_path_factory, samples, packed):
    folder = tmp_path_factory.mktemp("tar")
    write(folder, samples, compressed=packed)
    paths = sorted(folder.iterdir())
    assert all(path.stat().st_size <= 10_000 for path in paths)
    found = [member for path in paths for member in read(path)]
    assert found == [(name.rstrip("/"), content) for name, content in samples]


@pytest.mark.parametrize("compressed", [False, True])
def test_a_sample_is_read_alone_by_its_place(tmp_path, compressed):
    samples = [(f"{number}.bin", bytes([number]) * 900) for number in range(20)]
    for (name, content), place in zip(samples, write(tmp_path, samples, compressed=compressed), strict=True):
        piece = (tmp_path / place.shard).read_bytes()[place.offset : place.offset + place.size]
        with tarfile.open(fileobj=io.BytesIO(unpacked(place.shard, piece))) as tar:
            assert tar.extractfile(name).read() == content


def test_a_compressed_tar_is_one_stream_for_readers_that_take_the_first_only(tmp_path):
    samples = [(f"{number}.bin", bytes([number]) * 900) for number in range(20)]
    write(tmp_path, samples, limit=10**6, compressed=True)
    with (tmp_path / "x-000000.tar.gz").open("rb") as file, tarfile.open(fileobj=file, mode="r|gz") as tar:
        assert [member.name for member in tar] == [name for name, _ in samples]


@pytest.mark.parametrize("compressed", [False, True])
def test_the_same_samples_give_the_same_bytes(tmp_path, compressed):
    samples = [("a" * 120, b"long name"), ("é.json", b"{}")]
    for place in ("one", "two"):
        write(tmp_path / place, samples, compressed=compressed)
    name = "x-000000.tar.gz" if compressed else "x-000000.tar"
    assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_tar_that_just_fits_is_not_split_and_one_byte_less_splits_it(tmp_path):
    samples = [("a", b"x" * 512), ("b", b"y" * 512)]
    write(tmp_path / "fits", samples, limit=4 * 512 + 1024)
    write(tmp_path / "less", samples, limit=4 * 512 + 1023)
    assert [len(list((tmp_path / name).iterdir())) for name in ("fits", "less")] == [1, 2]


def test_a_sample_above_the_size_of_a_tar_is_refused_and_the_next_is_written(tmp_path):
    shards = TarShards(LocalTarget(tmp_path), "x", 4096)
    with pytest.raises(SmaltiError, match="give a larger --shard-size"):
        shards.add([Member("large", [bytes(5000)])])
    assert shards.add([Member("small", [b"1"])]).offset == 0
    shards.finish()
    assert read(tmp_path / "x-000000.tar") == [("small", b"1")]


def test_a_tar_has_its_name_only_when_it_is_complete(tmp_path):
    shards = TarShards(LocalTarget(tmp_path), "x", 4096)
    shards.add([Member("a", [b"1"])])
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["x-000000.tar.tmp"]
    shards.finish()
    assert (tmp_path / "x-000000.tar").is_file()
