"""The table of the filtered images, a page at a time, with everything on it to be pressed."""

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import param
import polars as pl

from smalti.app.choices import choice_of_columns
from smalti.app.content import Content
from smalti.app.linked import Linked
from smalti.app.live import Live, button
from smalti.app.session import Session
from smalti.app.views.plotted import offer
from smalti.app.words import status_mark, title, value_text
from smalti.core.words import count
from smalti.table.view import Snapshot

__all__ = ["TableView"]

SIZES = (10, 25, 50, 100)

COLUMNS = (
    "name",
    "status",
    "condition",
    "format",
    "dtype",
    "size_x",
    "size_y",
    "n_planes",
    "mean",
    "laplacian_variance",
    "noise_sigma",
    "saturated_high",
)
"""Shown first, as far as the table has them."""

CSS = Path(__file__).with_name("table.css").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Page:
    """One page of the table.

    Parameters
    ----------
    rows
        Chosen columns; ``row`` is the row number.
    number
        From 0.
    size
        Rows a page.
    n_rows
        On all pages.
    selected
        bool, one for each row of the page.
    order
        Row numbers of all pages, unless searched.
    sort_by, descending
        What the order follows.
    """

    rows: pl.DataFrame
    number: int
    size: int
    n_rows: int
    selected: np.ndarray
    order: np.ndarray
    sort_by: str
    descending: bool

    @property
    def last(self) -> int:
        """Number of the last page."""
        return max(0, -(-self.n_rows // self.size) - 1)


class TableView(Linked):
    """Chosen columns of the filtered images, in their order."""

    columns = param.ListSelector(default=[], objects=[], doc="Columns from left to right.")
    search = param.String(default="", doc="Text that a row contains.")
    size = param.Selector(default=25, objects=SIZES, doc="Rows a page.")
    page = param.Integer(default=0, bounds=(0, None), doc="From 0.")

    options = ("columns", "search", "size", "page")

    def __init__(self, session: Session, **params: Any) -> None:
        super().__init__(session)
        does = {
            "sort": self._sort,
            "search": lambda _key, text: self.param.update(search=str(text), page=0),
            "size": lambda _key, size: self.param.update(size=int(size), page=0),
            "turn": lambda key, _value: self.param.update(page=int(key)),
            "open": lambda key, _value: session.param.update(opened=int(key)),
            "select": self._select,
        }
        self._live = Live(does=does, sheet=CSS, css_classes=["qc-table"])
        self._page: Page | None = None
        offer(self, lambda table: table.images.columns, "columns")
        self.param.update(**({"columns": _filled(session.state.table.images)} | params))
        session.param.watch(lambda _event: self._draw(), "opened")

    @property
    def controls(self) -> Any:
        """See `Linked`."""
        return choice_of_columns(self.param.columns, "Columns")

    def compute(self, snapshot: Snapshot) -> Page:
        """The page chosen, or the first where rows have come into another order since."""
        before = self._page
        kept = before is None or before.order is snapshot.order
        number, size = self.page if kept else 0, self.size
        rows, n_rows = snapshot.page(number, size, self.columns, self.search)
        selected, view = snapshot.picked[rows["row"].to_numpy()], snapshot.view
        return Page(rows, number, size, n_rows, selected, snapshot.order, view.sort_by, view.descending)

    def show(self, found: Page) -> None:
        """See `Linked`."""
        self._page = found
        with param.parameterized.discard_events(self):
            self.page = found.number
        self._draw()

    def _draw(self) -> None:
        if self._page is not None:
            page, content = self._page, self.session.content
            table = _table(page, content, self.session.opened) if page.n_rows else _NOTHING
            self._live.markup = _bar(page, self.search) + table

    def _sort(self, column: str, _value: Any) -> None:
        """Sort by a column; pressed again, from the other end."""
        state = self.session.state
        state.update(sort_by=column, descending=state.sort_by == column and not state.descending)

    def _select(self, row: str, is_on: Any) -> None:
        state = self.session.state
        state.select_rows(np.array([int(row)], dtype=np.int32), mode="add" if is_on else "subtract")

    @property
    def body(self) -> Any:
        """See `Linked`."""
        return self._live

    @property
    def code(self) -> str:
        """See `Linked`."""
        return f"{self.session.state.to_code()}\nimages.select({self.columns!r})\n"


def _filled(images: pl.DataFrame) -> list[str]:
    """The usual columns, less those without any value; a table of another program has few of them."""
    known = [name for name in COLUMNS if name in images.columns]
    return [name for name in known if images[name].null_count() < images.height] or known


_NOTHING = '<div class="scroll nothing">No image passes the filters and contains this text.</div>'


def _bar(page: Page, search: str) -> str:
    first = page.number * page.size
    span = (
        f"{first + 1:,}–{first + page.rows.height:,} of {count(page.n_rows)}" if page.n_rows else "0 images"
    )
    sizes = "".join(
        f'<option value="{size}"{" selected" if size == page.size else ""}>{size} rows</option>'
        for size in SIZES
    )
    turns = [
        button("turn", "«", "First page", key="0", off=not page.number),
        button("turn", "‹", "Previous page", key=str(page.number - 1), off=not page.number),
        button("turn", "›", "Next page", key=str(page.number + 1), off=page.number >= page.last),
        button("turn", "»", "Last page", key=str(page.last), off=page.number >= page.last),
    ]
    return (
        f'<div class="bar"><input type="search" data-do="search" placeholder="Search" '
        f'aria-label="Search the text columns" value="{escape(search)}">'
        f'<span class="faint" role="status">{span}</span>'
        f'<select data-do="size" aria-label="Rows a page">{sizes}</select>'
        f'<span class="turn">{"".join(turns)}</span></div>'
    )


def _table(page: Page, content: Content, opened: int | None) -> str:
    columns = page.rows.columns[1:]
    numbers = {name for name in columns if page.rows.schema[name].is_numeric()}
    heads = "".join(_head(content, name, name in numbers, page) for name in columns)
    rows = zip(page.rows.iter_rows(named=True), page.selected, strict=True)
    body = "".join(_row(row, columns, numbers, bool(picked), row["row"] == opened) for row, picked in rows)
    return (
        '<div class="scroll" tabindex="0" role="region" aria-label="Table of images"><table>'
        f'<thead><tr><th class="mark"></th>{heads}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def _head(content: Content, name: str, is_number: bool, page: Page) -> str:
    sorted_by = page.sort_by == name
    order = ("descending" if page.descending else "ascending") if sorted_by else "none"
    sign = (
        f'<span class="sign" aria-hidden="true">{"▼" if page.descending else "▲"}</span>' if sorted_by else ""
    )
    kind, meaning = ' class="number"' if is_number else "", escape(content.meaning(name))
    return (
        f'<th scope="col"{kind} aria-sort="{order}"><button type="button" data-do="sort" '
        f'data-key="{escape(name)}" title="{meaning}"><span>{title(name, content.unit(name))}</span>{sign}'
        "</button></th>"
    )


def _row(row: dict[str, Any], columns: list[str], numbers: set[str], selected: bool, opened: bool) -> str:
    number = row["row"]
    kind = " ".join(name for name, is_so in (("selected", selected), ("opened", opened)) if is_so)
    cells = "".join(_cell(name, row[name], name in numbers, number) for name in columns)
    tick = (
        f'<td class="mark"><input type="checkbox" data-do="select" data-key="{number}" '
        f'aria-label="Select row {number}"{" checked" if selected else ""}></td>'
    )
    return f'<tr class="{kind}" data-do="open" data-key="{number}">{tick}{cells}</tr>'


def _cell(name: str, value: Any, is_number: bool, number: int) -> str:
    if name == "status" and value is not None:
        return f"<td>{status_mark(value)}</td>"
    text = escape(value_text(value))
    if name == "name":
        return f'<td title="{text}">{button("open", text, f"Open {value}", key=str(number))}</td>'
    return f'<td class="number">{text}</td>' if is_number else f'<td title="{text}">{text}</td>'
