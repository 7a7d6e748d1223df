"""Where results are written: beside the project, under a plain name, so that no visitor writes elsewhere."""

import re
from pathlib import Path

from smalti.core.errors import UsageError
from smalti.core.remote import is_url
from smalti.processing.project import Project

__all__ = ["folder_of", "name_for", "path_for"]

_NOT_PLAIN = re.compile(r'[/\\:*?"<>|\x00-\x1f\x7f]')
"""What no system allows in a name, or what leads out of the folder on one of them."""

LONGEST = 120
"""Characters of a name; file systems take 255 bytes, and exporters add to it."""


def folder_of(project: Project) -> Path:
    """The folder that the project itself lies in."""
    return project.source.parent


def name_for(project: Project, ending: str) -> str:
    """A name for a result, made of the project's."""
    plain = _NOT_PLAIN.sub("-", project.name).strip(". -")[:LONGEST] or "images"
    return plain + ending


def path_for(project: Project, name: str, suffix: str) -> Path:
    """The full path of a result, with the usual ending where the name has none.

    Raises
    ------
    UsageError
        The name is no plain name of a file, or what it names is the project or holds its images.
    """
    name = name.strip()
    if not name:
        raise UsageError("the name is empty; give one")
    if found := _NOT_PLAIN.search(name):
        raise UsageError(
            f"the name holds {found[0]!r}; give a name alone: the folder is always the project's"
        )
    if name.startswith(".") or name.endswith("."):
        raise UsageError("the name begins or ends with a dot; give a plain one")
    if len(name) > LONGEST:
        raise UsageError(f"the name has {len(name)} characters; at most {LONGEST} are taken")
    path = folder_of(project) / (name if Path(name).suffix else name + suffix)
    _refuse_own(project, path)
    return path


def _refuse_own(project: Project, path: Path) -> None:
    """UsageError for the project, for what holds its images, and for a link that leads elsewhere."""
    real = path.resolve()
    if real.parent != folder_of(project).resolve():
        raise UsageError(f"{path.name} is a link to somewhere else; give another name")
    own = {project.source.resolve(), project.path.resolve()}
    if real in own or path.name.casefold() == project.source.name.casefold():
        raise UsageError(f"{path.name} is the project itself; give another name")
    base = project.record.base
    if base and not is_url(base) and Path(base).resolve().is_relative_to(real):
        raise UsageError(f"{path.name} holds the images themselves; give another name")
