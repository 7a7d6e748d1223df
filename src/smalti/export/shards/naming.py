"""What a file's name says of its recording, by a template and transforms of its fields."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from smalti.core.errors import UnknownNameError, UsageError
from smalti.core.plugin import plugins
from smalti.export.about import plain
from smalti.loaders.choose import known_extensions
from smalti.sources.template import Template, kind_reader

__all__ = ["TRANSFORMS", "Naming", "split_age_sex"]

Transform = Callable[[str], Any]

_AGE_SEX = re.compile(r"(?P<age>[PEpe]?[0-9]+(?:\.[0-9]+)?[a-z]*?)[ _-]?(?P<sex>[MFmf])")
SHOWN = 3


def split_age_sex(text: str) -> dict[str, Any] | None:
    """``P21M``, ``45f`` or ``12w-F`` as age and sex; an age of digits alone is a number."""
    found = _AGE_SEX.fullmatch(text)
    if found is None:
        return None
    age = found["age"]
    return {"age": int(age) if age.isdigit() else age, "sex": found["sex"].upper()}


TRANSFORMS = ("identity", "int", "float", "str", "date", "date_compact", "split_age_sex")
"""Those that come with smalti."""


@dataclass(frozen=True, slots=True)
class Naming:
    """A template, and what becomes of a name that it does not fit.

    Parameters
    ----------
    template
        None where names are not looked into.
    or_null
        Whether the fields of such a name are null; otherwise it is an error.
    """

    template: Template | None = None
    or_null: bool = False

    @classmethod
    def of(cls, template: str | None, transforms: Sequence[str], on_mismatch: str) -> "Naming":
        """From options as `smalti.export.shards.options.ShardOptions` has them.

        Raises
        ------
        UsageError
            The template cannot be read, or there is no such field or transform.
        """
        if template is None:
            if transforms:
                raise UsageError(f"transforms {', '.join(transforms)} are of fields of a template; give one")
            return cls()
        pairs = dict(map(_pair, transforms))
        known = Template.read(template)
        readers = {name: _reader(transform) for name, transform in pairs.items()}
        return cls(known.reading(readers), on_mismatch == "null")

    def fields(self, paths: Sequence[str]) -> list[dict[str, Any]]:
        """What each name says, as JSON has it.

        Raises
        ------
        UsageError
            The template does not fit a name.
        """
        if self.template is None:
            return [{} for _ in paths]
        found = [self._match(path) for path in paths]
        missed = [path for path, hit in zip(paths, found, strict=True) if hit is None]
        if missed and not self.or_null:
            more = f" and {len(missed) - SHOWN:,} more" if len(missed) > SHOWN else ""
            raise UsageError(
                f"template {self.template.text!r} does not fit {', '.join(map(repr, missed[:SHOWN]))}{more}; "
                "change it, or give --on-mismatch null"
            )
        nothing = dict.fromkeys(field.name for field in self.template.fields)
        return [nothing if hit is None else hit for hit in found]

    def _match(self, path: str) -> dict[str, Any] | None:
        assert self.template is not None
        hits = next(filter(None, map(self.template.match, _forms(path))), None)
        return None if hits is None else {name: _written(hit.value) for name, hit in hits.items()}


def _forms(path: str) -> Iterator[str]:
    """A path without the extension of its format, then with it."""
    parts = path.rpartition("/")[2].split(".")
    tails = (".".join(parts[at:]) for at in range(1, len(parts)))
    tail = next((tail for tail in tails if tail.lower() in known_extensions()), "")
    yield path.removesuffix(f".{tail}") if tail else path
    yield path


def _written(value: Any) -> Any:
    """A value as JSON has it; the time of a date, which is none, is left out."""
    return value.date().isoformat() if isinstance(value, datetime) else plain(value)


def _pair(text: str) -> tuple[str, str]:
    field, sign, transform = text.partition("=")
    if not sign:
        raise UsageError(
            f"transform {text!r} names no field; write it as FIELD=TRANSFORM, such as mouse=identity"
        )
    return field.strip(), transform.strip()


def _reader(name: str) -> Transform:
    """The function of a transform; one that raises takes the text for none of its kind."""
    if own := kind_reader(name):
        return own
    if name == "split_age_sex":
        return split_age_sex
    installed: Mapping[str, Any] = plugins("transform")
    if name not in installed:
        raise UnknownNameError("transform", name, {*TRANSFORMS, *installed})
    function = installed[name].function

    def read(text: str) -> Any:
        try:
            return function(text)
        except (ValueError, TypeError, LookupError, ArithmeticError):
            return None

    return read
