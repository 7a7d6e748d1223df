"""The folder of a trained model: what it is, its weights, a card for people, scores of what it saw.

``model.json`` says what the others are; ``model.skops`` or ``model.pth`` holds the weights.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smalti.core.errors import UsageError
from smalti.core.remote import is_url
from smalti.curation.hashed import sha256_of
from smalti.curation.learning.classifiers import KINDS, check_sklearn, is_a
from smalti.curation.learning.features import COLUMNS, VERSION
from smalti.curation.learning.skops_file import unpacked
from smalti.writers.staged import Kind

__all__ = ["CARD", "FACTS", "FOLDER", "FORMAT", "TESTED", "WEIGHTS", "Model", "open_model"]

FORMAT = 1
"""Of ``model.json``; a higher one is not read."""

FACTS, CARD, TESTED = "model.json", "README.md", "validation.parquet"

WEIGHTS = {"boosting": "model.skops", "logistic": "model.skops", "resnet34": "model.pth"}
"""The file of weights, by kind of model."""

FOLDER = Kind("model", (FACTS,), (FACTS, CARD, TESTED, *sorted(set(WEIGHTS.values()))))

MOST_FACTS = 16 << 20
MOST_WEIGHTS = 1 << 30
"""Bytes that are read."""


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A model that was trained.

    Parameters
    ----------
    folder
        Where it is.
    facts
        What ``model.json`` says.
    """

    folder: Path
    facts: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """``"boosting"``, ``"logistic"`` or ``"resnet34"``."""
        return str(self.facts["kind"])

    @property
    def threshold(self) -> float:
        """Scores above it are of patches to keep, unless one says otherwise."""
        return float(self.facts["threshold"])

    @property
    def sha256(self) -> str:
        """Of the file of weights."""
        return str(self.facts["sha256"])

    @property
    def weights(self) -> Path:
        """The file of weights."""
        return self.folder / WEIGHTS[self.kind]

    def classifier(self) -> Any:
        """The scikit-learn model; it is only opened when it is the one that was written.

        Raises
        ------
        UsageError
            It was changed, is no model of features, or holds types that are not trusted.
        MissingExtraError
            scikit-learn or skops are not installed.
        """
        check_sklearn()
        data = _bytes(self.weights, MOST_WEIGHTS)
        _check_hash(self.weights, hashlib.sha256(data).hexdigest(), self.sha256)
        model = unpacked(data, str(self.weights))
        if not is_a(self.kind, model, len(COLUMNS)):  # type: ignore[arg-type]  # one of features, see below
            raise UsageError(
                f"{self.weights} holds no {self.kind} model of {len(COLUMNS)} features; train it anew"
            )
        return model

    def network(self) -> Path:
        """The file of a network's weights.

        Raises
        ------
        UsageError
            It was changed.
        """
        if not self.weights.is_file():
            raise UsageError(
                f"{self.folder} lacks {self.weights.name}; train it anew, or copy the whole folder"
            )
        _check_hash(self.weights, sha256_of(self.weights), self.sha256)
        return self.weights


def open_model(where: str) -> Model:
    """The model in a folder, after a look at what it says of itself; its weights are not read yet.

    Raises
    ------
    UsageError
        There is none, it is of a kind or version that this smalti does not know, or of other features.
    """
    if is_url(where):
        raise UsageError(f"{where} is a URL; copy the folder of the model to this machine")
    folder = Path(where).expanduser()
    facts = _facts(folder)
    if facts.get("kind") not in tuple(WEIGHTS):
        raise UsageError(
            f"{folder} is a model of kind {facts.get('kind')!r}; this smalti knows {', '.join(WEIGHTS)}"
        )
    threshold = facts.get("threshold")
    if not isinstance(threshold, int | float) or not 0 <= threshold <= 1:
        raise UsageError(f"{folder / FACTS} says threshold {threshold!r}, not a number from 0 to 1")
    if not isinstance(facts.get("sha256"), str):
        raise UsageError(f"{folder / FACTS} says no sha256 of the weights; train the model anew")
    if facts["kind"] in KINDS:
        _check_features(folder, facts.get("features"))
    return Model(folder, facts)


def _facts(folder: Path) -> dict[str, Any]:
    path = folder / FACTS
    if not path.is_file():
        raise UsageError(
            f"{folder} holds no {FACTS}; make a model with: smalti curate train-filter PATCHES -o MODEL"
        )
    try:
        facts = json.loads(_bytes(path, MOST_FACTS))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} cannot be read: {error}; train the model anew") from error
    form = facts.get("format") if isinstance(facts, dict) else None
    if not isinstance(form, int):
        raise UsageError(f"{path} does not describe a model of smalti")
    if form > FORMAT:
        raise UsageError(f"{path} has format {form}, this smalti reads {FORMAT}; use a newer smalti")
    return dict(facts)


def _check_features(folder: Path, features: Any) -> None:
    """Raise UsageError unless a model takes the features that this smalti finds."""
    said = features if isinstance(features, dict) else {}
    if said.get("version") != VERSION:
        raise UsageError(
            f"{folder} takes features of version {said.get('version')!r}, this smalti finds those of version "
            f"{VERSION}; train it anew"
        )
    names = [column.name for column in COLUMNS]
    if said.get("columns") != names:
        raise UsageError(
            f"{folder} takes other features than the {len(names)} that are found here; train it anew"
        )


def _check_hash(path: Path, found: str, wanted: str) -> None:
    if found != wanted:
        raise UsageError(
            f"{path} has SHA-256 {found[:16]}…, {FACTS} says {wanted[:16]}…: it was changed since it was "
            "trained, and was not opened; train it anew, or copy the whole folder again"
        )


def _bytes(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    if len(data) > most:
        raise UsageError(
            f"{path} has more than {most:,} bytes, which no model of smalti has; it was not read"
        )
    return data
