"""How far some work is, and what came of it, as HTML; names from files are escaped."""

from collections.abc import Iterable
from html import escape

from smalti.app.live import copy_button
from smalti.app.work.sorts import Sort
from smalti.core.progress import State, duration
from smalti.core.words import count, plural
from smalti.export.report import Report

__all__ = ["progress_html", "report_html"]


def progress_html(state: State, verb: str) -> str:
    """A bar with counts, rate and time left."""
    share = f' value="{state.done}" max="{state.total}"' if state.total else ""
    parts = [f"{state.done:,} of {count(state.total)}"] if state.total else []
    if state.rate:
        parts.append(f"{state.rate:,.0f} a second" if state.rate >= 10 else f"{state.rate:.1f} a second")
    if state.seconds_left:
        parts.append(f"{duration(state.seconds_left)} left")
    if state.failed:
        parts.append(f"{state.failed:,} failed")
    said = escape(state.message) or verb
    return (
        f'<div class="running"><div>{said} …</div><progress aria-label="{said}"{share}></progress>'
        f'<div class="faint">{" · ".join(parts)}</div></div>'
    )


def report_html(report: Report, sort: Sort, *, preview: bool) -> str:
    """Numbers, place, failures with their reasons, notes."""
    parts = [f"<h2>{'Preview' if preview else 'Result'}</h2>"]
    if preview:
        parts.append('<div class="faint">Nothing is written yet.</div>')
    parts += [_numbers(report, sort), _lines(report.plan, "plan")]
    if not preview:
        path = escape(report.path)
        parts.append(
            f'<div class="place"><span>{path}</span>{copy_button(report.path, "Copy the path")}</div>'
        )
    parts += [_failures(report, sort), _lines(report.problems, "notes", "Notes")]
    return f'<section class="report" aria-label="What came of it">{"".join(parts)}</section>'


def _numbers(report: Report, sort: Sort) -> str:
    if not (report.written or report.failed):
        return "" if report.plan else f"<p>Nothing to do: {count(report.total)} in it already.</p>"
    numbers = [("written", sort.done, report.written)]
    if report.failed:
        numbers.append(("failed", "failed", report.failed))
    if report.total != report.written:
        numbers.append(("total", f"{plural(report.what, report.total)} in it now", report.total))
    shown = "".join(f'<div class="{kind}"><dt>{name}</dt><dd>{n:,}</dd></div>' for kind, name, n in numbers)
    took = duration(report.seconds) if report.seconds >= 10 else f"{report.seconds:.1f} s"
    return f'<dl class="numbers">{shown}<div><dt>time</dt><dd>{took}</dd></div></dl>'


def _failures(report: Report, sort: Sort) -> str:
    if not report.failed:
        return ""
    rows = "".join(
        f'<li><b>{escape(path)}</b><div class="faint">{escape(reason)}</div></li>'
        for path, reason in report.errors
    )
    left = report.failed - len(report.errors)
    more = f'<li class="faint">and {left:,} more</li>' if left > 0 else ""
    return (
        f'<h3>{count(report.failed)} could not be {sort.not_done}</h3><ul class="failures">{rows}{more}</ul>'
    )


def _lines(lines: Iterable[str], kind: str, title: str = "") -> str:
    entries = "".join(f"<li>{escape(line)}</li>" for line in lines)
    head = f"<h3>{title}</h3>" if title else ""
    return f'{head}<ul class="{kind}">{entries}</ul>' if entries else ""
