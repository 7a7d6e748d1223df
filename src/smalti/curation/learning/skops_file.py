"""scikit-learn models as bytes that run nothing when they are read, and are the same for the same model."""

import io
import json
import zipfile
from typing import Any

from smalti.core.errors import UsageError

__all__ = ["TRUSTED", "packed", "unpacked"]

TRUSTED = ("sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor", "numpy.dtype")
"""Types, beside those that skops trusts, that a model may be made of: trees of boosting, and of numbers."""

MOST_BYTES = 1 << 30
"""Unpacked, of a file that is read."""

_SCHEMA = "schema.json"


def packed(model: Any) -> bytes:
    """A model as a skops file; numbers that tell of this process, and times, are put in order."""
    from skops.io import dumps

    with zipfile.ZipFile(io.BytesIO(dumps(model))) as made:
        held = {name: made.read(name) for name in made.namelist()}
    schema = json.loads(held.pop(_SCHEMA))
    numbers: dict[int, int] = {}
    files = {name: f"{k}.{name.rpartition('.')[2]}" for k, name in enumerate(held)}
    steady = json.dumps(_steady(schema, numbers, files)).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in [*((files[name], data) for name, data in held.items()), (_SCHEMA, steady)]:
            file.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _steady(node: Any, numbers: dict[int, int], files: dict[str, str]) -> Any:
    """A schema whose ids count from 1, and whose files are called likewise."""
    if isinstance(node, list):
        return [_steady(one, numbers, files) for one in node]
    if not isinstance(node, dict):
        return node
    made: dict[str, Any] = {}
    for name, value in node.items():
        if name == "__id__":
            made[name] = numbers.setdefault(value, len(numbers) + 1)
        elif name == "file":
            made[name] = files[value]
        else:
            made[name] = _steady(value, numbers, files)
    return made


def unpacked(data: bytes, where: str) -> Any:
    """The model in a skops file.

    Raises
    ------
    UsageError
        It holds types that are not trusted, or is damaged.
    """
    from skops.io import get_untrusted_types, loads

    _check_size(data, where)
    try:
        strange = sorted(set(get_untrusted_types(data=data)) - set(TRUSTED))
    except Exception as error:  # skops raises what its parts raise
        raise UsageError(f"{where} is no model that skops reads: {error}; train it anew") from error
    if strange:
        raise UsageError(
            f"{where} holds types that no model of smalti has: {', '.join(strange)}; it was not opened, do "
            "not use it unless you know who made it"
        )
    try:
        return loads(data, trusted=list(TRUSTED))
    except Exception as error:  # a library of another version raises anything
        raise UsageError(f"{where} cannot be opened here: {error}; train it anew") from error


def _check_size(data: bytes, where: str) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            size = sum(one.file_size for one in file.infolist())
    except zipfile.BadZipFile as error:
        raise UsageError(f"{where} is no model that skops reads: {error}; train it anew") from error
    if size > MOST_BYTES:
        raise UsageError(f"{where} would take {size:,} bytes, {MOST_BYTES:,} are allowed; it was not opened")
