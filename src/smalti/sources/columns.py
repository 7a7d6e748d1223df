"""Columns that come with the files rather than from them: of a template, and of a table joined to them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from smalti.core.columns import Column
from smalti.core.errors import UsageError
from smalti.sources.found import Found
from smalti.sources.join import PLANE_KEYS, beside, joined, renamed
from smalti.sources.stacks import axes_of, stacked
from smalti.sources.template import Field, Hit, Template

__all__ = ["Asked", "with_columns"]

_TYPES = {"String": pl.String(), "Int64": pl.Int64(), "Float64": pl.Float64(), "Datetime": pl.Datetime("us")}


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be made of the files that were found; empty texts ask for nothing.

    Parameters
    ----------
    template
        Such as ``"{plate}/{well}_{site:int}.tif"``; see `smalti.sources.template.Template`.
    stack_by
        Axes out of ``"t,c,z"`` that the template names; files that differ in these only become one image.
    metadata
        Path or URL of a table to join.
    on
        What joins it: ``filename``, ``path``, ``stem`` or a column of the template, by the column of the
        table of the same name; ``"well=Well ID"`` where that is named otherwise. Empty for the first of
        them that the table has.
    """

    template: str = ""
    stack_by: str = ""
    metadata: str = ""
    on: str = ""


def with_columns(found: Found, asked: Asked, taken: Collection[str]) -> Found:
    """What was found, with stacks made of files, and the columns of template and metadata beside them.

    Parameters
    ----------
    found
        What was found.
    asked
        What is to be made of it.
    taken
        Names of columns that the tables have already. A field of the template may have none of them; a
        column of a table is called ``metadata_NAME`` then.

    Raises
    ------
    UsageError
        The template cannot be read, a name is taken, or the metadata cannot be joined.
    """
    if asked.on and not asked.metadata:
        raise UsageError(f"--on {asked.on} says how to join a table; give it with --metadata")
    template = Template.read(asked.template) if asked.template else None
    axes = axes_of(asked.stack_by, template) if asked.stack_by else ()
    found = renamed(found, taken)
    if template:
        _refuse_taken(template, axes, {*taken, *(column.name for column in found.columns)})
        found = _of_template(found, template, axes)
    return joined(found, asked.metadata, asked.on, taken) if asked.metadata else found


def _refuse_taken(template: Template, axes: Sequence[str], taken: Collection[str]) -> None:
    for field in template.fields:
        if field.name in PLANE_KEYS and field.name not in axes:
            raise UsageError(
                f"template {template.text!r}: {field.name} is an index of planes; add "
                f"--stack-by {field.name} if each file is a plane, or call it otherwise"
            )
        if field.name in taken and field.name not in axes:
            raise UsageError(
                f"template {template.text!r}: there is a column {field.name!r} already; call it otherwise"
            )


def _of_template(found: Found, template: Template, axes: Sequence[str]) -> Found:
    hits = [template.match(ref.path) for ref in found.refs]
    missed = [ref.path for ref, hit in zip(found.refs, hits, strict=True) if hit is None]
    said = (
        [
            f"template {template.text!r} fits {len(hits) - len(missed):,} of {len(hits):,} files, "
            f"not {missed[0]!r}"
        ]
        if missed
        else []
    )
    found = replace(found, problems=(*found.problems, *said))
    hit_of = {ref.uri: hit for ref, hit in zip(found.refs, hits, strict=True)}
    if axes:
        found = _stacked(found, template, axes)
    fields = [field for field in template.fields if field.name not in axes]
    origin = f"From the path, by the template {template.text}."
    columns = [Column(field.name, field.dtype, "", origin, "same") for field in fields]
    values = [hit_of[ref.uri] for ref in found.refs]  # a stack has the uri of its first file
    return beside(found, columns, pl.DataFrame([_series(field, values) for field in fields]))


def _series(field: Field, hits: Sequence[Mapping[str, Hit] | None]) -> pl.Series:
    return pl.Series(
        field.name, [hit[field.name].value if hit else None for hit in hits], _TYPES[field.dtype]
    )


def _stacked(found: Found, template: Template, axes: Sequence[str]) -> Found:
    """With stacks made of files; of columns that came with these, a stack has those of its first."""
    refs, said = stacked(found.refs, template, axes)
    facts = found.facts
    if facts is not None:
        path_of = {ref.uri: ref.path for ref in found.refs}
        names = pl.DataFrame(
            {"path": [path_of[ref.uri] for ref in refs], "__new": [ref.path for ref in refs]}
        )
        facts = names.join(facts, on="path", how="left", maintain_order="left")
        facts = facts.drop("path").rename({"__new": "path"})
    return replace(found, refs=tuple(refs), facts=facts, problems=(*found.problems, *said))
