import base64
import json
from datetime import datetime

import pytest
from jsonschema import Draft202012Validator, ValidationError

from smalti.core.errors import UnknownNameError
from smalti.core.plugin import plugins
from smalti.core.progress import Silent
from smalti.processing.catalogue import json_schema
from smalti.processing.project import process
from smalti.processing.settings import Settings
from smalti.testing.dataset import write_dataset


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A processed dataset with broken files among it."""
    base = tmp_path_factory.mktemp("catalogue") / "images"
    write_dataset(base, n=100)
    return process(base, output=base.parent / "x.smalti", workers=1, progress=Silent())


def rows(table):
    """Rows as JSON, as any program would write them."""
    as_text = {bytes: lambda value: base64.b64encode(value).decode(), datetime: datetime.isoformat}
    return json.loads(
        json.dumps(table.to_dicts(), default=lambda value: as_text[type(value)](value), allow_nan=False)
    )


def test_the_schema_is_itself_valid():
    for table in (None, "images", "planes", "histograms", "thumbnails"):
        Draft202012Validator.check_schema(json_schema(table=table))


@pytest.mark.parametrize("table", ["images", "planes", "histograms", "thumbnails"])
def test_every_row_of_a_real_table_is_valid(project, table):
    found = getattr(project, table).collect()
    assert found.height >= 90
    Draft202012Validator(json_schema(table=table)).validate(rows(found)[0])
    Draft202012Validator(json_schema()).validate({table: rows(found)})


@pytest.mark.parametrize("table", ["images", "planes", "histograms", "thumbnails"])
def test_properties_are_the_columns_of_a_real_table_in_their_order(project, table):
    stored = getattr(project, table).collect_schema().names()
    assert list(json_schema(table=table)["properties"]) == stored


@pytest.mark.parametrize(
    ("table", "column", "wrong"),
    [
        ("planes", "mean", "12"),
        ("planes", "image_id", None),
        ("planes", "is_flat", 1),
        ("images", "modified", "yesterday"),
        ("images", "channel_names", [1]),
        ("planes", "n_nan", 0.5),
    ],
)
def test_a_wrong_value_is_refused(project, table, column, wrong):
    row = rows(getattr(project, table).head(1).collect())[0]
    with pytest.raises(ValidationError, match=r"is not of type|does not match") as caught:
        Draft202012Validator(json_schema(table=table)).validate(row | {column: wrong})
    assert next(iter(caught.value.path)) == column


def test_times_as_polars_writes_them_are_valid(project):
    written = project.images.head(5).collect().write_ndjson().splitlines()
    validator = Draft202012Validator(json_schema(table="images"))
    assert all(validator.is_valid(json.loads(line)) for line in written)


def test_a_column_tells_type_unit_rollup_and_metric():
    found = json_schema(table="planes")["properties"]["snr_db"]
    told = {key: found[key] for key in found if key.startswith("x-")}
    assert told == {"x-dtype": "Float32", "x-unit": "dB", "x-rollup": "mean", "x-metric": "noise"}
    assert found["description"].endswith(".")


def test_columns_of_all_plugins_are_there():
    catalogue = json_schema(table="images")["properties"]
    for plugin in (*plugins("metric").values(), *plugins("loader").values()):
        assert {column.name for column in plugin.columns} <= catalogue.keys()


def test_only_columns_of_chosen_metrics_are_there():
    few = json_schema(Settings(metrics=("blockiness", "snr_db")), "planes")["properties"]
    assert {rule.get("x-metric") for rule in few.values()} == {None, "counts", "blockiness", "noise"}
    most = json_schema(Settings(exclude=("snr_db",)), "planes")["properties"]
    assert "noise_sigma" not in most


def test_an_unknown_table_is_answered_with_the_nearest():
    with pytest.raises(UnknownNameError, match="no table named 'plane'; did you mean 'planes'"):
        json_schema(table="plane")
