"""Colours and type of the page, light and dark; text keeps a contrast of 4.5:1 or more."""

from pathlib import Path
from typing import Any

from smalti.app.local import Column, Html, Row

__all__ = [
    "CSS",
    "INSPECTOR_WIDTH",
    "LOGO",
    "QUIET_BAR",
    "SIDE_WIDTH",
    "THEME",
    "UNBOUNDED",
    "html",
    "side_by_side",
    "stacked",
]

_SHARED: dict[str, Any] = {
    "components": {"MuiToolbar": {"defaultProps": {"variant": "dense"}}},
    "typography": {
        "fontFamily": "Roboto, system-ui, sans-serif",
        "fontSize": 13,
        "button": {"textTransform": "none", "fontWeight": 500},
    },
    "shape": {"borderRadius": 6},
}

THEME: dict[str, Any] = {
    "light": _SHARED
    | {
        "palette": {
            "primary": {"main": "#0B5C8C"},
            "warning": {"main": "#A84300"},
            "success": {"main": "#00684C"},
            "background": {"default": "#FFFFFF", "paper": "#FFFFFF"},
            "text": {"primary": "#1D252B", "secondary": "#56626B"},
            "divider": "#DCE1E5",
        },
    },
    "dark": _SHARED
    | {
        "palette": {
            "primary": {"main": "#7CC0EA"},
            "warning": {"main": "#FF9D66"},
            "success": {"main": "#5CC9A7"},
            "background": {"default": "#14181B", "paper": "#14181B"},
            "text": {"primary": "#E8ECEF", "secondary": "#A3AEB6"},
            "divider": "#333B41",
        },
    },
}

QUIET_BAR = {
    "& .MuiAppBar-root": {
        "backgroundColor": "background.paper",
        "color": "text.primary",
        "boxShadow": "none",
        "borderBottom": "1px solid",
        "borderColor": "divider",
    },
    "& .MuiAppBar-root .MuiTypography-root": {"fontSize": "16px", "fontWeight": 500, "color": "inherit"},
    "& .MuiAppBar-root a": {"color": "inherit"},
    "& .MuiAppBar-root .logo": {"height": "26px !important"},
}
"""The bar at the top: no louder than the page."""

UNBOUNDED = {"max-height": "none"}
"""Else Bokeh keeps a layout below the window's height, and what is longer runs into what follows."""

SIDE_WIDTH = 256
"""Width of filter and choices, in screen pixels."""

INSPECTOR_WIDTH = 380
"""Width of the image on the right, in screen pixels."""

LOGO = Path(__file__).with_name("logo.svg")

CSS = Path(__file__).with_name("style.css").read_text(encoding="utf-8")
"""Style sheet of everything on the page that is HTML of our own."""


def stacked(*parts: Any, gap: int, **options: Any) -> Any:
    """Views one below the other, `gap` screen pixels apart.

    A plain layout: Material ones cost 20 ms each in Python and as much again in the browser.
    """
    styles = {"gap": f"{gap}px", **UNBOUNDED} | options.pop("styles", {})
    return Column(*parts, **({"margin": 0, "sizing_mode": "stretch_width"} | options), styles=styles)


def side_by_side(*parts: Any, **options: Any) -> Any:
    """Views in a row with its ends at the margins."""
    styles = {"justify-content": "space-between", "align-items": "center"} | options.pop("styles", {})
    return Row(*parts, margin=0, sizing_mode="stretch_width", styles=styles | UNBOUNDED, **options)


def html(content: Any, **options: Any) -> Any:
    """HTML of our own, in the page's style; `content` may be a bound function."""
    options = {"margin": 0, "sizing_mode": "stretch_width"} | options
    return Html(content, stylesheets=[CSS], styles=UNBOUNDED, **options)
