"""Signs on buttons, drawn here because fonts differ: 24 × 24, one stroke, in the colour of the text."""

__all__ = ["icon"]

_PATHS = {
    "back": "M15 5l-7 7 7 7",
    "ahead": "M9 5l7 7-7 7",
    "copy": "M9 9h11v11H9zM5 15H4V4h11v1",
    "undo": "M4 9h10a5 5 0 0 1 0 10h-4M4 9l4-4M4 9l4 4",
    "redo": "M20 9H10a5 5 0 0 0 0 10h4M20 9l-4-4M20 9l-4 4",
    "remove": "M6 6l12 12M18 6L6 18",
    "invert": "M4 8h14M14 4l4 4-4 4M20 16H6M10 12l-4 4 4 4",
}


def icon(name: str) -> str:
    """One sign as SVG."""
    return (
        '<svg width="16" height="16" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" '
        f'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="{_PATHS[name]}"/></svg>'
    )
