"""Tables that come alone, and images that have moved."""

import shutil

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import smalti
from smalti.core.errors import SmaltiError, UsageError
from smalti.core.image import image_id
from smalti.processing.sharing.rooted import locate
from smalti.processing.sharing.shelf import shelved


@pytest.fixture(scope="module")
def made(write_tiffs, tmp_path_factory):
    """A project of ten images, two of them stacks."""
    from smalti.core.progress import Silent

    base = tmp_path_factory.mktemp("alone")
    write_tiffs(base / "images", 10)
    return smalti.process(base / "images", output=base / "x.smalti", name="ten", progress=Silent())


@pytest.fixture(autouse=True)
def shelf(tmp_path, monkeypatch):
    """The user's cache, empty."""
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *_: tmp_path / "cache")
    monkeypatch.setattr("smalti.processing.sharing.shelf._of_this_process", {})


def test_an_images_table_alone_is_a_project_without_planes(made):
    opened = smalti.open(made.path / "images.parquet")
    assert opened.images.collect().equals(made.images.collect())
    assert opened.planes.collect().height == opened.thumbnails.collect().height == 0
    assert opened.read_only
    assert opened.summary()["ok"] == 10
    assert opened.view.table.columns["mean"].meaning == made.view.table.columns["mean"].meaning


def test_a_planes_table_alone_gives_its_images_rolled_up(made):
    opened = smalti.open(made.path / "planes.parquet")
    both = opened.images.join(made.images, on="image_id", suffix="_there").collect()
    assert both.height == 10
    assert both["mean"].to_list() == pytest.approx(both["mean_there"].to_list(), rel=1e-6)
    assert opened.planes.collect().equals(made.planes.collect())
    assert opened.rollup(by="t").collect().height == 1


def test_true_images_are_read_through_a_table_alone(made):
    opened = smalti.open(made.path / "images.parquet")
    first = opened.images.select("image_id").head(1).collect().item()
    assert opened.image(first).read().size


def test_a_table_written_by_the_command_opens_too(made, tmp_path):
    made.images.select("image_id", "path", "status", "mean").collect().write_parquet(
        tmp_path / "some.parquet"
    )
    opened = smalti.open(tmp_path / "some.parquet")
    assert opened.images.select("mean").collect().height == 10
    assert opened.images.select("size_x").collect()["size_x"].null_count() == 10


@pytest.mark.parametrize("column", ["filename", "path", "url"])
def test_a_table_of_another_program_opens_by_its_column_of_paths(tmp_path, column):
    table = pl.DataFrame({column: ["b\\two.tif", "a/one.tif", None], "magnitude": [1.5, 2.5, 0.0]})
    table.with_columns(status=pl.lit("done")).write_parquet(tmp_path / "x.parquet")
    images = smalti.open(tmp_path / "x.parquet").images.collect()
    assert images["path"].to_list() == ["a/one.tif", "b/two.tif"]
    assert images["image_id"][0] == image_id("a/one.tif", 0)
    assert images["magnitude"].to_list() == [2.5, 1.5]
    assert images["source_status"].to_list() == ["done", "done"]


def test_the_table_of_images_to_zarr_opens(data):
    opened = smalti.open(data / "interop" / "images_to_zarr_0.3.5_metadata.parquet")
    images = opened.images.collect()
    assert images["magnitude"].to_list() == [11.5, 12.5, 13.5, 14.5, 15.5]
    assert images["dtype"].unique().to_list() == ["uint8"]
    assert "5 images in 5 files" in repr(opened)


def test_a_table_without_images_says_which_columns_it_looked_for(tmp_path):
    pl.DataFrame({"dose": [1.0]}).write_parquet(tmp_path / "x.parquet")
    with pytest.raises(UsageError, match=r"image_id and path.*filename.*found: dose"):
        smalti.open(tmp_path / "x.parquet")


@pytest.mark.parametrize("content", [b"PAR1", b"PAR1 nothing else PAR1", b"PAR1" + bytes(100) + b"PAR1"])
def test_a_broken_table_is_said_to_be_broken(tmp_path, content):
    (tmp_path / "x.parquet").write_bytes(content)
    with pytest.raises(UsageError, match="cannot be read as Parquet"):
        smalti.open(tmp_path / "x.parquet")


def test_a_small_file_of_a_billion_rows_is_refused(tmp_path):
    batch = pa.table({"path": pa.DictionaryArray.from_arrays(pa.array([0] * 2**20, pa.int8()), ["a"])})
    with pq.ParquetWriter(tmp_path / "x.parquet", batch.schema, compression="zstd") as writer:
        for _ in range(4):
            writer.write_table(batch)
    content = pq.read_metadata(tmp_path / "x.parquet")
    assert content.num_rows == 2**22
    from smalti.processing.sharing import bare

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bare, "machine_memory", lambda: 2**22 * 8)
        with pytest.raises(UsageError, match="4,194,304 rows of 1 columns"):
            smalti.open(tmp_path / "x.parquet")


def test_odd_types_and_meanings_of_another_program_do_no_harm(tmp_path):
    columns = {
        "path": pa.array(["a.tif"]),
        "mean": pa.array([{"x": 1}]),
        "size_x": pa.array(["wide"]),
        "kind": pa.DictionaryArray.from_arrays([0], ["round"]),
        "when": pa.array([1], pa.timestamp("ns", "Europe/Berlin")),
    }
    fields = [pa.field(n, c.type, metadata={"rollup": "explode"}) for n, c in columns.items()]
    pq.write_table(pa.table([*columns.values()], schema=pa.schema(fields)), tmp_path / "x.parquet")
    opened = smalti.open(tmp_path / "x.parquet")
    row = opened.images.collect().row(0, named=True)
    assert row["size_x"] is None
    assert "mean" not in row
    assert opened.view.n == (1, 1, 0)


def test_a_file_that_is_no_project_says_what_can_be_opened(tmp_path):
    (tmp_path / "a.tif").write_bytes(b"II*\0")
    with pytest.raises(UsageError, match="neither a ZIP that smalti wrote nor a Parquet table"):
        smalti.open(tmp_path / "a.tif")


def test_images_that_moved_are_found_below_the_new_base(made, write_tiffs, tmp_path):
    write_tiffs(tmp_path / "images", 10)
    opened = smalti.open(made.path, base=tmp_path / "images")
    row = opened.images.select("image_id", "path").collect().row(0)
    assert opened.image(row[0]).ref.uri == str(tmp_path / "images" / row[1])
    (tmp_path / "images" / row[1]).unlink()
    with pytest.raises(SmaltiError, match=r"0000.ome.tif is not at .*smalti explore … --base DIR"):
        opened.image(row[0])


def test_a_run_after_a_move_measures_nothing_again(made, write_tiffs, tmp_path, told):
    shutil.copytree(made.path, tmp_path / "x.smalti")
    shutil.copytree(made.record.base, tmp_path / "moved", copy_function=shutil.copy2)
    smalti.open(tmp_path / "x.smalti", base=tmp_path / "moved").process(progress=told)
    assert told.total == 0


URL, HERE = "https://example.org/a/b.tif", "/nowhere/a/b.tif"


@pytest.mark.parametrize(
    ("uri", "base", "moved_to", "place"),
    [
        (URL, "https://example.org", None, URL),
        (URL, "https://example.org", "s3://bucket/", "s3://bucket/a/b.tif"),
        (HERE, "/nowhere", "s3://bucket", "s3://bucket/a/b.tif"),
        ("a/b.tif", "", "s3://bucket", "s3://bucket/a/b.tif"),
        (None, "s3://bucket", None, "s3://bucket/a/b.tif"),
    ],
)
def test_a_file_is_looked_for_where_its_project_or_the_user_says(uri, base, moved_to, place):
    assert locate(uri, "a/b.tif", base, moved_to, trusted=True) == place


@pytest.mark.parametrize("uri", [URL, "\\\\server\\share\\a.tif", "//server/share/a.tif", "s3://b/a.tif"])
def test_no_other_machine_is_asked_because_a_file_says_so(uri):
    with pytest.raises(UsageError, match="no other machine is asked"):
        locate(uri, "a.tif", "", None, trusted=False)


def test_a_shelf_that_is_made_twice_at_once_is_there_once(tmp_path):
    calls = []

    def make(folder):
        calls.append(folder)
        for name in ("project.json", "images.parquet"):
            (folder / name).write_text("x")
        if len(calls) == 1:
            shelved("key", tmp_path / "x.zip", make)  # as another process would, in between

    folder = shelved("key", tmp_path / "x.zip", make)
    assert [path.name for path in folder.parent.iterdir()] == ["key.smalti"]
