"""A worker process as the driver sees it: batches go in, events come out, and it may die."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields
from operator import attrgetter
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

import polars as pl

from smalti.core.child import end_group, exit_words, search_path
from smalti.core.image import ImageRef
from smalti.processing.hired import hire
from smalti.processing.place import Place
from smalti.processing.settings import Settings
from smalti.processing.wire import receive, send

__all__ = ["Event", "Worker"]

_VALUES = attrgetter(*(entry.name for entry in fields(ImageRef)))
"""A reference's values in the order of its fields; `dataclasses.astuple` is 20 times slower."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something the worker said.

    Parameters
    ----------
    kind
        ``"ready"``, ``"done"``, ``"fault"`` or ``"died"``.
    batch
        Which batch.
    tables
        Frames of a batch that is done.
    text
        What went wrong.
    """

    kind: str
    batch: int = -1
    tables: dict[str, pl.DataFrame] = field(default_factory=dict)
    text: str = ""


class Worker:
    """One worker process, which is at one file at a time.

    Parameters
    ----------
    settings, job
        Sent to the process at its start; see `smalti.processing.job.Job.home`.
    events
        Where it puts what it hears, beside itself; `note` is to be called with each.
    place
        A file of its own, in which it writes where it is.
    slots
        Of the memory that it shares with others.
    """

    def __init__(
        self,
        settings: Settings,
        job: str,
        events: SimpleQueue[tuple["Worker", Event]],
        place: Path,
        slots: Sequence[Path],
    ) -> None:
        hired = hire()
        self._process, self._log = hired.process, hired.log
        self._events = events
        self._place = Place(place)
        self._started = self._heard = time.monotonic()
        self._beats = 0
        self._ready = False
        self._reader = Thread(target=self._listen, daemon=True)
        self._reader.start()
        told = {"job": job, "place": str(place), "slots": [str(slot) for slot in slots]}
        told["folder"] = str(place.parent)
        self._say({"settings": settings.to_dict(), "path": search_path(), **told})
        self.batches: dict[int, Sequence[ImageRef]] = {}

    def give(self, batch: int, refs: Sequence[ImageRef], order: Mapping[str, Any]) -> None:
        """Queue a batch, and what is to be done with it."""
        self.batches[batch] = refs
        self._say({"batch": batch, "refs": [*map(_VALUES, refs)], "order": order})

    def note(self, event: Event) -> None:
        """Keep track of what is ready and done; clocks start when the kernels are compiled."""
        if event.kind == "ready":
            self._ready = True
            self._heard = time.monotonic()
        elif event.kind in ("done", "fault"):
            self.batches.pop(event.batch, None)

    @property
    def has_ended(self) -> bool:
        """Whether the process is gone, which the end of its stream may be late to tell."""
        return self._process.poll() is not None

    @property
    def starting_seconds(self) -> float:
        """Seconds since its start while its kernels are not ready; 0 after that."""
        return 0.0 if self._ready else time.monotonic() - self._started

    def begun(self) -> ImageRef | None:
        """The file begun and not ended, if any."""
        at, _ = self._place.look()
        return self.batches[at[0]][at[1]] if at and at[0] in self.batches else None

    def silent_seconds(self) -> float:
        """Seconds since it was last seen at work, to the accuracy of asking; 0 while it has nothing to do."""
        _, beats = self._place.look()
        if beats != self._beats or not self._ready or not self.batches:
            self._beats, self._heard = beats, time.monotonic()
        return time.monotonic() - self._heard

    def stop(self) -> None:
        """End the process now; nothing is waited for."""
        end_group(self._process)
        self._reader.join(timeout=5)
        heard_all = not self._reader.is_alive()  # else a grandchild holds the pipe, and closing would wait
        self._place.close()
        for stream in (self._process.stdin, self._log, *([self._process.stdout] if heard_all else [])):
            _close(stream)

    def last_words(self) -> str:
        """How the process ended, and the last line it wrote to stderr; ends it if it has not."""
        return exit_words(self._process, self._log)

    def _say(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        with suppress(OSError):  # it died; the reader tells
            send(self._process.stdin, message)

    def _listen(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        try:
            while (message := receive(stream)) is not None:
                self._events.put((self, _event(*message)))
        except (OSError, ValueError):
            pass  # closed or cut in the middle of a message: the same as its end
        except Exception as error:  # the driver waits for this thread, so it must hear of anything
            self._events.put((self, Event("fault", text=f"{type(error).__name__}: {error}")))
        self._events.put((self, Event("died")))


def _event(header: dict[str, Any], tables: dict[str, pl.DataFrame]) -> Event:
    if "done" in header:
        return Event("done", header["done"], tables)
    if "fault" in header:
        return Event("fault", header["batch"], text=header["fault"])
    return Event("ready")


def _close(stream: Any) -> None:
    with suppress(OSError):  # unsent bytes for a dead process
        stream.close()
