"""Widgets of one size, without the hints that Panel adds to labels."""

from typing import Any

import panel_material_ui as pmui
import param

from smalti.app.local import LocalWidget

__all__ = ["choice", "choice_of_columns", "switch"]

_PLAIN: dict[str, Any] = {"description": "", "margin": 0, "sizing_mode": "stretch_width"}


class Select(LocalWidget, pmui.Select):  # type: ignore[misc]  # panel is untyped
    """Named as its script knows it, as are the two below."""


class MultiChoice(LocalWidget, pmui.MultiChoice):  # type: ignore[misc]
    """Several of many."""


class Switch(LocalWidget, pmui.Switch):  # type: ignore[misc]
    """On or off."""


def choice(parameter: param.Parameter, label: str, **options: Any) -> Any:
    """One out of many."""
    return Select.from_param(parameter, label=label, size="small", **_PLAIN, **options)


def choice_of_columns(parameter: param.Parameter, label: str) -> Any:
    """Any number of columns, in the order they are picked."""
    return MultiChoice.from_param(
        parameter, label=label, solid=False, color="default", sx=_SMALL_CHIPS, **_PLAIN
    )


def switch(parameter: param.Parameter, label: str) -> Any:
    """On or off."""
    return Switch.from_param(parameter, label=label, size="small", **_PLAIN)


_SMALL_CHIPS = {
    "& .MuiChip-root": {"height": "22px", "fontSize": "11px", "margin": "1px"},
    "& .MuiChip-deleteIcon": {"fontSize": "14px"},
}
