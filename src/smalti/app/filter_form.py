"""The form that adds a filter: a column, what is asked of it, and a value; or a free expression."""

from collections.abc import Callable
from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from smalti.app.alert import alert
from smalti.app.entered import on_enter
from smalti.app.ops import Kind, kind_of, op_of, ops, value_of, values_of
from smalti.app.theme import html, side_by_side, stacked
from smalti.app.words import value_text
from smalti.core.errors import SmaltiError
from smalti.table.filters import Filter
from smalti.table.view import ViewState

__all__ = ["FilterForm"]

_PLAIN: dict[str, Any] = {"size": "small", "margin": 0, "sizing_mode": "stretch_width", "description": ""}

EXAMPLE = "such as: std / mean > 0.5"


class FilterForm(pn.viewable.Viewer):  # type: ignore[misc]  # panel is untyped
    """Adds filters to a state, or changes one; what cannot be read is said and changes nothing.

    Parameters
    ----------
    state
        What filters are added to.
    """

    trouble = param.String(default="", doc="Why the filter as typed cannot be used.")
    editing = param.String(default="", doc="Name of the filter that is changed; empty to add one.")
    kind = param.String(default="number", doc="What the column holds; see `smalti.app.ops.Kind`.")

    def __init__(self, state: ViewState, **params: Any) -> None:
        super().__init__(**params)
        self._state = state
        self.column = pmui.AutocompleteInput(
            label="Column",
            options=_columns(state),
            restrict=False,
            min_characters=0,
            case_sensitive=False,
            search_strategy="includes",
            **_PLAIN,
        )
        self.op = pmui.Select(label="", options=_menu("number"), value=ops("number")[0].said, **_PLAIN)
        self.first, self.second = (pmui.TextInput(label="", **_PLAIN) for _ in range(2))
        self.chosen = pmui.MultiChoice(label="", options=[], **_WITHOUT_SIZE)
        self.text = pmui.TextInput(label="or an expression", placeholder=EXAMPLE, **_PLAIN)
        self._add = pmui.Button(label="Add filter", variant="outlined", size="small", margin=0)
        self.column.param.watch(self._fit, "value")
        self.op.param.watch(self._arrange, "value")
        for field, done in (
            (self.first, self.add),
            (self.second, self.add),
            (self.text, self.add_expression),
        ):
            on_enter(field, done)
        self._add.on_click(lambda _event: self.add())
        state.param.watch(self._offer, "revision")
        self._arrange()

    def add(self) -> None:
        """Add what is typed, or change the filter that is being edited."""
        self._try(self._put)

    def add_expression(self) -> None:
        """Add the free expression."""
        self._try(self._put_expression)

    def edit(self, filter_: Filter) -> None:
        """Take a filter up into the fields; one they cannot hold becomes an expression."""
        op = None if filter_.text else op_of(filter_, kind_of(self._state.table, filter_.column))
        self.trouble = ""
        if op is None:
            self.text.value = filter_.expression(self._state.group_by)
        else:
            values = filter_.value if isinstance(filter_.value, tuple) else (filter_.value,)
            self.column.value = filter_.column
            self.op.value = op.said
            if op.takes == "choice":
                self.chosen.value = [str(value) for value in values]
            elif op.takes != "nothing":
                self.first.value, self.second.value = ([*map(str, values), ""])[:2]
        self.editing = filter_.name

    def _put(self) -> None:
        column = str(self.column.value or "").strip()
        op = next(op for op in ops(self._kind) if op.said == self.op.value)
        kind = kind_of(self._state.table, column)  # first: an unknown column is the first thing to say
        value = value_of(op, kind, self.first.value, self.second.value, self.chosen.value)
        asked = {"column": column, "op": op.op, "value": value, "invert": op.invert}
        if self.editing:
            self._state.change_filter(self.editing, text="", **asked)
        else:
            self._state.add_filter(**asked)
        self.first.value = self.second.value = ""
        self.chosen.value = []

    def _put_expression(self) -> None:
        if self.editing:
            plain = {"column": "", "op": "", "value": None, "invert": False}
            self._state.change_filter(self.editing, text=self.text.value.strip(), **plain)
        else:
            self._state.add_expression(self.text.value)
        self.text.value = ""

    def _try(self, put: Callable[[], None]) -> None:
        try:
            put()
        except SmaltiError as error:
            self.trouble = str(error)
        else:
            self.param.update(trouble="", editing="")

    @property
    def _kind(self) -> Kind:
        return self.kind  # type: ignore[no-any-return]

    def _offer(self, *_: Any) -> None:
        """Offer columns that were read or joined meanwhile too."""
        if (columns := _columns(self._state)) != self.column.options:
            self.column.options = columns

    def _fit(self, _event: Any) -> None:
        """Offer what can be asked of the column."""
        column = str(self.column.value or "")
        try:
            kind = kind_of(self._state.table, column)
        except SmaltiError:
            return  # said when it is added
        if kind != self.kind:
            self.kind = kind
            self.op.param.update(options=_menu(kind), value=ops(kind)[0].said)
        if kind == "category":
            self.chosen.param.update(options=values_of(self._state.table, column), value=[])
        self._arrange()

    def _arrange(self, *_: Any) -> None:
        op = next((op for op in ops(self._kind) if op.said == self.op.value), ops(self._kind)[0])
        self.first.param.update(
            visible=op.takes not in ("nothing", "choice"), label="from" if op.takes == "pair" else "value"
        )
        self.second.param.update(visible=op.takes == "pair", label="to")
        self.chosen.visible = op.takes == "choice"
        self.first.placeholder = {"is_outlier": "3.5", "is_top": "20", "is_bottom": "20"}.get(op.op, "")

    @param.depends("column.value")  # type: ignore[untyped-decorator]
    def _range(self) -> str:
        """Meaning and range of the column."""
        table, column = self._state.table, str(self.column.value or "")
        if column not in table.images.columns:
            return ""
        known = table.columns.get(column)
        said = [escape(known.meaning)] if known and known.meaning else []
        if table.dtype(column).is_numeric():
            low, high = table.extent(column)
            said.append(f"{value_text(low)} to {value_text(high)} {escape(known.unit if known else '')}")
        return f'<div class="faint">{" ".join(said)}</div>'

    @param.depends("editing", watch=True, on_init=True)  # type: ignore[untyped-decorator]
    def _name_button(self) -> None:
        if hasattr(self, "_add"):
            self._add.label = "Change filter" if self.editing else "Add filter"

    def __panel__(self) -> Any:
        ask = side_by_side(self.op, self.first, self.second, styles={"gap": "6px"})
        trouble = alert(self)
        return stacked(self.column, html(self._range), ask, self.chosen, self._add, self.text, trouble, gap=8)


def _columns(state: ViewState) -> list[str]:
    """Columns that can be asked about."""
    return [name for name, dtype in state.table.images.schema.items() if not dtype.is_nested()]


def _menu(kind: Kind) -> list[str]:
    return [op.said for op in ops(kind)]


_WITHOUT_SIZE = {key: value for key, value in _PLAIN.items() if key != "size"}
