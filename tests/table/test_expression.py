from datetime import date, datetime

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from smalti.core.errors import SmaltiError, UnknownNameError, UsageError
from smalti.table.expression import MAX_DEPTH, MAX_LENGTH, parse
from smalti.table.schema import IMAGE_COLUMNS, polars_schema

TABLE = pl.DataFrame(
    {
        "path": ["a/1.tif", "a/2.tif", "b/3.TIF", None],
        "status": ["ok", "partial", "ok", "unreadable"],
        "condition": ["a", "a", "b", "b"],
        "mean": [1.0, 2.0, 30.0, None],
        "std": [0.5, None, 3.0, None],
        "c": [0, 1, 2, 3],
        "bits": [8, 16, 16, None],
        "flat": [True, False, None, False],
        "channel_names": [["DAPI"], ["GFP", "DAPI"], [], None],
        "acquired_at": [datetime(2025, 1, 1), datetime(2026, 1, 1, 12), None, datetime(2026, 6, 1)],
        "day": [date(2025, 1, 1), None, None, date(2026, 6, 1)],
        "odd name": [1, 2, 3, 4],
    },
    schema_overrides={"bits": pl.UInt64, "mean": pl.Float32},
)


def chosen(text: str) -> list[int]:
    return TABLE.filter(parse(text, TABLE.schema))["c"].to_list()


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("mean > 1", [1, 2]),
        ("1 < mean <= 2", [1]),
        ("mean > 1 and status == 'ok'", [2]),
        ("(mean > 1) & ~(status == 'ok') | (c == 0)", [0, 1]),
        ("not flat", [1, 3]),
        ("flat == True", [0]),
        ("flat", [0]),
        ('pl.col("mean") > col("std") * 9', [2]),
        ("pl.col('odd name') >= 3", [2, 3]),
        ("mean is None", [3]),
        ("mean != None and std == None", [1]),
        ("std is not None", [0, 2]),
        ("status in ['ok', 'partial']", [0, 1, 2]),
        ("status not in ('ok',)", [1, 3]),
        ("c in {1, 2.5, 3}", [1, 3]),
        ("c in []", []),
        ("status.is_in(['ok'])", [0, 2]),
        ("'a/' in path", [0, 1]),
        ("'DAPI' in channel_names", [0, 1]),
        ("channel_names.list.len() > 1", [1]),
        ("path.str.ends_with('.tif')", [0, 1]),
        ("path.str.to_lowercase().str.ends_with('.tif')", [0, 1, 2]),
        ("path.str.contains('.')", [0, 1, 2]),
        ("path.str.contains(r'^b/\\d', literal=False)", [2]),
        ("path.str.contains('\\d\\.t', False)", [0, 1]),
        ("mean.is_between(1, 2, closed='left')", [0]),
        ("mean.is_between(std, c + 1)", [0]),
        ("abs(1) == 1", None),
        ("mean.log10().round(1) == 0.3", [1]),
        ("mean.fill_null(0) == 0", [3]),
        ("mean > mean.median()", [2]),
        ("mean >= mean.quantile(1)", [2]),
        ("mean < mean.mean().over('condition')", [0]),
        ("acquired_at >= '2026-01-01'", [1, 3]),
        ("acquired_at < '2026-01-01T12:00:00+02:00'", [0]),
        ("acquired_at.dt.month() == 6", [3]),
        ("acquired_at.is_between('2025-06-01', '2026-05-01')", [1]),
        ("day == '2026-06-01'", [3]),
        ("condition + '/' + c == 'a/0'", None),
        ("condition + '/' == 'a/'", [0, 1]),
        ("-mean ** 2 < -3", [1, 2]),
        ("mean ** -1 == 0.5", [1]),
        ("c // 2 == 1 and c % 2 == 1", [3]),
        ("bits - 16 >= 0", [1, 2]),
        ("+c >= +3", [3]),
        ("-bits < -8", [1, 2]),
        ("c * 2000000000 > 0", [1, 2, 3]),
        ("channel_names.list.len() - 1 < 0", [2]),
        ("acquired_at.dt.month() * 100 == 600", [3]),
        ("status.is_duplicated()", [0, 2]),
        ("c <\n  1", [0]),
    ],
)
def test_an_expression_chooses_rows(text, rows):
    if rows is None:
        with pytest.raises(UsageError):
            parse(text, TABLE.schema)
    else:
        assert chosen(text) == rows


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "expression is empty"),
        ("   ", "expression is empty"),
        ("mean >", "is no expression"),
        ("mean = 3", "is no expression"),
        ("mean > 'a'", "`mean` is a number and `'a'` a text; compare it with a number"),
        ("status == 3", "`status` is a text and `3` a number; compare it with a text, such as 'ok'"),
        ("flat == 1", "True or False"),
        ("mean", "`mean` is a number; a filter is a condition"),
        ("mean + 1", "a filter is a condition"),
        ("mean > 1 & std > 2", "put each comparison in parentheses"),
        ("status and flat", "`status` is a text"),
        ("not mean", "turn round"),
        ("-status == 1", "a sign needs"),
        ("status * 2 == 1", "arithmetic needs"),
        ("mean > None", "is_null"),
        ("channel_names == 'DAPI'", "in channel_names"),
        ("mean in 'abc'", "`mean` is a number"),
        ("3 in mean", "looks into"),
        ("mean is 3", "go with None"),
        ("acquired_at > 'yesterday'", "is no date"),
        ("mean ** 99 > 1", "no exponent"),
        ("2 ** c > 1", "no exponent"),
        ("mean > 99999999999999999999", "literals"),
        ("mean > 1j", "literals"),
        ("path == b'a'", "literals"),
        ("path.str.contains(3)", "put it in quotes"),
        ("path.str.contains('(', literal=False)", "cannot be computed"),
        ("path.str.contains('a', 'b')", "neither True nor False"),
        ("mean.str.contains('a')", "works on a text"),
        ("path.abs() == 1", "works on a number"),
        ("mean.quantile(7) > 1", "from 0 to 1"),
        ("mean.quantile(True) > 1", "from 0 to 1"),
        ("mean.round(c) > 1", "0 to 15"),
        ("mean.round(1, 2) > 1", "was given 2"),
        ("mean.round(decimals=1, **{}) > 1", "not allowed"),
        ("mean.round(digits=1) > 1", "round([decimals])"),
        ("mean.is_between(1)", "was given 1"),
        ("mean.is_between(1, 2, closed='no')", "closed is"),
        ("mean.is_in(3)", "takes a list"),
        ("mean.is_in()", "takes one argument"),
        ("mean.mean().over(3) > 1", "names no column"),
        ("mean.abs > 1", "not allowed"),
        ("len(path) > 1", "only methods"),
        ("(lambda: mean)()", "only methods"),
        ("[x for x in (1, 2)]", "not allowed"),
        ("mean if flat else std", "not allowed"),
        ("f'{mean}' == 'a'", "not allowed"),
        ("path[mean] == 'a'", "not allowed"),
        ("path[0:1] == 'a'", "not allowed"),
        ("status[0] == 'a'", "not allowed"),
        ("(flat := True)", "not allowed"),
        ("mean.round(*c) > 1", "not allowed"),
        ("path @ path", "not allowed"),
        ("path ^ path", "not allowed"),
        ("...", "literals"),
        ("await mean", "not allowed"),
        ("mean\0 > 1", "null bytes"),
        ("__import__('os').system('true')", "not allowed"),
    ],
)
def test_what_is_not_allowed_is_said_in_words(text, said):
    with pytest.raises(UsageError) as caught:
        parse(text, TABLE.schema)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("maen > 1", "did you mean 'mean'"),
        ("pl.col('statsu') == 'ok'", "did you mean 'status'"),
        ("mean.medain() > 1", "did you mean 'median'"),
        ("path.str.startswith('a')", "did you mean 'str.starts_with'"),
        ("mean.std().over('conditon') > 1", "did you mean 'condition'"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(text, near):
    with pytest.raises(UnknownNameError, match=near):
        parse(text, TABLE.schema)


def test_length_and_depth_are_bounded():
    for text in (
        "flat or " * MAX_LENGTH + "flat",
        "-" * (MAX_DEPTH + 2) + "c > 1",
        "(" * 900 + "flat" + ")" * 900,
    ):
        with pytest.raises(UsageError):
            parse(text, TABLE.schema)
    assert chosen("c == 9 or " * 150 + "flat") == [0]


def test_without_types_the_names_are_still_checked():
    assert TABLE.filter(parse("mean > 1 and flat == False", TABLE.columns))["c"].to_list() == [1]
    with pytest.raises(UnknownNameError):
        parse("maen > 1", TABLE.columns)


def test_a_value_may_be_asked_for_where_no_filter_is_meant():
    values = TABLE.select(parse("mean / 2", TABLE.schema, gives="value")).to_series()
    assert values.to_list() == [0.5, 1.0, 15.0, None]


def test_every_column_of_images_can_be_asked_for():
    schema = polars_schema(IMAGE_COLUMNS)
    for name in schema:
        parse(f"{name} is not None", schema)


PIECES = [
    *(
        "mean",
        "c",
        "bits",
        "status",
        "flat",
        "channel_names",
        "acquired_at",
        "day",
        "nope",
        "pl",
        "1",
        "-2",
        "0.5",
    ),
    *(
        "'a'",
        "'2026-01-01'",
        "True",
        "None",
        "[1, 'a']",
        "[]",
        "1e999",
        "10**16",
        "not",
        "~",
        "-",
        "(",
        ")",
        ",",
    ),
    *(
        "+",
        "-",
        "*",
        "/",
        "//",
        "%",
        "**",
        "<",
        "==",
        "!=",
        "<=",
        "in",
        "not in",
        "is",
        "and",
        "or",
        "&",
        "|",
    ),
    *(
        ".abs()",
        ".sum()",
        ".rank()",
        ".round(2)",
        ".is_in(['ok'])",
        ".over('c')",
        ".str.contains('(', False)",
    ),
    *(
        ".is_between(0, 1)",
        ".fill_null(0)",
        ".dt.year()",
        ".list.len()",
        ".is_unique()",
        ".quantile(0.5)",
        ".__class__",
    ),
]


def survives(text: str) -> None:
    try:
        expression = parse(text, TABLE.schema)
    except SmaltiError:
        return
    assert TABLE.filter(expression).height <= TABLE.height


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=8).map(" ".join))
@example("1e999 > mean")
@example("bits % 0 == bits // 0")
@example("True.over('c')")
@settings(max_examples=300, deadline=None)
def test_no_mix_of_pieces_raises_anything_but_our_errors(text):
    survives(text)


@given(st.text(max_size=40))
@settings(max_examples=100, deadline=None)
def test_no_text_raises_anything_but_our_errors(text):
    survives(text)


@st.composite
def conditions(draw):
    numbers = st.sampled_from(
        ["mean", "c", "bits", "std", "1", "0", "-3.5", "mean.rank()", "c.max()", "status.str.len_chars()"]
    )
    operators = st.sampled_from(["+", "-", "*", "/", "//", "%"])
    left, right = (f"({draw(numbers)} {draw(operators)} {draw(numbers)})" for _ in range(2))
    relation, join = draw(st.sampled_from(["<", ">=", "==", "!="])), draw(st.sampled_from(["and", "or"]))
    return f"{left} {relation} {right} {join} not flat"


@given(conditions())
@settings(max_examples=100, deadline=None)
def test_well_formed_arithmetic_is_computed(text):
    try:
        expression = parse(text, TABLE.schema)
    except UsageError as error:
        assert "cannot be computed" in str(error), text  # noqa: PT017
        return
    TABLE.filter(expression)
