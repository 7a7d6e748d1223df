"""Widgets of the left column, all of one size, without the hints that Panel adds to labels."""

from typing import Any

import panel_material_ui as pmui
import param

__all__ = ["choice", "choice_of_columns", "switch"]

_PLAIN: dict[str, Any] = {"description": "", "margin": 0, "sizing_mode": "stretch_width"}


def choice(parameter: param.Parameter, label: str, **options: Any) -> Any:
    """One out of many."""
    return pmui.Select.from_param(parameter, label=label, size="small", **_PLAIN, **options)


def choice_of_columns(parameter: param.Parameter, label: str) -> Any:
    """Any number of columns, in the order they are picked."""
    return pmui.MultiChoice.from_param(
        parameter, label=label, solid=False, color="default", sx=_SMALL_CHIPS, **_PLAIN
    )


def switch(parameter: param.Parameter, label: str) -> Any:
    """On or off."""
    return pmui.Switch.from_param(parameter, label=label, size="small", **_PLAIN)


_SMALL_CHIPS = {
    "& .MuiChip-root": {"height": "22px", "fontSize": "11px", "margin": "1px"},
    "& .MuiChip-deleteIcon": {"fontSize": "14px"},
}
