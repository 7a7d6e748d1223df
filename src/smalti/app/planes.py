"""Which plane of an image is shown: a slider for time and z, a menu of channels."""

from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from smalti.app.theme import stacked
from smalti.core.axes import PlaneIndex
from smalti.core.image import Image

__all__ = ["PlanePicker", "plane_words"]

FIRST = PlaneIndex(0, 0, 0)

DEBOUNCE = 5
"""Milliseconds Panel waits for more of the same; its 50 are a third of the time to a new plane, and what
comes too fast is dropped later anyway."""


class PlanePicker(pn.viewable.Viewer):  # type: ignore[misc]  # panel is untyped
    """Time, channel and z, as far as an image has more than one of them."""

    index = param.ClassSelector(class_=PlaneIndex, default=FIRST, doc="The plane that is picked, from 0.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self.t, self.z = _slider("t"), _slider("z")
        self.c = pmui.Select(
            label="channel", options={"0": 0}, value=0, size="small", visible=False, margin=0,
            sizing_mode="stretch_width",
        )  # fmt: skip
        self._offering = False
        for widget in (self.t, self.c, self.z):
            widget._debounce = DEBOUNCE
            widget.param.watch(self._picked, "value")

    def offer(self, image: Image, index: PlaneIndex) -> None:
        """Show what can be picked of an image, and what is."""
        length = image.sizes
        names = [name or "" for name in image.channel_names or ()]
        self._offering = True
        try:
            for slider, n, at in ((self.t, length["T"], index.t), (self.z, length["Z"], index.z)):
                slider.param.update(end=max(n - 1, 1), value=at, visible=n > 1)
            channels = {f"{c}  {names[c]}" if c < len(names) else str(c): c for c in range(length["C"])}
            self.c.param.update(options=channels, value=index.c, visible=length["C"] > 1)
        finally:
            self._offering = False
        self.index = index

    def _picked(self, _event: Any) -> None:
        if not self._offering:
            self.index = PlaneIndex(int(self.t.value), int(self.c.value), int(self.z.value))

    def __panel__(self) -> Any:
        return stacked(self.c, self.t, self.z, gap=8)


def plane_words(image: Image, index: PlaneIndex) -> str:
    """Which plane, for those who do not see it: ``"t 0, z 4"``; just ``"its one plane"`` of a single one."""
    said = [f"{axis} {at}" for axis, at in zip("tcz", index, strict=True) if image.sizes[axis.upper()] > 1]
    return ", ".join(said) or "its one plane"


def _slider(name: str) -> Any:
    return pmui.IntSlider(
        label=name,
        start=0,
        end=1,
        value=0,
        size="small",
        visible=False,
        margin=(0, 8),
        sizing_mode="stretch_width",
    )
