"""Choices that stand in the state as well as on the page: each follows the other."""

from abc import abstractmethod
from typing import Any

import panel as pn
import param
import polars as pl

from smalti.app.session import Session
from smalti.core.errors import SmaltiError
from smalti.table.whole import Table

__all__ = ["Chosen"]


class Chosen(pn.viewable.Viewer, param.ParameterizedABC):  # type: ignore[misc]  # panel is untyped
    """Parameters with the names of the state's own, kept equal to it both ways.

    A subclass declares them, names them in `shared`, gives the words for None in `nothing`, and the choices
    there are in `choices`. What the state refuses is said in `trouble`, and the choice goes back.

    Parameters
    ----------
    session
        Its state is what is chosen from.
    """

    trouble = param.String(default="", doc="Why a choice cannot be used.")

    shared: tuple[str, ...] = ()
    nothing: dict[str, str] = {}  # noqa: RUF012  # a constant of the subclass

    def __init__(self, session: Session, **params: Any) -> None:
        super().__init__(**params)
        self.session = session
        self._state = state = session.state
        self._offered: Table | None = None
        self._follow()
        state.param.watch(self._follow, "revision")
        self.param.watch(self._tell, list(self.shared))

    @abstractmethod
    def choices(self, more: pl.Schema) -> dict[str, list[str]]:
        """What there is to choose, by parameter.

        Parameters
        ----------
        more
            Columns that the table of the state has beside those of the project.
        """

    def _follow(self, *_: Any) -> None:
        """Show what the state holds, also what is not among the choices."""
        if self._offered is not self._state.table:
            self._offered = self._state.table
            own = self.session.content.images.columns
            schema = self._offered.images.schema
            more = pl.Schema({name: dtype for name, dtype in schema.items() if name not in own})
            for name, objects in self.choices(more).items():
                self.param[name].objects = objects
        held = {name: getattr(self._state, name) for name in self.shared}
        shown = {name: self.nothing.get(name) if value is None else value for name, value in held.items()}
        for name, value in shown.items():
            parameter = self.param[name]
            if isinstance(parameter, param.Selector) and value not in parameter.objects:
                parameter.objects = [*parameter.objects, value]
        self.param.update(**shown)

    def _tell(self, *events: Any) -> None:
        asked = {e.name: None if e.new == self.nothing.get(e.name) else e.new for e in events}
        changed = {name: value for name, value in asked.items() if value != getattr(self._state, name)}
        if not changed:
            return
        try:
            self._state.update(**changed)
            self.trouble = ""
        except SmaltiError as error:
            self.trouble = str(error)
            self._follow()
