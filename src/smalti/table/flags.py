"""The decision log: who gave which image which flag, when and why; appended to, never changed."""

import getpass
import hashlib
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any, Self

import polars as pl
from filelock import FileLock, Timeout

from smalti.core.errors import SmaltiError, UnknownNameError, UsageError
from smalti.table.guard import check_writable
from smalti.table.parquet import commit

__all__ = ["FILE_NAME", "KEEP", "REJECT", "UNSURE", "Decision", "FlagLog", "agreement", "merge", "usual_who"]

FILE_NAME = "flags.jsonl"

KEEP, REJECT, UNSURE = "keep", "reject", "unsure"
"""The usual flags; filters are trained on the first two."""

PATIENCE = 30.0
"""Seconds that an append waits for another process; one takes less than a millisecond."""

TAIL = 1 << 16
"""Bytes at the end of a log in which its last line is looked for."""

STATE = {
    "id": pl.String(),
    "flag": pl.String(),
    "rating": pl.Int64(),
    "comment": pl.String(),
    "who": pl.String(),
    "when": pl.Datetime("us", "UTC"),
}


@dataclass(frozen=True, slots=True)
class Decision:
    """One line of a log.

    Parameters
    ----------
    when
        Time in UTC.
    who
        Name of the person.
    id
        Of the image or patch.
    flag
        ``"keep"``, ``"reject"``, ``"unsure"`` or one's own; None takes a flag away.
    rating
        A whole number; None for none.
    comment
        What the person says of it.
    because
        The rule, view or order that led there.
    number
        Unique among all logs. Those of one act on several images begin alike, up to a dot.
    undoes
        Number of the act that this one undoes; None of all others.
    """

    when: datetime
    who: str
    id: str
    flag: str | None = None
    rating: int | None = None
    comment: str = ""
    because: str = ""
    number: str = ""
    undoes: str | None = None

    @classmethod
    def of(cls, line: dict[str, Any]) -> Self:
        """From a line that was read; raises ValueError, TypeError or KeyError for one that is none.

        A line without a number, which a person wrote, gets one of what it says.
        """
        known = {name: line[name] for name in _NAMES if name in line and line[name] is not None}
        when = datetime.fromisoformat(known.pop("when"))
        one = cls(when=when if when.tzinfo else when.replace(tzinfo=UTC), **known)
        texts = (one.who, one.id, one.comment, one.because, one.number)
        if not all(type(text) is str for text in texts) or not _is_text(one.flag) or not _is_text(one.undoes):
            raise TypeError(f"{line} holds what is no text")
        if one.rating is not None and (type(one.rating) is not int or abs(one.rating) >= 1 << 63):
            raise TypeError(f"{line} holds a rating that is no whole number")
        return one if one.number else replace(one, number=hashlib.sha256(one.line()).hexdigest()[:16])

    @property
    def act(self) -> str:
        """What is undone at once: the number up to a dot."""
        return self.number.partition(".")[0]

    def line(self) -> bytes:
        """As it stands in a log."""
        facts = asdict(self) | {"when": self.when.astimezone(UTC).isoformat(timespec="microseconds")}
        return json.dumps(facts).encode() + b"\n"


_NAMES = tuple(field.name for field in fields(Decision))


def _is_text(value: Any) -> bool:
    """Whether it is a text that is not empty, or None."""
    return value is None or (type(value) is str and value.strip() != "")


def usual_who() -> str:
    """Name of the account, ``"somebody"`` for one without."""
    with suppress(OSError, KeyError, ImportError):
        return getpass.getuser()
    return "somebody"


class FlagLog:
    """The decisions in a file, one JSON line each.

    Lines are only ever added, several processes may do so at once; what holds now is found by going through
    them. A line that was cut by a kill is left out. Times in a log rise from line to line, also where the
    clock of the machine was set back.

    Parameters
    ----------
    path
        The file; made with the first decision.

    Examples
    --------
    >>> log = FlagLog("patches/flags.jsonl")  # doctest: +SKIP
    >>> log.decide(["4f0c62b0ad3a1e95"], "keep", because="sharpest first")  # doctest: +SKIP
    >>> log.state()  # doctest: +SKIP
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._read: list[Decision] = []
        self._tail: list[Decision] = []
        self._upto = 0
        self._file = 0
        self._alone = Lock()

    def decide(
        self,
        ids: str | Sequence[str],
        flag: str | None,
        *,
        who: str = "",
        rating: int | None = None,
        comment: str = "",
        because: str = "",
    ) -> tuple[Decision, ...]:
        """Give images a flag, in one act.

        Parameters
        ----------
        ids
            One or several; each counts once.
        flag
            None takes theirs away.
        who
            The account's name where it is empty.
        rating, comment, because
            See `Decision`.

        Returns
        -------
        tuple of Decision
            What was added.

        Raises
        ------
        UsageError
            The flag is empty, or the folder is read-only.
        SmaltiError
            The file cannot be written.
        """
        if flag is not None and not flag.strip():
            raise UsageError("the flag is empty; give a name such as 'keep', or None to take one away")
        named = list(dict.fromkeys([ids] if isinstance(ids, str) else ids))
        act = secrets.token_hex(8)
        numbers = [act] if len(named) == 1 else [f"{act}.{k}" for k in range(len(named))]
        with self._locked() as when:
            made = tuple(
                Decision(when, who or usual_who(), one, flag, rating, comment, because, number)
                for one, number in zip(named, numbers, strict=True)
            )
            self._append(made)
        return made

    def undo(self, who: str = "") -> Decision | None:
        """Undo the last act of a person that is not undone; of several images all, where it was on several.

        Parameters
        ----------
        who
            The account's name where it is empty.

        Returns
        -------
        Decision or None
            What was added, with the last image's id; None where there is nothing to undo.

        Raises
        ------
        UsageError, SmaltiError
            As of `decide`.
        """
        who = who or usual_who()
        with self._locked() as when:
            last = next((one for one in reversed(self._standing()) if one.who == who), None)
            if last is None:
                return None
            made = Decision(when, who, last.id, because="undo", number=secrets.token_hex(8), undoes=last.act)
            self._append([made])
        return made

    def decisions(self) -> tuple[Decision, ...]:
        """All of them by time, undone ones and undoings included."""
        with self._alone:
            self._read_on()
            return tuple(sorted((*self._read, *self._tail), key=_order))

    def state(self, who: str = "") -> pl.DataFrame:
        """What holds now: of each image the last decision that is not undone.

        Parameters
        ----------
        who
            Only decisions of this person; of everybody where it is empty.

        Returns
        -------
        polars.DataFrame
            ``id, flag, rating, comment, who, when``; one row an image that has a flag, by the time it was
            first decided on.
        """
        last = {one.id: one for one in self._standing() if who in ("", one.who)}
        rows = [
            (one.id, one.flag, one.rating, one.comment, one.who, one.when)
            for one in last.values()
            if one.flag is not None
        ]
        return pl.DataFrame(rows, schema=STATE, orient="row")

    def _standing(self) -> list[Decision]:
        """Decisions by time, less those that are undone."""
        told = self.decisions()
        undone = {(one.who, one.undoes) for one in told if one.undoes is not None}
        return [one for one in told if one.undoes is None and (one.who, one.act) not in undone]

    def _read_on(self) -> None:
        """Take up what was added since it was read last."""
        try:
            with self.path.open("rb") as file:
                facts = os.fstat(file.fileno())
                if facts.st_ino != self._file or facts.st_size < self._upto:
                    self._read, self._upto, self._file = [], 0, facts.st_ino
                file.seek(self._upto)
                text = file.read()
        except FileNotFoundError:
            self._read, self._tail, self._upto, self._file = [], [], 0, 0
            return
        except OSError as error:
            raise SmaltiError(f"{self.path} cannot be read: {error}") from error
        whole = text.rfind(b"\n") + 1
        self._read += _decisions_of(text[:whole])
        self._tail = _decisions_of(text[whole:])  # whole, when a kill cut no more than the end of its line
        self._upto += whole

    def _append(self, decisions: Iterable[Decision]) -> None:
        """Write lines at once; the lock is held."""
        text = b"".join(one.line() for one in decisions)
        cut = self.path.exists() and not _end_of(self.path).endswith(b"\n")
        with self.path.open("ab") as file:
            file.write(b"\n" + text if cut else text)

    @contextmanager
    def _locked(self) -> Iterator[datetime]:
        """Alone at the file; gives the time of what is added, behind the last there is."""
        check_writable(self.path.parent)
        try:
            with FileLock(self.path.with_name(f".{self.path.name}.lock"), timeout=PATIENCE):
                yield self._now()
        except Timeout:
            raise SmaltiError(f"{self.path} is held by another process; try again") from None
        except NotImplementedError:
            raise SmaltiError(f"the disk of {self.path} knows no file locks; put it on another") from None
        except OSError as error:
            raise SmaltiError(f"{self.path} cannot be written: {error}") from error

    def _now(self) -> datetime:
        found = _decisions_of(_end_of(self.path)) if self.path.exists() else []
        now = datetime.now(UTC)
        return max(now, found[-1].when + timedelta(microseconds=1)) if found else now


def merge(paths: Iterable[str | os.PathLike[str]], into: str | os.PathLike[str]) -> FlagLog:
    """Make one log of several, ordered by time; a decision that stands in several is taken once.

    Parameters
    ----------
    paths
        Logs, such as those of two people.
    into
        Where it is written, whole or not at all; what is there already is kept.

    Raises
    ------
    UsageError
        One of `paths` is not there, or the folder is read-only.
    SmaltiError
        It cannot be written.
    """
    logs = [FlagLog(path) for path in paths]
    for log in logs:
        if not log.path.is_file():
            raise UsageError(f"{log.path} is not there; give logs, each a {FILE_NAME}")
    made = FlagLog(into)
    with made._locked():
        found = {one.number: one for log in (made, *logs) for one in log.decisions()}
        text = b"".join(one.line() for one in sorted(found.values(), key=_order))
        temporary = made.path.with_name(f"{made.path.name}.tmp")
        temporary.write_bytes(text)
        commit(temporary, made.path)
    return made


def agreement(log: FlagLog, first: str, second: str) -> float:
    """How well two people agree beyond chance, Cohen's kappa, on images that both gave a flag.

    J. Cohen, A coefficient of agreement for nominal scales, 1960: (p - e) / (1 - e), where p is the share of
    images on which they agree and e the share expected of people who give their flags by chance as often.

    Parameters
    ----------
    log
        Decisions of both.
    first, second
        Their names.

    Returns
    -------
    float
        1 for full agreement, 0 for that of chance; NaN where both gave one and the same flag only.

    Raises
    ------
    UnknownNameError
        One of them decided nothing.
    UsageError
        They gave flags to no image in common.
    """
    known = {one.who for one in log.decisions()}
    for who in (first, second):
        if who not in known:
            raise UnknownNameError("rater", who, known)
    states = [log.state(who).select("id", "flag") for who in (first, second)]
    both = states[0].join(states[1], on="id", suffix="_second")
    if not both.height:
        raise UsageError(f"{first} and {second} gave flags to no image in common; let both see some")
    same = (both["flag"] == both["flag_second"]).sum() / both.height
    shares = [dict(both[name].value_counts(normalize=True).iter_rows()) for name in ("flag", "flag_second")]
    chance = sum(share * shares[1].get(flag, 0.0) for flag, share in shares[0].items())
    return float((same - chance) / (1 - chance)) if chance < 1 else float("nan")


def _order(one: Decision) -> tuple[datetime, str, str]:
    return one.when, one.number, one.id


def _end_of(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL))
        return file.read()


_NO_DECISION = (ValueError, TypeError, KeyError, RecursionError)
"""What reading a line that is none raises."""


def _decisions_of(text: bytes) -> list[Decision]:
    """Those of whole lines; a cut one, which is no JSON, is left out."""
    lines = [line for line in text.split(b"\n") if line.strip()]
    try:
        return [Decision.of(one) for one in json.loads(b"[" + b",".join(lines) + b"]")]  # a third of the time
    except _NO_DECISION:
        return [one for line in lines for one in _decision_of(line)]


def _decision_of(line: bytes) -> tuple[Decision, ...]:
    try:
        return (Decision.of(json.loads(line)),)
    except _NO_DECISION:
        return ()
