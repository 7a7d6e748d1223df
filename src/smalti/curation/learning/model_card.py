"""The card of a model: what it is for, what it learnt from, how good it is, and how it is used."""

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from smalti.core.words import count

__all__ = ["card"]

MOST_GROUPS = 40
"""Rows of the table of groups; ``validation.parquet`` has all."""

_KINDS = {
    "boosting": "gradient boosted trees (scikit-learn) on {n} features of a patch",
    "logistic": "logistic regression (scikit-learn) on {n} features of a patch",
    "resnet34": "ResNet34 (torch) on the pixels of a patch",
}


def card(facts: Mapping[str, Any], name: str) -> str:
    """A model card in Markdown.

    Parameters
    ----------
    facts
        What ``model.json`` says.
    name
        Of the model's folder.
    """
    parts = [
        _head(facts, name),
        _use(facts),
        _data(facts),
        _quality(facts),
        _groups(facts["groups"]),
        _how(facts, name),
        _made(facts),
    ]
    return "\n\n".join(parts) + "\n"


def _head(facts: Mapping[str, Any], name: str) -> str:
    n = len((facts.get("features") or {}).get("columns", ()))
    what = _KINDS[facts["kind"]].format(n=n)
    return f"# {_plain(name)}\n\nTells informative patches from uninformative ones: {what}."


def _use(facts: Mapping[str, Any]) -> str:
    return (
        "## Intended use\n\n"
        "To leave patches out of a set that show nothing worth learning from, before a network is trained on "
        "it. It gives each patch a score from 0 to 1; scores above "
        f"{facts['threshold']:g} mean: keep. Use it on patches of the kind that it learnt from (same "
        "technique, size of pixels, size of patches), and look at some that it drops. It says nothing of "
        "what a patch shows, and is not made for decisions about people."
    )


def _data(facts: Mapping[str, Any]) -> str:
    labels, split = facts["labels"], facts["split"]
    people = ", ".join(f"{_plain(who or 'not named')} ({n:,})" for who, n in labels["by"].items())
    when = f", from {labels['first']} to {labels['last']}" if labels["first"] else ""
    lines = [
        "## Data",
        "",
        f"{count(labels['good'] + labels['bad'], 'label')} from {_plain(labels['source'])}: "
        f"{labels['good']:,} good ({_plain(labels['words'][0])}), "
        f"{labels['bad']:,} bad ({_plain(labels['words'][1])}).",
        f"Labelled by: {people}{when}.",
        "",
        *_table(
            ("set", "labels", "good", "bad"),
            [
                (_plain(one["name"]), one["good"] + one["bad"], one["good"], one["bad"])
                for one in labels["sets"]
            ],
        ),
        "",
        f"Split by {split['by']} into {split['folds']} folds, of which {split['tested_folds']} "
        f"{'was' if split['tested_folds'] == 1 else 'were'} tested on by a model that had seen none of it.",
    ]
    if split["note"]:
        lines += ["", f"**Note:** {split['note']}."]
    return "\n".join(lines)


def _quality(facts: Mapping[str, Any]) -> str:
    found = facts["validation"]
    area = "not known, for patches of one kind only were tested on"
    if found["auroc"] is not None:
        area = f"{found['auroc']:.4f} (95 % interval {found['low']:.4f} to {found['high']:.4f})"
    precision = "not known" if found["average_precision"] is None else f"{found['average_precision']:.4f}"
    rows = [
        ("good", found["kept_good"], found["dropped_good"]),
        ("bad", found["kept_bad"], found["dropped_bad"]),
    ]
    return "\n".join(
        [
            "## How good it is",
            "",
            f"On {count(found['good'] + found['bad'], 'patch')} that it had not learnt from, of which "
            f"{found['good']:,} are good:",
            "",
            f"- AUROC: {area}",
            f"- average precision: {precision}",
            "",
            f"At the threshold {found['threshold']:g}:",
            "",
            *_table(("labelled", "kept", "dropped"), rows),
            "",
            "The interval (DeLong) takes patches for independent; those of one dataset are alike, so that "
            "the true one is wider.",
        ]
    )


def _groups(groups: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        (
            _plain(one["name"]),
            one["good"],
            one["bad"],
            "" if one["auroc"] is None else f"{one['auroc']:.3f}",
            one["dropped_good"],
            one["kept_bad"],
        )
        for one in groups[:MOST_GROUPS]
    ]
    more = len(groups) - len(rows)
    table = _table(("group", "good", "bad", "AUROC", "good dropped", "bad kept"), rows)
    told = ["", f"And {count(more, 'group')} more, in `validation.parquet`."] if more else []
    return "\n".join(["### By group", "", *table, *told])


def _how(facts: Mapping[str, Any], name: str) -> str:
    command = f"smalti curate filter PATCHES --model {shlex.quote(_printable(name))}"
    call = f'smalti.curation.filter("PATCHES", model={_printable(name)!r})'
    return (
        f"## How to use it\n\n```sh\n{command}\n{command} -o KEPT --write tiff\n```\n\n"
        f"```python\nimport smalti\n\n{call}\n```"
    )


def _made(facts: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in facts["libraries"].items())
    options = ", ".join(f"{name} {_plain(value)}" for name, value in facts["options"].items())
    return (
        f"## How it was made\n\n{facts['when']}, seed {facts['seed']}; {options}.\n\n{versions}.\n\n"
        f"`{facts['file']}` has SHA-256 `{facts['sha256']}`; it is only opened when it still has."
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return [
        f"| {' | '.join(f'{one:,}' if isinstance(one, int) else str(one) for one in row)} |" for row in lines
    ]


def _plain(text: Any) -> str:
    """A name that comes from data, so that it can neither end a table nor begin a link."""
    return re.sub(r"([\\`*|\[\]<>#])", r"\\\1", _printable(text))


def _printable(text: Any) -> str:
    return "".join(one if one.isprintable() else " " for one in str(text))
