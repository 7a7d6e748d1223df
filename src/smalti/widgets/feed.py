"""What a mosaic in a browser asks for, answered from the state of view; knows no host."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any

import numpy as np
import polars as pl

from smalti.core.errors import SmaltiError, UsageError
from smalti.table.palette import colours_of
from smalti.table.stats import group_columns
from smalti.table.view import Snapshot, ViewState
from smalti.widgets.contrast import CONTRASTS
from smalti.widgets.look import Look
from smalti.widgets.sheets import Sheets, columns_of

__all__ = ["Feed", "Reply"]

TILES = (16, 32, 64, 128)
MOST = 4096
"""Tiles on one sheet: what the browser asks for at most, twice over."""

CARD = ("dtype", "mean", "laplacian_variance", "noise_sigma", "saturated_high")
MODES = ("replace", "add", "subtract", "toggle")


@dataclass(frozen=True, slots=True)
class Reply:
    """A message to the browser, with the bytes that go beside it."""

    message: dict[str, Any]
    buffers: Sequence[bytes] = ()


class Feed:
    """Answers one mosaic's questions and tells it what changed.

    Parameters
    ----------
    state
        What is shown; gestures change it.
    sheets
        Where tiles come from.
    title
        What the mosaic shows, for screen readers.
    look
        How it is shown at first.
    opened
        Called with the row of an image that was clicked.
    """

    def __init__(
        self,
        state: ViewState,
        sheets: Sheets,
        *,
        title: str = "",
        look: Look | None = None,
        opened: Callable[[int], None] = lambda row: None,
    ) -> None:
        self._state = state
        self._sheets = sheets
        self._title = title
        self._look = look or Look()
        self._opened = opened
        self._told: Snapshot | None = None
        self._windows: tuple[Any, np.ndarray | None] = (None, None)
        self._lock = Lock()

    def answer(self, message: Mapping[str, Any], buffers: Sequence[Any] = ()) -> Reply:
        """Answer a message; a wish that cannot be fulfilled is answered with the reason in words.

        ``sheet`` and ``card`` may be asked in any thread; the others change the state, or look at it.
        """
        kind, known = str(message.get("type")), self._known()
        try:
            if kind not in known:
                raise UsageError(f"a mosaic was asked for {kind!r}; it knows {', '.join(known)}")
            reply = known[kind](message, [bytes(buffer) for buffer in buffers])
        except SmaltiError as error:
            reply = Reply({"type": "trouble", "words": str(error)})
        return Reply(reply.message | {"answers": message.get("id")}, reply.buffers)

    def _known(self) -> dict[str, Callable[[Mapping[str, Any], list[bytes]], Reply]]:
        return {
            "hello": self._hello,
            "sheet": self._sheet,
            "card": self._card,
            "select": self._select,
            "open": self._open,
            "arrange": self._arrange,
        }

    # ---- what changed

    def change(self, snapshot: Snapshot) -> Reply | None:
        """What a mosaic must be told to follow a state; None when it shows it already."""
        told, self._told = self._told, snapshot
        if told is not None and told.revision == snapshot.revision:
            return None
        return self._told_parts(snapshot, told)

    def _told_parts(self, now: Snapshot, before: Snapshot | None) -> Reply:
        pack = {"order": _int32, "group_index": _int16, "picked": _bits}
        sent = {
            name: packed(getattr(now, name))
            for name, packed in pack.items()
            if before is None or not np.array_equal(getattr(now, name), getattr(before, name))
        }
        return Reply({**_state_words(now), "parts": list(sent)}, list(sent.values()))

    # ---- what is asked

    def _hello(self, _message: Mapping[str, Any], _buffers: list[bytes]) -> Reply:
        images = self._state.table.images
        status = _column(images, "status").fill_null("ok")
        statuses = ["ok", *sorted(set(status.unique()) - {"ok"})]
        snapshot = self._state.snapshot()
        state = self._told_parts(snapshot, None)
        about = {
            "type": "hello",
            "title": self._title,
            "n": images.height,
            "statuses": statuses,
            "channels": self._channels(images),
            "sort_columns": [name for name, dtype in images.schema.items() if _has_order(dtype)],
            "group_columns": group_columns(images),
            "look": self._look.to_dict(),
            "state": state.message,
        }
        codes = status.replace_strict(statuses, range(len(statuses)), return_dtype=pl.UInt8)
        known = [codes.to_numpy().tobytes(), self._sheets.sizes(0).tobytes()]
        return Reply(about, [*known, *state.buffers])

    def _channels(self, images: pl.DataFrame) -> list[str]:
        n = self._sheets.n_channels
        stated: list[str] = []
        if "channel_names" in images.columns and images.schema["channel_names"] == pl.List(pl.String):
            lists = images["channel_names"].drop_nulls()
            same = lists.filter(lists.list.len() == n).unique()
            stated = same[0].to_list() if len(same) == 1 else []
        return [f"{c + 1} {name}".strip() for c, name in enumerate(stated or [""] * n)]

    def _sheet(self, message: Mapping[str, Any], buffers: list[bytes]) -> Reply:
        rows = self._rows(buffers)
        if message.get("tile") not in TILES or len(rows) > MOST:
            raise UsageError(f"{len(rows)} tiles of {message.get('tile')}; ask for {TILES}, {MOST} at most")
        return Reply(
            {"type": "sheet", "columns": columns_of(len(rows))}, [self._jpeg(rows, message["tile"], message)]
        )

    def _jpeg(self, rows: np.ndarray, tile: int, look: Mapping[str, Any]) -> bytes:
        channel = int(look.get("channel", 0))
        return self._sheets.sheet(rows, tile, channel, self._shared_windows(look, channel))

    def _shared_windows(self, look: Mapping[str, Any], channel: int) -> np.ndarray | None:
        """Windows under a contrast; the last ones are kept, because many sheets ask for the same."""
        contrast = look.get("contrast")
        if contrast not in CONTRASTS:
            raise UsageError(f"contrast {contrast!r}; choose one of {', '.join(CONTRASTS)}")
        if contrast == "image":
            return None
        snapshot = self._state.snapshot()
        key = (contrast, channel, snapshot.groups if contrast == "group" else None)
        with self._lock:
            if self._windows[0] != key:
                self._windows = key, self._sheets.windows(contrast, channel, snapshot.group_index)
            return self._windows[1]

    def _card(self, message: Mapping[str, Any], _buffers: list[bytes]) -> Reply:
        table, number = self._state.table, self._row(message)
        row = table.images.row(number, named=True)
        told = {"name": row.get("name") or row["image_id"], "status": row.get("status") or "ok"}
        columns = [self._state.group_by, self._state.sort_by, *CARD]
        wanted = [name for name in dict.fromkeys(columns) if name in row and name not in ("path", "name")]
        values = [[name, _plain(row[name]), _unit(table.columns, name)] for name in wanted]
        if size := _size(row):
            values.insert(0, ["size", size, ""])
        pictured = self._sheets.records(int(message.get("channel", 0)))[number] >= 0
        wants = pictured and message.get("tile")
        picture = [self._jpeg(np.array([number]), TILES[-1], message)] if wants else []
        return Reply({"type": "card", **told, "error": row.get("error"), "values": values}, picture)

    def _select(self, message: Mapping[str, Any], buffers: list[bytes]) -> Reply:
        mode = message.get("mode")
        if mode not in MODES:
            raise UsageError(f"selection mode {mode!r}; choose one of {', '.join(MODES)}")
        rows = self._rows(buffers)
        if len(rows) or mode != "replace":
            self._state.select_rows(rows, mode=mode)  # rows, not a rule: a click to a view
        else:
            self._state.clear_selection()
        return self._done()

    def _open(self, message: Mapping[str, Any], _buffers: list[bytes]) -> Reply:
        self._opened(self._row(message))
        return self._done()

    def _arrange(self, message: Mapping[str, Any], _buffers: list[bytes]) -> Reply:
        names = ("sort_by", "descending", "group_by")
        self._state.update(**{name: message[name] for name in names if name in message})
        return self._done()

    def _done(self) -> Reply:
        return Reply({"type": "done", "revision": self._state.revision})

    def _row(self, message: Mapping[str, Any]) -> int:
        number, n = message.get("row"), self._state.table.images.height
        if not isinstance(number, int) or not 0 <= number < n:
            raise UsageError(f"row {number} of a table of {n}; load the page anew")
        return number

    def _rows(self, buffers: list[bytes]) -> np.ndarray:
        rows = np.frombuffer(buffers[0] if buffers else b"", "<i4")
        if len(rows) and (rows.min() < 0 or rows.max() >= self._state.table.images.height):
            raise UsageError("rows that the table does not have; load the page anew")
        return rows


def _int32(rows: np.ndarray) -> bytes:
    return rows.astype("<i4").tobytes()


def _int16(groups: np.ndarray) -> bytes:
    return groups.astype("<i2").tobytes()


def _bits(flags: np.ndarray) -> bytes:
    return np.packbits(flags).tobytes()


def _state_words(snapshot: Snapshot) -> dict[str, Any]:
    groups, view = snapshot.groups, snapshot.view
    colours = colours_of(groups)
    return {
        "type": "state",
        "revision": snapshot.revision,
        "groups": [{"name": name, "colour": colours[name]} for name in groups.names],
        "group_by": view.group_by,
        "sort_by": view.sort_by,
        "descending": view.descending,
    }


def _column(images: pl.DataFrame, name: str) -> pl.Series:
    return images[name] if name in images.columns else pl.Series(name, [None] * images.height, pl.String)


def _has_order(dtype: pl.DataType) -> bool:
    return not (dtype.is_nested() or dtype == pl.Binary)


def _size(row: Mapping[str, Any]) -> str:
    """Width × height of an image, and how many planes of which kind, in words."""
    if not row.get("size_x"):
        return ""
    stacks = [f"{row[f'size_{axis}']} {axis}" for axis in "tcz" if (row.get(f"size_{axis}") or 1) > 1]
    return " · ".join([f"{row['size_x']} × {row['size_y']}", *stacks])


def _plain(value: Any) -> Any:
    """A value as JSON can hold it."""
    if isinstance(value, float) and not np.isfinite(value):
        return str(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return value.isoformat(" ", "seconds") if isinstance(value, datetime) else str(value)


def _unit(columns: Mapping[str, Any], name: str) -> str:
    return columns[name].unit if name in columns else ""
