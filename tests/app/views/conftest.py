"""A session over the demo, as one visitor has it; plots rendered as for a browser."""

from collections.abc import Callable
from typing import Any

import panel as pn
import pytest
from bokeh.document import Document
from bokeh.plotting import figure as Plot  # noqa: N812  # a class in Bokeh

from smalti.app.content import Content
from smalti.app.linked import Linked
from smalti.app.session import Session
from smalti.processing.project import Project


@pytest.fixture(scope="session")
def content(demo: Project) -> Content:
    return Content.of(demo)


@pytest.fixture(autouse=True)
def no_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Views follow at once, as in a script; Playwright leaves a loop running that nothing turns."""
    monkeypatch.setattr("smalti.app.linker.scheduler", lambda: None)


@pytest.fixture
def session(content: Content) -> Session:
    made = Session(content)
    made.state.group_by = "condition"
    return made


@pytest.fixture
def figures_of() -> Callable[[Linked], list[Any]]:
    """Start a view, and give the Bokeh figures that a browser would get of it."""

    def render(view: Linked) -> list[Any]:
        root = pn.panel(view).get_root(Document())
        view.start()
        assert view.trouble == ""
        return sorted(root.select({"type": Plot}), key=lambda plot: int(plot.id.removeprefix("p")))

    return render
