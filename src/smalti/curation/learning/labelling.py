"""``label``: a page on this machine that patches are labelled on."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from smalti.core.options import option
from smalti.core.plugin import find, step
from smalti.core.progress import Progress
from smalti.core.words import count
from smalti.curation.adding import the_set
from smalti.curation.outcome import Item, Outcome
from smalti.curation.sources import Given
from smalti.curation.usual import seed_option
from smalti.table.flags import FILE_NAME, FlagLog

__all__ = ["LabelOptions", "label"]


@dataclass(frozen=True, slots=True)
class LabelOptions:
    """What is labelled first, by whom, and where the page is."""

    order: Literal["uncertain", "given"] = option(
        "uncertain", "First what says most about where good ends, or as patches lie."
    )
    every: bool = option(False, "Show patches too that were dropped as flat or as duplicates.")
    who: str = option("", "Who decides.", metavar="NAME", usual="your account")
    seed: int = seed_option("Decides between equals in the order.")
    port: int = option(5006, "Port to listen on; 0 for any free one.", least=0, most=65_535, metavar="PORT")
    browser: bool = option(True, "Open the browser.")


@step("label", title="Label patches", options=LabelOptions, needs_out=False, takes="patches")
def label(sources: Sequence[Given], out: str, options: LabelOptions, progress: Progress) -> Outcome:
    """Show a set of patches on a page of this machine, to be given flags by keyboard, until Ctrl-C.

    Every decision stands in flags.jsonl of the set as soon as it was made; train-filter learns from them.
    Keys: 1 or K keep, 2 or R reject, 3 or X unsure, U undoes, ? lists all.

    Raises
    ------
    UsageError
        It is not one set, or the port is taken.
    """
    started = time.monotonic()
    patches = the_set(sources, out)
    log = FlagLog(patches.folder / FILE_NAME)
    before = len(log.decisions())
    find("verb", "label_page").function(
        patches,
        order=options.order,
        every=options.every,
        who=options.who,
        seed=options.seed,
        port=options.port,
        browser=options.browser,
    )
    flags = log.state()["flag"]
    counted = ", ".join(f"{n:,} {flag}" for flag, n in sorted(flags.value_counts().iter_rows()))
    notes = (
        f"{count(len(log.decisions()) - before, 'decision')} taken now",
        f"{count(len(flags), 'patch')} of {len(patches):,} have a flag{f': {counted}' if counted else ''}",
    )
    item = Item(str(patches.folder), made=len(flags))
    return Outcome(str(log.path), (item,), len(flags), "flag", notes, time.monotonic() - started)
