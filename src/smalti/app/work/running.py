"""One piece of work at a time, in a thread of its own, that tells how far it is and can be stopped."""

import logging
from collections.abc import Callable
from threading import Event, Thread
from time import monotonic

from smalti.app.loop import scheduler
from smalti.app.words import sentence
from smalti.core.errors import SmaltiError
from smalti.core.progress import Progress, State
from smalti.export.report import Report

__all__ = ["Running", "Stopped"]

log = logging.getLogger(__name__)

OFTEN = 0.15
"""Seconds between two words on how far it is; it is said a thousand times a second."""


class Stopped(BaseException):
    """Somebody pressed Stop; no plugin takes it for one image that failed, as it might an Exception."""


class Running:
    """Runs one job; without an event loop, as in a script, at once.

    The threads that views are computed on are left to them: an hour of work would take one away.

    Parameters
    ----------
    told
        Called on the event loop with how far it is.
    done
        Called on the event loop with what came of it: a report, or why there is none.
    """

    def __init__(self, told: Callable[[State], None], done: Callable[[Report | str], None]) -> None:
        self._told, self._done = told, done
        self._soon = scheduler()
        self._stop = Event()
        self.busy = False

    def start(self, job: Callable[[Progress], Report]) -> None:
        """Run this, unless something runs."""
        if self.busy:
            return
        self.busy = True
        self._stop = Event()
        teller = _Teller(self._tell, self._stop)
        if self._soon is None:
            self._run(job, teller)
        else:
            Thread(target=self._run, args=(job, teller), name="smalti-work", daemon=True).start()

    def stop(self) -> None:
        """Stop at the next image."""
        self._stop.set()

    def _tell(self, state: State) -> None:
        self._call(lambda: self._told(state))

    def _call(self, say: Callable[[], None]) -> None:
        """Say something on the page; where its visitor has left it goes unheard, and the work on."""
        if self._soon is None:
            say()
            return
        try:
            self._soon(say)
        except Exception:  # Bokeh takes the page of one who left apart, and trips over what is missing
            log.debug("nobody is there to hear of it", exc_info=True)

    def _run(self, job: Callable[[Progress], Report], teller: "_Teller") -> None:
        found = _outcome(job, teller)

        def finish() -> None:
            self.busy = False
            self._done(found)

        self._call(finish)


def _outcome(job: Callable[[Progress], Report], teller: "_Teller") -> Report | str:
    try:
        return job(teller)
    except Stopped:
        at = teller.last
        return f"Stopped at {at.done:,} of {at.total:,} images." if at.total else "Stopped before it began."
    except SmaltiError as error:
        return sentence(error)
    except Exception as error:  # the page lives on, and says so
        log.exception("work on images failed")
        return sentence(f"It ended with {type(error).__name__}: {error or 'no reason is given'}")


class _Teller:
    """The `Progress` of a plugin: hands on a word now and then, and ends the job when asked to."""

    def __init__(self, tell: Callable[[State], None], stop: Event) -> None:
        self._tell, self._stop = tell, stop
        self._next = 0.0
        self.last = State(0, 0)

    def update(self, state: State) -> None:
        """See `Progress`; raises `Stopped`."""
        self.last = state
        if self._stop.is_set():
            raise Stopped
        if monotonic() >= self._next:
            self._next = monotonic() + OFTEN
            self._tell(state)

    def close(self) -> None:
        """See `Progress`."""
