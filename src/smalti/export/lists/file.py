"""One file written by an exporter of lists, and its report."""

import time

from smalti.core.progress import Progress
from smalti.export.lists.options import ListOptions
from smalti.export.report import Report
from smalti.writers.whole import refuse_there, write_whole

__all__ = ["write_list"]


def write_list(
    out: str,
    data: bytes,
    n: int,
    options: ListOptions,
    progress: Progress,
    *,
    what: str = "image",
    note: str = "",
) -> Report:
    """Write a file of `n` things, or tell of them.

    Raises
    ------
    UsageError
        There is such a file already.
    """
    started = time.monotonic()
    try:
        name = refuse_there(out, overwrite=options.overwrite)
        problems = (note,) if note else ()
        if options.dry_run:
            return Report(name, plan=(f"{n:,} {what}s, {len(data):,} bytes",), problems=problems, what=what)
        write_whole(out, data)
        seconds = round(time.monotonic() - started, 3)
        return Report(name, n, 0, n, (), problems, seconds, what=what, told_in="")
    finally:
        progress.close()
