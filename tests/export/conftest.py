import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

SCHEMAS = Path(__file__).with_name("ngff")
MODELS = {"multiscales": "image", "image-label": "label", "plate": "plate", "well": "well"}


def contents(version):
    return [json.loads(path.read_text()) for path in sorted((SCHEMAS / version).glob("*.schema"))]


def validator(version, model):
    registry = Registry().with_resources(
        (one["$id"], DRAFT202012.create_resource(one)) for one in contents(version)
    )
    return Draft202012Validator(
        json.loads((SCHEMAS / version / f"{model}.schema").read_text()), registry=registry
    )


@pytest.fixture(scope="session")
def assert_valid():
    """Every group of a store fits the strict schemas of its version; gives the models that were met."""

    def check(store, version):
        met = set()
        for path in [*store.rglob("zarr.json"), *store.rglob(".zattrs")]:
            content = json.loads(path.read_text())
            attributes = content.get("attributes", {}) if path.name == "zarr.json" else content
            for key in MODELS.keys() & attributes.get("ome", attributes).keys():
                validator(version, f"strict_{MODELS[key]}").validate(attributes)
                met.add(MODELS[key])
        return met

    return check
