"""What the widgets on a page have in common: questions come over Panel's own channel, and are answered."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from smalti.app.local import Local
from smalti.app.loop import Soon, pool
from smalti.widgets.feed import Reply

__all__ = ["Answering"]


class Answering(Local):
    """A part of a page, made of a script, that answers what the script asks; before Panel's component.

    Attributes
    ----------
    slow
        Questions answered off the event loop.
    """

    slow: tuple[str, ...] = ()
    _answer: Callable[[Mapping[str, Any], Sequence[Any]], Reply]
    _soon: Soon | None

    def _handle_msg(self, data: Any) -> None:
        said = data if isinstance(data, Mapping) else {}
        message, buffers = said.get("message", {}), said.get("buffers", ())
        answer = partial(self._answer, message, buffers)
        if self._soon is None or message.get("type") not in self.slow:
            self._give(answer())
        else:
            pool().submit(lambda: self._hand_over(answer()))

    def _hand_over(self, reply: Reply) -> None:
        assert self._soon is not None
        self._soon(lambda: self._give(reply))

    def _give(self, reply: Reply) -> None:
        self._send_msg({"message": reply.message, "buffers": list(reply.buffers)})  # type: ignore[attr-defined]
