"""What there is to label of a set of patches, and the page that it is labelled on."""

import shlex
from collections.abc import Sequence
from typing import Any, Literal

import imagecodecs
import numpy as np
import polars as pl

from smalti.curation.patchset import PatchSet
from smalti.curation.uncertain import order_of
from smalti.table.flags import FILE_NAME, FlagLog
from smalti.widgets.label_task import Task

__all__ = ["Order", "label_pane", "log_of", "rows_to_label", "serve_labelling", "task_of"]

Order = Literal["uncertain", "given"]
"""What is labelled first: of which a quick model is least sure, or as patches lie."""

LOSSLESS_PIXELS = 512 * 512
"""Pixels up to which a patch travels as PNG."""

JPEG_QUALITY = 92

HEIGHT = 720


def log_of(patches: PatchSet) -> FlagLog:
    """The decision log of a set."""
    return FlagLog(patches.folder / FILE_NAME)


def rows_to_label(patches: PatchSet, *, every: bool = False) -> np.ndarray:
    """Rows of a set that are worth a label, int64: those that nothing dropped, or all.

    What only a filter dropped counts as well: a label may say that it was wrong.
    """
    if every:
        return np.arange(len(patches))
    dropped = (pl.col("decision") == "drop") & pl.col("reason").is_in(["flat", "duplicate"])
    kept = patches.frame.select(dropped.fill_null(value=False).not_()).to_series()
    return np.flatnonzero(kept.to_numpy())


def task_of(patches: PatchSet, rows: Sequence[int] | np.ndarray, order: Order = "uncertain", seed: int = 0) -> Task:
    """Rows of a set as a task.

    Parameters
    ----------
    patches
        The set.
    rows
        Rows of its frame.
    order, seed
        What comes first; see `smalti.curation.uncertain.order_of`.
    """
    rows = np.asarray(rows, np.int64)
    frame, log = patches.frame[rows], log_of(patches)
    place = np.full(len(patches), -1, np.int64)
    place[rows] = np.arange(len(rows))

    def reorder() -> np.ndarray:
        found = place[order_of(patches, log, seed)] if len(rows) else rows
        return found[found >= 0]

    scores = frame["score"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    uncertain = order == "uncertain"
    return Task(
        ids=frame["patch_id"].to_list(),
        names=frame["name"].fill_null("").to_list(),
        groups=frame["dataset"].fill_null("").to_list(),
        picture=lambda row: picture_of(patches.read(int(rows[row]))),
        order=reorder() if uncertain else None,
        scores=scores,
        reorder=reorder if uncertain else None,
        title=patches.folder.name,
        afterwards=("Now train a filter with them:", _training(patches)),
    )


def picture_of(pixels: np.ndarray) -> bytes:
    """PNG of a small patch, JPEG of a large one; `pixels` are uint8 (height, width)."""
    if pixels.size <= LOSSLESS_PIXELS:
        return bytes(imagecodecs.png_encode(pixels, level=1))
    return bytes(imagecodecs.jpeg8_encode(pixels, level=JPEG_QUALITY))


def label_pane(task: Task, log: FlagLog, *, who: str = "", **options: Any) -> Any:
    """The labelling widget where Panel draws it; `options` are Panel's, for layout."""
    from smalti.app.label_pane import LabelPane

    return LabelPane(task, log, who=who, **({"height": HEIGHT, "sizing_mode": "stretch_width"} | options))


def serve_labelling(task: Task, log: FlagLog, *, who: str, port: int, browser: bool) -> None:
    """Serve a page with the labelling widget until Ctrl-C; see `smalti.app.serve.serve_pages` for errors."""
    from smalti.app.serve import guarded, serve_pages

    def make() -> Any:
        import panel_material_ui as pmui

        from smalti.app.theme import LOGO, QUIET_BAR, THEME

        main = label_pane(task, log, who=who)
        main.styles = {**main.styles, "height": "calc(100vh - 54px)"}
        looks = {"theme_config": THEME, "sx": QUIET_BAR, "logo": LOGO, "favicon": LOGO, "site_url": ""}
        return pmui.Page(title=f"Label {task.title}", main=[main], **looks)

    serve_pages(guarded(make, task.title), f"Label {task.title}", port=port, browser=browser)


def _training(patches: PatchSet) -> str:
    return shlex.join(["smalti", "curate", "train-filter", str(patches.folder), "-o", f"{patches.folder} model"])
