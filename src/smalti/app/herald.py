"""Changes that come before a notebook has drawn the page wait until it has."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from panel.custom import JSComponent

from smalti.app.local import Local

__all__ = ["Herald"]


class Herald(Local, JSComponent):  # type: ignore[misc]  # panel is untyped
    """Draws nothing; holds a comm's messages back until the browser says that it can take them.

    When all cells run at once, the next ones change the state before the page is on screen. Panel sends
    such changes again a little later, in another order, and its browser side drops what comes too early.
    """

    _esm = Path(__file__).with_name("herald.js")

    def __init__(self) -> None:
        super().__init__(width=0, height=0, margin=0)
        self._release: Callable[[], None] = lambda: None

    def hold(self, comm: Any) -> None:
        """Let the messages of a comm that nobody has opened yet wait."""
        waiting: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
        send = comm.send

        def keep(*message: Any, **parts: Any) -> None:
            waiting.append((message, parts))

        def release() -> None:
            comm.send = send
            for message, parts in waiting:
                send(*message, **parts)
            waiting.clear()

        comm.send, comm._comm = keep, object()  # so that Panel takes it for open; opening it sets its own
        self._release = release

    def _handle_msg(self, _data: Any) -> None:
        self._release()
