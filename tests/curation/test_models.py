import hashlib
import io
import json
import shutil
import zipfile

import numpy as np
import pytest
from labelled_sets import done, labelled_set

from smalti.core.errors import UsageError
from smalti.curation.learning.classifiers import learnt, probabilities
from smalti.curation.learning.features import COLUMNS
from smalti.curation.learning.models import open_model
from smalti.curation.learning.skops_file import packed, unpacked


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    patches, _ = labelled_set(folder)
    done("train-filter", patches.folder, folder / "model", model="logistic")
    return folder / "model"


@pytest.fixture
def model(trained, tmp_path):
    """A copy that may be spoilt."""
    return shutil.copytree(trained, tmp_path / "model")


def put(model, data):
    """Other weights, with the hash that belongs to them."""
    (model / "model.skops").write_bytes(data)
    said(model, sha256=hashlib.sha256(data).hexdigest())


def said(model, **changes):
    path = model / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")


@pytest.mark.parametrize("kind", ["boosting", "logistic"])
def test_a_model_is_read_as_it_was_written(kind):
    rng = np.random.default_rng(0)
    features = rng.normal(size=(60, 5)).astype(np.float32)
    features[::5, 2], features[:, 4] = np.nan, np.nan
    made = learnt(kind, features, features[:, 0] > 0, 0)
    read = unpacked(packed(made), "it")
    assert np.array_equal(probabilities(read, features), probabilities(made, features))
    assert packed(learnt(kind, features, features[:, 0] > 0, 0)) == packed(made)
    features[0] = [np.inf, -np.inf, 0, 1, 2]
    assert np.isfinite(probabilities(read, features)).all()


def test_a_file_with_a_type_that_is_not_trusted_is_not_opened(model, tmp_path):
    with zipfile.ZipFile(model / "model.skops") as file:
        held = {name: file.read(name) for name in file.namelist()}
    schema = json.loads(held["schema.json"])
    schema["content"]["content"]["evil"] = {
        "__class__": "system", "__module__": "posix", "__loader__": "FunctionNode", "__id__": 999,
        "content": {"module_path": "posix", "function": "system"},
    }  # fmt: skip
    held["schema.json"] = json.dumps(schema).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, data in held.items():
            file.writestr(name, data)
    put(model, buffer.getvalue())
    with pytest.raises(UsageError, match=r"holds types that no model of smalti has: posix\.system; it"):
        open_model(str(model)).classifier()


def test_weights_that_were_changed_are_not_opened(model):
    with (model / "model.skops").open("ab") as file:
        file.write(b" ")
    with pytest.raises(UsageError, match=r"was changed since it was trained, and was not opened"):
        open_model(str(model)).classifier()


@pytest.mark.parametrize("data", [b"", b"no zip", b"PK\x05\x06" + bytes(18)], ids=["none", "text", "zip"])
def test_weights_that_are_none_are_refused(model, data):
    put(model, data)
    with pytest.raises(UsageError, match="is no model that skops reads"):
        open_model(str(model)).classifier()


def test_a_zip_that_would_fill_the_memory_is_not_opened(model, monkeypatch):
    monkeypatch.setattr("smalti.curation.learning.skops_file.MOST_BYTES", 1000)
    with pytest.raises(UsageError, match="1,000 are allowed; it was not opened"):
        open_model(str(model)).classifier()


def test_another_model_than_the_one_that_is_named_is_refused(model):
    put(model, packed(learnt("logistic", np.eye(16, 2, dtype=np.float32), np.arange(16) < 8, 0)))
    with pytest.raises(UsageError, match="holds no logistic model of"):
        open_model(str(model)).classifier()


def test_a_model_with_a_further_step_is_refused(model):
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    steps = [step for _, step in open_model(str(model)).classifier().steps]
    features = np.random.default_rng(0).normal(size=(16, len(COLUMNS)))
    put(model, packed(make_pipeline(FunctionTransformer(np.exp), *steps).fit(features, np.arange(16) % 2)))
    with pytest.raises(UsageError, match="holds no logistic model of"):
        open_model(str(model)).classifier()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"format": 99}, "has format 99, this smalti reads 1; use a newer smalti"),
        ({"format": "1"}, "does not describe a model"),
        ({"kind": "forest"}, "is a model of kind 'forest'; this smalti knows boosting, logistic, resnet34"),
        ({"kind": ["boosting"]}, "is a model of kind"),
        ({"threshold": 7}, "says threshold 7, not a number from 0 to 1"),
        ({"features": {"version": 0, "columns": []}}, "takes features of version 0"),
        ({"features": None}, "takes features of version None"),
        ({"sha256": "../../etc"}, "was changed since"),
        ({"sha256": None}, "says no sha256 of the weights; train the model anew"),
    ],
)
def test_a_model_of_another_make_is_refused_with_words(model, changes, reason):
    said(model, **changes)
    with pytest.raises(UsageError, match=reason):
        open_model(str(model)).classifier()


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "[" * 100_000, '{"format": 1}', "\x00"])
def test_what_describes_no_model_is_refused(model, text):
    (model / "model.json").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"model"):
        open_model(str(model))


def test_weights_that_are_gone_are_missed(model):
    (model / "model.skops").unlink()
    with pytest.raises(UsageError, match="cannot be read"):
        open_model(str(model)).classifier()


def test_where_no_model_is_it_says_how_to_make_one(tmp_path):
    with pytest.raises(UsageError, match="make a model with: smalti curate train-filter PATCHES -o MODEL"):
        open_model(str(tmp_path))
    with pytest.raises(UsageError, match="copy the folder of the model to this machine"):
        open_model("https://example.org/model")
