"""What a project is, beside its title and above its views: label, whether it can be changed, description."""

from html import escape
from typing import Any

from smalti.app.theme import html
from smalti.processing.project import Project

__all__ = ["about", "labels"]


def labels(project: Project) -> Any | None:
    """The label that the project was given, and that it is read-only; None where neither is so."""
    chips = [f'<span class="chip">{escape(project.record.flavor)}</span>'] if project.record.flavor else []
    if project.read_only:
        how = (
            f"Opened from {project.source.name}, which stays as it is. To save views or measure again, make "
            f"a folder of it: smalti export {project.source.name} -o {project.source.stem}.smalti"
        )
        chips.append(f'<span class="chip quiet" title="{escape(how)}">read-only</span>')
    if not chips:
        return None
    return html(f'<div class="chips">{"".join(chips)}</div>', sizing_mode=None, margin=(0, 0, 0, 12))


def about(project: Project) -> list[Any]:
    """The description, as a block of the page; nothing where there is none."""
    said = project.record.description.strip()
    return [html(f'<p class="about">{escape(said)}</p>')] if said else []
