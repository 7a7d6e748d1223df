"""Labels of patches: those of the decision logs of sets, or of one table."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from smalti.core.errors import UsageError
from smalti.core.words import count
from smalti.curation.patchset import PatchSet
from smalti.table.flags import FILE_NAME, FlagLog

__all__ = ["LABELS", "Labels", "Words", "labels_of"]

LABELS = {
    "set": pl.Int64,
    "row": pl.Int64,
    "patch_id": pl.String,
    "label": pl.Boolean,
    "who": pl.String,
    "when": pl.String,
}
"""Columns of labels: number of the set, row of its manifest, and what was said, by whom and when."""

_YES = ("keep", "informative", "1", "1.0", "true")
_NO = ("reject", "uninformative", "0", "0.0", "false")
_IDS = ("patch_id", "name")
_FLAGS = ("label", "flag")
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Words:
    """Which flags say that a patch is good, and which that it is bad.

    Parameters
    ----------
    good, bad
        One word each; 1 and 0, true and false, informative and uninformative are understood besides.

    Raises
    ------
    UsageError
        They are the same.
    """

    good: str = "keep"
    bad: str = "reject"

    def __post_init__(self) -> None:
        if self.good.strip().lower() == self.bad.strip().lower():
            raise UsageError(f"--good and --bad are both {self.good!r}; give two flags that differ")

    @property
    def meanings(self) -> dict[str, bool]:
        """What each word says; the two that were chosen go before those that are understood besides."""
        usual = dict.fromkeys(_YES, True) | dict.fromkeys(_NO, False)
        return usual | {self.good.strip().lower(): True, self.bad.strip().lower(): False}


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """What is said of patches.

    Parameters
    ----------
    frame
        Columns `LABELS`, one row a patch, ordered by set and row.
    source
        Where they are from, for people.
    notes
        What a person should know: patches that are unknown, flags that say neither.
    """

    frame: pl.DataFrame
    source: str
    notes: tuple[str, ...] = ()


def labels_of(sets: Sequence[PatchSet], table: str, words: Words) -> Labels:
    """The labels of patches of some sets.

    Parameters
    ----------
    sets
        The sets.
    table
        A CSV or Parquet file with `patch_id` or `name`, and `label` or `flag`; or a decision log, whose name
        ends in ``.jsonl``; "" for the logs of the sets.
    words
        What flags mean.

    Raises
    ------
    UsageError
        The table cannot be read, or says two things of one patch, or one thing of two patches; or there are
        no labels of these patches.
    """
    if table:
        said, source = _read(Path(table).expanduser()), Path(table).name
        found, notes = _matched(sets, said, source)
    else:
        parts = [_of_log(number, patches) for number, patches in enumerate(sets)]
        found = pl.concat([frame for frame, _ in parts])
        source, notes = f"{FILE_NAME} of {count(len(sets), 'set')}", [n for _, more in parts for n in more]
    if not found.height:
        raise UsageError(_nothing(sets, table, notes))
    frame, more = _meant(found, words)
    once, doubles = _once(sets, frame)
    return Labels(once, source, (*notes, *more, *doubles))


def _nothing(sets: Sequence[PatchSet], table: str, notes: Sequence[str]) -> str:
    if table:
        return f"{table} has labels for none of the patches; {notes[0] if notes else 'it has no rows'}"
    folders = ", ".join(str(patches.folder) for patches in sets)
    return (
        f"nothing is labelled in {folders}; label patches with smalti curate label or PatchSet.label(), or "
        "give --labels FILE"
    )


def _of_log(number: int, patches: PatchSet) -> tuple[pl.DataFrame, list[str]]:
    """What the log of one set says: columns `LABELS`, with a `flag` in place of the label."""
    return _joined(number, patches, _state(patches.folder / FILE_NAME), "patch_id", FILE_NAME)


def _joined(
    number: int, patches: PatchSet, said: pl.DataFrame, by: str, source: str
) -> tuple[pl.DataFrame, list[str]]:
    rows = patches.frame.select("patch_id", pl.col(by).alias("key")).with_row_index("row")
    found = rows.join(said, left_on="key", right_on="id", how="inner", maintain_order="left")
    unknown = said.join(rows, left_on="id", right_on="key", how="anti", maintain_order="left")["id"]
    frame = found.select(pl.lit(number, pl.Int64).alias("set"), pl.col("row").cast(pl.Int64), *_OTHERS)
    return frame, _unknown(unknown, said.height, source)


_OTHERS = ("patch_id", "flag", "who", "when")


def _matched(
    sets: Sequence[PatchSet], said: tuple[pl.DataFrame, str], source: str
) -> tuple[pl.DataFrame, list[str]]:
    """What a table says, found in any of the sets; each key must be of one patch."""
    table, by = said
    frames = [_joined(number, patches, table, by, source)[0] for number, patches in enumerate(sets)]
    keys = [patches.frame.select("patch_id", "pixel_hash", pl.col(by).alias("id")) for patches in sets]
    known = pl.concat(keys)
    twice = known.filter(pl.col("id").is_in(table["id"].implode()))
    clash = twice.group_by("id", maintain_order=True).agg(pl.struct("patch_id", "pixel_hash").n_unique())
    if (several := clash.filter(pl.col("patch_id") > 1)).height:
        raise UsageError(
            f"{by} {several['id'][0]!r} of {source} is of {several['patch_id'][0]} patches that differ"
            f"{_and_more(several.height - 1)}; {_instead(by)}"
        )
    unknown = table.join(known, on="id", how="anti", maintain_order="left")["id"]
    return pl.concat(frames), _unknown(unknown, table.height, source)


def _instead(by: str) -> str:
    return "name patches by patch_id" if by == "name" else "give the sets one by one, with a table for each"


def _unknown(unknown: pl.Series, total: int, source: str) -> list[str]:
    if unknown.is_empty():
        return []
    shown = ", ".join(unknown[:_SHOWN])
    more = f" and {len(unknown) - _SHOWN:,} more" if len(unknown) > _SHOWN else ""
    are = "is" if len(unknown) == 1 else "are"
    return [f"{len(unknown):,} of {count(total, 'label')} in {source} {are} of no patch here: {shown}{more}"]


def _meant(found: pl.DataFrame, words: Words) -> tuple[pl.DataFrame, list[str]]:
    """With labels in place of flags; those that say neither are left out and told of."""
    meanings = words.meanings
    flag = pl.col("flag").str.strip_chars().str.to_lowercase()
    label = flag.replace_strict(
        list(meanings), list(meanings.values()), default=None, return_dtype=pl.Boolean
    )
    frame = found.with_columns(label=label)
    neither = frame.filter(pl.col("label").is_null())["flag"].value_counts(sort=True).head(_SHOWN)
    left = frame["label"].null_count()
    told = ", ".join(f"{n:,} × {flag!r}" for flag, n in neither.iter_rows())
    which = f"with another flag than {words.good} and {words.bad} left out"
    notes = [f"{count(left, 'label')} {which}: {told}"] if left else []
    return frame.filter(pl.col("label").is_not_null()).select(list(LABELS)), notes


def _once(sets: Sequence[PatchSet], frame: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """Same pixels with the same label count once, wherever they lie; and how many were left out so.

    A model must not be tested on a copy of what it learnt from that lies in another dataset.
    """
    hashes = [
        patches.frame.select(pl.lit(number, pl.Int64).alias("set"), "pixel_hash").with_row_index("row")
        for number, patches in enumerate(sets)
    ]
    pixels = pl.concat(hashes).with_columns(pl.col("row").cast(pl.Int64))
    with_pixels = frame.join(pixels, on=["set", "row"], how="left", maintain_order="left")
    key = ["patch_id", "pixel_hash"]
    clash = with_pixels.group_by(key, maintain_order=True).agg(pl.col("label").n_unique())
    if (several := clash.filter(pl.col("label") > 1)).height:
        raise UsageError(
            f"patch {several['patch_id'][0]} is labelled good in one set and bad in another"
            f"{_and_more(several.height - 1)}; decide which, or leave one of the sets out"
        )
    patches = with_pixels.unique(key, keep="first", maintain_order=True)
    same = pl.coalesce("pixel_hash", "patch_id").alias("same")
    once = patches.with_columns(same).unique(["same", "label"], keep="first", maintain_order=True)
    left = patches.height - once.height
    notes = [f"{count(left, 'label')} of pixels that another patch has too left out"] if left else []
    return once.select(list(LABELS)), notes


def _and_more(n: int) -> str:
    return f", and so {count(n, 'other')}" if n else ""


def _read(path: Path) -> tuple[pl.DataFrame, str]:
    """Columns id, flag, who and when of a table, and what its ids are."""
    if not path.is_file():
        raise UsageError(f"there are no labels at {path}; give a CSV or Parquet file, or a {FILE_NAME}")
    if path.suffix.lower() == ".jsonl":
        return _state(path), "patch_id"
    try:
        table = _PARQUET.get(path.suffix.lower(), _csv)(path)
    except (OSError, pl.exceptions.PolarsError, UnicodeError) as error:
        raise UsageError(f"{path} cannot be read as a table of labels: {error}; {_WANTED}") from error
    by = next((name for name in _IDS if name in table.columns), None)
    flags = [name for name in _FLAGS if name in table.columns]
    if by is None or len(flags) != 1:
        have = ", ".join(table.columns[:12])
        raise UsageError(f"{path} has the columns {have}; {_WANTED}")
    try:
        said = table.select(id=pl.col(by).cast(pl.String), flag=pl.col(flags[0]).cast(pl.String))
    except pl.exceptions.PolarsError as error:
        raise UsageError(f"{path} holds in {by} or {flags[0]} what is no text: {error}; {_WANTED}") from error
    nothing = pl.lit("", pl.String)
    said = said.drop_nulls().unique(maintain_order=True).with_columns(who=nothing, when=nothing)
    return _without_clashes(said, by, path), by


_WANTED = "it needs patch_id or name, and one of label and flag (keep or reject, 1 or 0, true or false)"


def _csv(path: Path) -> pl.DataFrame:
    return pl.read_csv(path, infer_schema=False, encoding="utf8")


_PARQUET = {".parquet": pl.read_parquet}


def _without_clashes(said: pl.DataFrame, by: str, path: Path) -> pl.DataFrame:
    twice = said.filter(pl.col("id").is_duplicated())
    if not twice.height:
        return said
    first = twice["id"][0]
    flags = " and ".join(map(repr, twice.filter(pl.col("id") == first)["flag"]))
    n = twice["id"].n_unique()
    raise UsageError(f"{path} says {flags} of {by} {first!r}{_and_more(n - 1)}; keep one row a patch")


def _state(path: Path) -> pl.DataFrame:
    """What a decision log says now: columns id, flag, who and when."""
    state = FlagLog(path).state()
    return state.select("id", "flag", "who", pl.col("when").dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
