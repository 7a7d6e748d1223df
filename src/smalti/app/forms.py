"""A form made of a record of options: whoever adds an exporter or a step has its form by that."""

from collections.abc import Collection, Mapping
from typing import Any

import panel as pn

from smalti.app.field_html import WHOLE, form
from smalti.app.fields import Fields
from smalti.app.words import in_labels, sentence
from smalti.core.errors import SmaltiError, UsageError
from smalti.core.options import Option, options_of, read_options

__all__ = ["Form"]


class Form(pn.viewable.Viewer):  # type: ignore[misc]  # panel is untyped
    """Fields for the options of a record; what cannot be is said under its field at once.

    Parameters
    ----------
    record
        Frozen dataclass of options; see `smalti.core.options`.
    hidden
        Names of options that have no field, beside those that name files.

    Raises
    ------
    TypeError
        It has a field that no form can show.
    """

    def __init__(self, record: type, *, hidden: Collection[str] = (), **params: Any) -> None:
        super().__init__(**params)
        self._record = record
        shown = (one for one in options_of(record) if one.name not in hidden and not one.names_files)
        self._options = {one.name: one for one in shown}
        self.fields = Fields(form(self._options.values()), changed=self._check)

    def read(self) -> Any:
        """The record as it is filled in.

        Raises
        ------
        UsageError
            A field holds what it cannot; the message calls it as the form does.
        """
        if troubles := self._troubles():
            raise UsageError(next(iter(troubles.values())))
        return read_options(self._record, self._given())

    @property
    def changed(self) -> dict[str, Any]:
        """Options that are not as usual, by name; all that must be stated to get the same record."""
        record = self.read()
        now = {name: getattr(record, name) for name in self._options}
        return {name: value for name, value in now.items() if value != self._options[name].default}

    def _given(self) -> dict[str, Any]:
        held = self.fields.values
        return {name: _plain(one, held[name]) for name, one in self._options.items() if name in held}

    def _check(self, _name: str, _value: Any) -> None:
        self.fields.says = self._troubles()

    def _troubles(self) -> dict[str, str]:
        """What is wrong, by field; if each is right by itself, what is wrong with all together."""
        given = self._given()
        tried = {name: self._tried({name: value}) for name, value in given.items()}
        found = {name: trouble for name, trouble in tried.items() if trouble}
        together = "" if found else self._tried(given)
        return {WHOLE: together} if together else found

    def _tried(self, given: Mapping[str, Any]) -> str:
        try:
            read_options(self._record, given)
        except SmaltiError as error:
            return sentence(in_labels(str(error), self._record))
        return ""

    def __panel__(self) -> Any:
        return self.fields


def _plain(one: Option, value: Any) -> Any:
    """What a field holds, as `read_options` takes it."""
    if one.optional and value == "":
        return None
    if one.kind == "strs" and isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value
