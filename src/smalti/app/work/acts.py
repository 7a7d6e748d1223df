"""What is done with what is asked: preview, start, stop, copy; how far it is, and what came of it."""

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import panel as pn
import param

from smalti.app.live import Live, button
from smalti.app.theme import stacked
from smalti.app.words import sentence
from smalti.app.work.code import command_of, python_of
from smalti.app.work.running import Running
from smalti.app.work.sorts import Sort
from smalti.app.work.told import progress_html, report_html
from smalti.app.work.wish import Wish
from smalti.core.errors import SmaltiError
from smalti.core.progress import State
from smalti.export.report import Report
from smalti.processing.project import Project

__all__ = ["Acts"]

SHEET = Path(__file__).with_name("acts.css").read_text(encoding="utf-8")

KEPT = '<div class="faint">What is shown below is from before.</div>'


class Acts(pn.viewable.Viewer):  # type: ignore[misc]  # panel is untyped
    """Buttons, progress and result of one piece of work at a time; if it fails the result before it stays.

    Parameters
    ----------
    project
        Whose images they are.
    sort
        What is done with them.
    wish
        Gives what is asked for now, or raises SmaltiError.
    """

    trouble = param.String(default="", doc="Why there is no new result.")
    why_not = param.String(default="", doc="Why nothing can be done now; empty where it can.")
    previews = param.Boolean(default=False, doc="Whether it can be said beforehand what would be done.")

    def __init__(self, project: Project, sort: Sort, wish: Callable[[], Wish], **params: Any) -> None:
        super().__init__(**params)
        self._project, self._sort, self._wish = project, sort, wish
        self._report: tuple[Report, bool] | None = None
        self._stopping = self._previewing = False
        self._running = Running(self._tell, self._finish)
        does = {"preview": self._start, "go": self._start, "stop": self._stop, "copy": self._copy}
        self._buttons = Live(does=does, sheet=SHEET)
        self._progress, self._result = (Live(does={}, sheet=SHEET, visible=False) for _ in range(2))
        self.param.watch(self._draw, ["why_not", "previews"])
        self.param.watch(self._show, "trouble")
        self._draw()

    def forget(self) -> None:
        """Take away what came of another plugin, unless one is at work."""
        if not self._running.busy:
            self._report, self.trouble = None, ""
            self._show()

    def _start(self, do: str, _value: Any) -> None:
        if self.why_not or self._running.busy:
            return
        self._previewing = do == "preview"
        try:
            wish = self._wish()
            asked = wish.previewed() if self._previewing else wish
        except SmaltiError as error:
            self._finish(sentence(error))
            return
        self._stopping, self._result.visible = False, False
        self._tell(State(0, 0))
        self._running.start(lambda progress: asked.carry_out(self._project, progress))
        self._draw()

    def _stop(self, *_: Any) -> None:
        self._running.stop()
        self._stopping = True
        self._draw()

    def _copy(self, notation: str, _value: Any) -> None:
        try:
            wish = self._wish()
            self._buttons.copy(python_of(wish) if notation == "Python" else command_of(wish))
        except SmaltiError as error:
            self._finish(sentence(error))

    def _tell(self, state: State) -> None:
        doing = progress_html(state, "Looking" if self._previewing else self._sort.doing)
        self._progress.param.update(markup=doing, visible=True)

    def _finish(self, found: Report | str) -> None:
        if isinstance(found, Report):
            self._report = found, self._previewing
        self._progress.visible = self._running.busy
        self.trouble = found if isinstance(found, str) else ""
        self._show()
        self._draw()

    def _show(self, *_: Any) -> None:
        """The last report, below what went wrong since."""
        said = f'<div class="trouble" role="alert">{escape(self.trouble)}</div>' if self.trouble else ""
        report = report_html(self._report[0], self._sort, preview=self._report[1]) if self._report else ""
        shown = f"{said}{KEPT if said and report else ''}{report}"
        self._result.param.update(markup=shown, visible=bool(shown) and not self._running.busy)

    def _draw(self, *_: Any) -> None:
        if self._running.busy:
            self._buttons.markup = _while_running(self._stopping)
        else:
            self._buttons.markup = _at_rest(self._sort.do, self.why_not, self.previews)

    def __panel__(self) -> Any:
        return stacked(self._buttons, self._progress, self._result, gap=20)


def _while_running(stopping: bool) -> str:
    words = "Stopping …" if stopping else "Stop"
    stop = button("stop", words, words, off=stopping, kind="main quiet", heir=True)
    return f'<div class="buttons">{stop}</div>'


def _at_rest(do: str, why_not: str, previews: bool) -> str:
    off = bool(why_not)
    go = button("go", do, do, key="go", off=off, kind="main", heir=True)
    said = "Preview: say what would be written"
    look = button("preview", "Preview", said, key="preview", off=off, kind="main quiet") if previews else ""
    tips = {"Python": "as code that does the same", "CLI": "as a command that does the same"}
    copies = "".join(
        button("copy", name, f"{name}: copy, {tip}", key=name, kind="text") for name, tip in tips.items()
    )
    below = (
        f'<div class="why" role="status">{why_not}</div>'
        if why_not
        else f'<div class="copies"><span class="faint">Copy as</span>{copies}</div>'
    )
    return f'<div class="buttons">{go}{look}</div>{below}'
