"""What a YAML file asks for: the same as the command line, under the keys that such files have."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path, PurePath
from typing import Any

import yaml

from smalti.core.errors import UnknownNameError, UsageError
from smalti.export.shards.options import ShardOptions

__all__ = ["Config", "read_config"]

_SPEC = ("template", "transforms")
_RENAMED = {"to_uint8": "uint8"}
_EITHER = ({"pds", "shard_size"}, {"uint8_percent", "uint8_limits"})
"""Options of which one takes the place of the other."""


@dataclass(frozen=True, slots=True)
class Config:
    """What a file asks for.

    Parameters
    ----------
    inputs
        Folders, files, patterns or URLs, as if they were typed.
    out
        The folder to write, where ``output_stem`` names one: ``train/frames``; else "".
    options
        Values of `ShardOptions`.
    """

    inputs: tuple[str, ...] = ()
    out: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    def with_given(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The options, those of the command line or call before those of the file."""
        kept = dict(self.options)
        for either in _EITHER:
            if either & given.keys():
                kept = {name: value for name, value in kept.items() if name not in either}
        return kept | dict(given)


def read_config(path: str) -> Config:
    """What a YAML file asks for.

    Keys are ``inputs``, ``output_stem``, ``shard_size``, ``to_uint8``, ``compressed``, ``filename_spec`` with
    ``template`` and ``transforms``, and all names of options.

    Raises
    ------
    UsageError
        It cannot be read, or has a key that there is not.
    """
    told = _mapping(path)
    names = [each.name for each in fields(ShardOptions)]
    known = {"inputs", "output_stem", "filename_spec", *_RENAMED, *names}
    for key in told:
        if key not in known:
            raise UnknownNameError(f"key of {path}", str(key), known)
    inputs = told.pop("inputs", [])
    stem = told.pop("output_stem", None)
    options = _spec(path, told.pop("filename_spec", None) or {})
    options |= {_RENAMED.get(name, name): value for name, value in told.items()}
    if stem is not None:
        options["stem"] = PurePath(str(stem)).name
    folder = "" if stem is None else str(PurePath(str(stem)).parent)
    return Config(_listed(path, inputs), "" if folder == "." else folder, options)


def _mapping(path: str) -> dict[str, Any]:
    try:
        told = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = getattr(error, "strerror", None) or str(error).partition("\n")[0]
        raise UsageError(f"{path} cannot be read: {reason}") from error
    if not isinstance(told, dict):
        raise UsageError(f"{path} holds no keys; write inputs: [PATTERN, …] and other options into it")
    return told


def _listed(path: str, inputs: Any) -> tuple[str, ...]:
    listed = [inputs] if isinstance(inputs, str) else inputs
    if not isinstance(listed, list) or not all(isinstance(one, str) and one for one in listed):
        raise UsageError(
            f"{path}: inputs are {inputs!r}; give a folder, a file or a pattern, or a list of such"
        )
    return tuple(listed)


def _spec(path: str, told: Any) -> dict[str, Any]:
    """Options of a ``filename_spec``."""
    if not isinstance(told, dict):
        raise UsageError(f"{path}: filename_spec is {told!r}; give template and transforms")
    for key in told:
        if key not in _SPEC:
            raise UnknownNameError(f"key of filename_spec in {path}", str(key), _SPEC)
    transforms = told.get("transforms") or {}
    if not isinstance(transforms, dict):
        raise UsageError(f"{path}: transforms are {transforms!r}; give FIELD: TRANSFORM for each")
    pairs = tuple(f"{field}={transform}" for field, transform in transforms.items())
    found = {"template": told.get("template"), "transforms": pairs or None}
    return {name: value for name, value in found.items() if value is not None}
