"""One job at a time off the event loop, the latest first: what a slider asks for while it is dragged."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from smalti.app.loop import pool, scheduler

__all__ = ["Latest"]

Answer = TypeVar("Answer")


class Latest(Generic[Answer]):
    """Runs jobs one by one; of those that come meanwhile only the last is kept.

    Where there is no event loop, as in a script, a job runs at once. A job must not raise.

    Parameters
    ----------
    done
        Called on the event loop with what a job gave.
    """

    def __init__(self, done: Callable[[Answer], None]) -> None:
        self._done = done
        self._soon = scheduler()
        self._running = False
        self._next: Callable[[], Answer] | None = None

    @property
    def busy(self) -> bool:
        """Whether a job runs or waits."""
        return self._running

    def ask(self, job: Callable[[], Answer]) -> None:
        """Run this job next, in place of any that waits."""
        if self._soon is None:
            self._done(job())
        elif self._running:
            self._next = job
        else:
            self._start(job)

    def _start(self, job: Callable[[], Answer]) -> None:
        self._running = True
        pool().submit(job).add_done_callback(self._hand_over)

    def _hand_over(self, job: Future[Answer]) -> None:
        assert self._soon is not None
        self._soon(lambda: self._finish(job.result()))

    def _finish(self, answer: Answer) -> None:
        following, self._next, self._running = self._next, None, False
        if following is not None:
            self._start(following)
        self._done(answer)
