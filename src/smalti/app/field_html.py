"""One option as HTML: a name, a field that fits its kind, what it does, and room for what is wrong."""

from collections.abc import Callable, Iterable, Mapping
from html import escape
from typing import Any

from smalti.core.options import Kind, Option

__all__ = ["WHOLE", "field", "form", "written"]

WHOLE = "*"
"""Key of what is wrong with several options together."""


def form(options: Iterable[Option]) -> str:
    """Fields under the headings of their groups, those of no group first."""
    groups: dict[str, list[Option]] = {"": []}
    for one in options:
        groups.setdefault(one.group, []).append(one)
    shown = "".join(_group(title, ones) for title, ones in groups.items() if ones)
    shown = shown or '<div class="help">There is nothing to choose.</div>'
    return f'{shown}<div class="wrong" role="alert" data-says="{WHOLE}" hidden></div>'


def _group(title: str, options: Iterable[Option]) -> str:
    legend = f"<legend>{escape(title)}</legend>" if title else ""
    return f'<fieldset>{legend}<div class="grid">{"".join(map(field, options))}</div></fieldset>'


def field(one: Option) -> str:
    """One option with a label of its own; what is wrong is shown where ``data-says`` is its name."""
    name = escape(one.name)
    told = (
        f'<div class="help" id="help-{name}">{escape(one.meaning)}</div>'
        f'<div class="wrong" id="wrong-{name}" role="alert" data-says="{name}" hidden></div>'
    )
    return f'<div class="field">{_FIELDS[one.kind](one, _facts(one))}{told}</div>'


def _facts(one: Option) -> str:
    """Attributes that every field has."""
    name = escape(one.name)
    return f'id="option-{name}" data-key="{name}" aria-describedby="help-{name} wrong-{name}"'


def _label(one: Option) -> str:
    hint = _bounds(one) or one.metavar
    unit = f' <span class="unit">{escape(hint)}</span>' if hint else ""
    return f'<label for="option-{escape(one.name)}">{escape(one.label)}{unit}</label>'


def _bounds(one: Option) -> str:
    if one.least is not None and one.most is not None:
        return f"{one.least:g} to {one.most:g}"
    if one.least is not None:
        return f"{one.least:g} or more"
    return f"at most {one.most:g}" if one.most is not None else ""


def _switch(one: Option, facts: str) -> str:
    on = " checked" if one.default else ""
    return (
        f'<label class="check"><input type="checkbox" role="switch" {facts}{on}>{escape(one.label)}</label>'
    )


def _select(one: Option, facts: str) -> str:
    texts = {choice: choice for choice in one.choices}
    if one.optional:
        texts = {"": one.usual or "automatic", **texts}
    chosen = one.default or ""
    entries = "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{escape(text)}</option>'
        for value, text in texts.items()
    )
    return f"{_label(one)}<select {facts}>{entries}</select>"


def _text(one: Option, facts: str) -> str:
    # Browsers give nothing at all of a number field with a typing error, so there would be nothing to say.
    keys = {"int": "numeric", "float": "decimal"}.get(one.kind, "text")
    usual = one.usual or written(one.default)
    value = "" if one.usual else written(one.default)
    return (
        f'{_label(one)}<input type="text" {facts} inputmode="{keys}" autocomplete="off" spellcheck="false" '
        f'placeholder="{escape(usual)}" value="{escape(value)}">'
    )


def written(value: Any) -> str:
    """A value as it stands in a field; None as nothing."""
    if value is None:
        return ""
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


_FIELDS: Mapping[Kind, Callable[[Option, str], str]] = {
    "bool": _switch,
    "choice": _select,
    "int": _text,
    "float": _text,
    "str": _text,
    "ints": _text,
    "strs": _text,
}
