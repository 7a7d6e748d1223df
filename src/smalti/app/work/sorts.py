"""The sorts of work that images of a project can be given to, each a tab of the page."""

from dataclasses import dataclass

from smalti.core.plugin import Kind

__all__ = ["CURATE", "EXPORT", "Sort"]


@dataclass(frozen=True, slots=True)
class Sort:
    """What a tab calls what it does.

    Parameters
    ----------
    kind
        Of the plugins that do it.
    asked
        What the choice among them is called.
    do, doing
        The button, and what is said while it is done.
    done, not_done
        What became of images, and what those that failed could not be.
    ending
        Of a name, for what has no ending of its own; ``{name}`` is the plugin's.
    nothing
        What is said where no such plugin is installed.
    """

    kind: Kind
    asked: str
    do: str
    doing: str
    done: str
    not_done: str
    ending: str
    nothing: str


EXPORT = Sort(
    kind="exporter",
    asked="Export as",
    do="Export",
    doing="Exporting",
    done="written",
    not_done="exported",
    ending=" export",
    nothing="No exporter is installed, so images cannot be handed on from here.",
)
CURATE = Sort(
    kind="step",
    asked="Make",
    do="Start",
    doing="At work",
    done="images done",
    not_done="done",
    ending=" {name}",
    nothing="No step of curation is installed, so nothing can be made of images here.",
)
