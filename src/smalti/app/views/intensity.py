"""Intensity histograms of each group, and of the image that is open."""

from typing import Any

import param

from smalti.app.choices import choice, switch
from smalti.app.figure import Picture
from smalti.app.session import Session
from smalti.app.theme import side_by_side
from smalti.app.views.plotted import Plotted, colours, python
from smalti.plots.intensity import arrange, intensity
from smalti.table.view import Snapshot

__all__ = ["IntensityView"]

ALL_CHANNELS = "all"


class IntensityView(Plotted):
    """Shares of pixels by intensity."""

    relative = param.Boolean(default=False, doc="From each image's darkest to its brightest pixel.")
    channel = param.Selector(default=ALL_CHANNELS, objects=[ALL_CHANNELS], doc="Channel, counted from 1.")

    options = ("relative", "channel")

    def __init__(self, session: Session, **params: Any) -> None:
        super().__init__(session)
        most = session.state.table.images["size_c"].max()
        self._n_channels = most if isinstance(most, int) else 1
        self.param.channel.objects = [ALL_CHANNELS, *map(str, range(1, self._n_channels + 1))]
        # Counts of 8 and 16 bits, or floats, have no axis in common but from darkest to brightest.
        several = session.state.table.images["dtype"].drop_nulls().n_unique() > 1
        self.param.update(**({"relative": several} | params))
        session.param.watch(lambda _event: session.linker.refresh(self), "opened")

    @property
    def controls(self) -> Any:
        """See `Linked`."""
        relative = switch(self.param.relative, "Relative to each image's range")
        channel = choice(self.param.channel, "Channel")
        return side_by_side(relative, *([channel] if self._n_channels > 1 else []), styles={"gap": "12px"})

    @property
    def _wanted(self) -> dict[str, Any]:
        channel = None if self.channel == ALL_CHANNELS else int(self.channel) - 1
        return {"relative": self.relative, "channel": channel, "picked_row": self.session.opened}

    def compute(self, snapshot: Snapshot) -> Picture:
        """See `Linked`."""
        curves, tints = snapshot.curves(**self._wanted), colours(snapshot)
        kind = (curves.relative, tuple(tints))
        return Picture(arrange(curves, tints), kind, lambda: intensity(curves, tints, legend=False))

    @property
    def code(self) -> str:
        """See `Linked`."""
        wanted = ", ".join(f"{name}={value!r}" for name, value in self._wanted.items())
        return python(self.session, "intensity", f"intensity(view.curves({wanted}), colours)")
