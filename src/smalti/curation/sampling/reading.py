"""Reading of arrays elsewhere by tensorstore: with patience, tried again, and with errors in words."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import numpy as np

from smalti.core.errors import MissingExtraError, SmaltiError
from smalti.core.remote import BREADTH, PATIENCE, without_secrets
from smalti.curation.sampling.places import Place

__all__ = ["FarError", "Reach", "refused"]

CACHE_BYTES = 128 << 20
"""Chunks that are kept: boxes next to each other on a coarse level lie in the same."""
PAUSE, LONGEST = 1.0, 30.0
"""Seconds before something is tried again; doubled each time up to the longest."""
SLOWEST = 100
"""Bytes a second below which an answer counts as none."""
_GLANCE = 0.2
"""Seconds after which what is waited for may be given up."""

_PLACES = ("http", "s3", "gcs")


class FarError(SmaltiError):
    """Something elsewhere could not be read.

    Parameters
    ----------
    place
        Where, as it may be shown.
    why
        What went wrong, in words.
    kind
        The library's word for it: ``"NOT_FOUND"``, ``"PERMISSION_DENIED"``, ``"UNAVAILABLE"``.
    """

    def __init__(self, place: str, why: str, kind: str = "") -> None:
        self.place, self.why, self.kind = place, why, kind
        super().__init__(f"{place}: {why}")


def refused(error: FarError) -> bool:
    """Whether access is refused: buckets that may not be listed say so of what is not there, too."""
    return error.kind == "PERMISSION_DENIED"


@dataclass(frozen=True, slots=True)
class Reach:
    """What reads, with its settings; shared by threads.

    Parameters
    ----------
    library
        tensorstore.
    context
        Its settings.
    closed
        Set once nothing more is waited for.
    """

    library: Any
    context: Any
    closed: Event = field(default_factory=Event)

    @classmethod
    def of(cls, retries: int) -> "Reach":
        """A reach that tries what fails again so many times.

        Raises
        ------
        MissingExtraError
            tensorstore is not installed.
        """
        # read when the first connection is made: https://google.github.io/tensorstore/environment.html
        os.environ.setdefault("TENSORSTORE_CURL_LOW_SPEED_TIME_SECONDS", str(round(PATIENCE)))
        os.environ.setdefault("TENSORSTORE_CURL_LOW_SPEED_LIMIT_BYTES", str(SLOWEST))
        try:
            import tensorstore
        except ImportError:
            raise MissingExtraError("tensorstore", "tensorstore") from None
        again = {"max_retries": retries, "initial_delay": f"{PAUSE:g}s", "max_delay": f"{LONGEST:g}s"}
        settings: dict[str, Any] = {"cache_pool": {"total_bytes_limit": CACHE_BYTES}}
        for name in _PLACES:
            settings |= {f"{name}_request_retries": again, f"{name}_request_concurrency": {"limit": BREADTH}}
        return cls(tensorstore, tensorstore.Context(settings))

    def bytes_of(self, place: Place, name: str) -> bytes | None:
        """A small file; None where there is none.

        Raises
        ------
        FarError
            It is refused, or does not come.
        """
        try:
            store = self._result(self.library.KvStore.open(place.store, context=self.context))
            found = self._result(store.read(name))
        except Exception as error:
            raise _told(place, error) from error
        return None if found.state == "missing" else bytes(found.value)

    def json_of(self, place: Place, name: str) -> dict[str, Any] | None:
        """A file of metadata; None where there is none.

        Raises
        ------
        FarError
            It is refused, does not come, or is no JSON object.
        """
        data = self.bytes_of(place, name)
        if data is None:
            return None
        try:
            found = json.loads(data)
        except ValueError as error:
            raise FarError(f"{place.url}/{name}", f"it is no JSON ({without_secrets(str(error))})") from error
        if not isinstance(found, dict):
            raise FarError(f"{place.url}/{name}", "it holds no JSON object")
        return found

    def open(self, place: Place, driver: str, more: Mapping[str, Any] | None = None) -> Any:
        """An array, of which nothing but metadata is read.

        Raises
        ------
        FarError
            It is refused, does not come, or is none.
        """
        spec = {"driver": driver, "kvstore": place.store, "recheck_cached_data": False, **(more or {})}
        try:
            return self._result(self.library.open(spec, context=self.context, read=True))
        except Exception as error:
            raise _told(place, error) from error

    def pixels(self, place: Place, array: Any) -> np.ndarray:
        """All of a part of an array; what fails on the way is tried again.

        Raises
        ------
        FarError
            A piece of it is refused, broken, or does not come.
        """
        try:
            return np.asarray(self._result(array.read()))
        except Exception as error:
            raise _told(place, error) from error

    def close(self) -> None:
        """Give up what threads wait for: of a server that stalls it may be minutes."""
        self.closed.set()

    def _result(self, future: Any) -> Any:
        """What comes; `close` interrupts a thread that waits for it."""
        done = Event()
        future.add_done_callback(lambda _: done.set())
        future.force()
        while not done.wait(_GLANCE):
            if self.closed.is_set():
                future.cancel()
                raise KeyboardInterrupt
        return future.result()


_WORDS = (
    ("PERMISSION_DENIED|UNAUTHENTICATED", "access is refused (wrong or no credentials, or it is not public)"),
    (
        "Could not resolve|Could ?n.t connect|Failed to connect",
        "no connection: there is no such host, or it refuses",
    ),
    ("byte range .* was ignored", "its server gives no parts of files, which shards need"),
    ("Timeout was reached|DEADLINE_EXCEEDED", "no answer in time"),
    ("partial file|Empty reply|Recv failure|Send failure", "the answer breaks off before its end"),
    ("^NOT_FOUND", "it is not there (404)"),
    (r"(?i)\[http(?: code |_response_code=')30", "the server sends to another address; give that one"),
)


def _told(place: Place, error: Exception) -> FarError:
    """The error of the library, which quotes whole answers and settings, in few words."""
    text = " ".join(str(error).split())
    kind = re.match(r"[A-Z_]+(?=:)", text)
    status = re.search(r"(?i)\[http(?: code |_response_code=')(\d+)", text)
    words = next((words for pattern, words in _WORDS if re.search(pattern, text)), "")
    if not words and status:
        words = f"the server answers {status[1]}"
    if not words:
        words = without_secrets(re.split(r" \[(?:http|source|tensorstore|curl|x-amz)", text)[0])[:300]
    tries = re.search(r"All (\d+) retry attempts failed", text)
    if tries:
        words += f", also when tried {tries[1]} times again" if tries[1] != "1" else ", also when tried again"
    return FarError(place.url, words, kind[0] if kind else "")
