"""Real exporters that list the chosen images; one has an option of every kind, one always fails."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from smalti.core.errors import UsageError
from smalti.core.options import option
from smalti.core.plugin import exporter
from smalti.core.progress import Progress, State
from smalti.export.images import Chosen
from smalti.export.report import Report


@dataclass(frozen=True, slots=True)
class ListingOptions:
    """How images are listed."""

    header: bool = option(True, "Write the names of the columns.")
    most: int = option(1000, "The most images there are.", least=1, most=5000)
    wait: float = option(0.0, "Seconds to wait after each.", least=0, group="Run")
    separator: Literal["comma", "tab"] = option("comma", "What stands between two values.")
    sort: Literal["path", "series"] | None = option(None, "Column to sort by.", usual="as given")
    crop: tuple[int, ...] | None = option(None, "Height and width.", metavar="H,W", usual="all", group="Run")
    columns: tuple[str, ...] = option(("path",), "Columns that are written.", metavar="A,B")
    title: str | None = option(None, "A first <line>.", usual="none")
    overwrite: bool = option(False, "Replace the file that is there.", group="Run")
    dry_run: bool = option(False, "Only say what would be written.")

    def __post_init__(self) -> None:
        if self.title and not self.header:
            raise UsageError("title needs --header; switch it on")


@exporter("listing", title="List of images", options=ListingOptions, suffix=".csv")
def listing(images: Chosen, out: str, options: ListingOptions, progress: Progress) -> Report:
    """A text file with one line an image."""
    rows, begun = images.frame.head(options.most).select(options.columns), time.monotonic()
    if options.dry_run:
        return Report(out, plan=(f"{rows.height} lines", *options.columns), problems=images.problems)
    if Path(out).exists() and not options.overwrite:
        raise UsageError(f"there is {Path(out).name} already; give --overwrite, or another name")
    for done in range(rows.height):
        progress.update(State(done, rows.height, 0, time.monotonic() - begun))
        time.sleep(options.wait)
    separator = "," if options.separator == "comma" else "\t"
    rows.write_csv(out, include_header=options.header, separator=separator)
    return Report(
        out, rows.height, 0, rows.height, problems=images.problems, seconds=time.monotonic() - begun
    )


@dataclass(frozen=True, slots=True)
class NoOptions:
    """Nothing to choose."""


@exporter("full", title="List on a full disk", options=NoOptions)
def full(images: Chosen, out: str, options: NoOptions, progress: Progress) -> Report:
    """It always fails."""
    raise OSError(f"no room left for {len(images.refs)} images")


EXPORTERS = {marked.__smalti__.name: marked.__smalti__ for marked in (listing, full)}
