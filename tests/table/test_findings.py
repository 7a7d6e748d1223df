"""What stands out is said in full sentences, with a filter that shows just the images meant."""

from typing import Any

import polars as pl
import pytest

from smalti.table.expression import parse
from smalti.table.findings import Finding, find
from smalti.table.schema import IMAGE_COLUMNS, polars_schema


def table(n: int, **columns: Any) -> pl.DataFrame:
    """`n` images that are all alike, but for the columns given; a column may be one value or a list."""
    alike = {"status": "ok", "condition": "a", "dtype": "uint8", "size_x": 64, "size_y": 48, "size_z": 1}
    given = {"path": [f"{i}.png" for i in range(n)], "pixel_size_x_um": 0.5} | alike | columns
    values = {name: value if isinstance(value, list) else [value] * n for name, value in given.items()}
    schema = polars_schema(IMAGE_COLUMNS)
    blank = pl.DataFrame(schema=schema).clear(n)
    frame = pl.DataFrame(values).cast({name: schema[name] for name in values if name in schema})
    return frame.with_columns(blank[name] for name in schema if name not in values)


def one(images: pl.DataFrame, topic: str) -> Finding:
    return next(finding for finding in find(images) if finding.topic == topic)


def shown(images: pl.DataFrame, finding: Finding) -> list[int]:
    assert finding.where is not None
    mask = images.select(parse(finding.where, images.schema).fill_null(False)).to_series()
    return mask.arg_true().to_list()


def test_files_that_fail_are_counted_by_reason_not_by_image() -> None:
    images = table(4, path=["a", "a", "b", "c"], status=["ok", "partial", "unreadable", "ok"])
    found = one(images, "Files")
    assert found.sentence == "2 of 3 files could not be read in full: 1 partial, 1 unreadable."
    assert shown(images, found) == [1, 2]


def test_a_folder_that_reads_whole_says_so_without_a_warning() -> None:
    assert one(table(2), "Files") == Finding("Files", "note", "All 2 files could be read: 2 images.")


def test_saturated_images_are_counted_and_shown() -> None:
    images = table(3, saturated_high=[0.5, 0.0, None])
    found = one(images, "Saturation")
    assert found.sentence == "1 of 3 images is saturated: over 1% of the pixels at the ceiling."
    assert shown(images, found) == [0]


def test_pixel_types_that_mix_within_a_condition_are_a_warning() -> None:
    images = table(4, dtype=["uint8", "uint8", "uint16", "uint8"], condition=["a", "a", "b", "b"])
    found = one(images, "Pixel type")
    assert found.sentence == "4 images of 2 pixel types: 3 uint8, 1 uint16; mixed in ‘b’."
    assert (found.level, shown(images, found)) == ("warning", [2])


def test_pixel_types_that_differ_between_conditions_only_are_a_note() -> None:
    assert one(table(2, dtype=["uint8", "uint16"], condition=["a", "b"]), "Pixel type").level == "note"


def test_copies_are_found_by_their_pixels_and_flat_images_are_none() -> None:
    hashes = ["1", "1", "2", "3", "3", None, None]
    images = table(7, content_hash=hashes, is_flat=[False, False, False, True, True, None, None])
    found = one(images, "Duplicates")
    assert found.sentence == "2 of 7 images have exactly the pixels of another: 1 set of copies."
    assert shown(images, found) == [0, 1]


def test_an_image_far_less_sharp_than_its_group_stands_out() -> None:
    sharp = [1.0, 1.1, 0.9, 1.05, 0.95, 1.0, 1.1, 0.9, 1.0, 1.0]
    images = table(11, laplacian_variance_norm=[*sharp, 0.1])
    assert shown(images, one(images, "Sharpness")) == [10]


def test_a_group_of_near_equal_images_has_no_unsharp_one() -> None:
    images = table(11, laplacian_variance_norm=[1.0] * 10 + [0.9])
    assert one(images, "Sharpness").level == "fine"


def test_a_condition_with_quotes_in_its_name_stays_a_name() -> None:
    images = table(11, condition='it\'s "b"', laplacian_variance_norm=[1.0] * 10 + [0.1])
    assert shown(images, one(images, "Sharpness")) == [10]


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"size_x": [64, 64, 65]}, "2 image sizes; 2 of 3 images are 64 × 48 px."),
        ({"size_x": [1, 2, 3]}, "3 image sizes: 1 to 3 px wide, 48 to 48 px high."),
        ({"size_x": [64, 64, None]}, "All 2 images with pixels are 64 × 48 px."),
    ],
    ids=["one differs", "all differ", "one unread"],
)
def test_sizes_are_said_as_people_say_them(columns: dict[str, Any], sentence: str) -> None:
    assert one(table(3, **columns), "Size").sentence == sentence


def test_missing_pixel_sizes_are_counted() -> None:
    images = table(3, pixel_size_x_um=[None, 0.5, 0.5])
    found = one(images, "Pixel size")
    assert found.sentence == "1 of 3 images does not state a pixel size."
    assert shown(images, found) == [0]


def test_stacks_say_how_far_they_go() -> None:
    found = one(table(2, size_z=[1, 9], size_c=2), "Stacks")
    assert found.sentence == "2 of 2 images have several planes: up to 2 channels, 9 z positions."


def test_without_metrics_and_pixels_only_the_files_are_spoken_of() -> None:
    unread = dict.fromkeys(["dtype", "size_x", "size_y", "size_z", "pixel_size_x_um"])
    assert [finding.topic for finding in find(table(2, status="skipped", **unread))] == ["Files"]


def test_an_empty_table_says_nothing() -> None:
    assert find(table(0)) == []
