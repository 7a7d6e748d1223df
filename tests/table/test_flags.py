"""The decision log: added to by several at once, cut by kills, gone through again."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.core.errors import SmaltiError, UnknownNameError, UsageError
from smalti.table.flags import FILE_NAME, Decision, FlagLog, agreement, merge
from smalti.table.guard import mark


@pytest.fixture
def log(tmp_path):
    return FlagLog(tmp_path / FILE_NAME)


def flags(log, who=""):
    return dict(log.state(who).select("id", "flag").iter_rows())


def test_the_last_decision_counts_and_none_takes_a_flag_away(log):
    log.decide(["a", "b"], "keep", who="ann", because="given order")
    log.decide("a", "reject", who="bob", rating=2, comment="a fold")
    log.decide("b", None, who="ann")
    assert flags(log) == {"a": "reject"}
    assert flags(log, "ann") == {"a": "keep"}
    assert log.state().row(0)[:5] == ("a", "reject", 2, "a fold", "bob")


def test_a_line_says_who_when_and_why(log):
    (one,) = log.decide("a", "keep", who="ann", because="sharpest first")
    line = json.loads(log.path.read_text())
    assert datetime.fromisoformat(line["when"]) == one.when
    assert line["when"].endswith("+00:00")
    assert (line["who"], line["id"], line["flag"], line["because"]) == ("ann", "a", "keep", "sharpest first")


def test_undo_walks_back_a_whole_act_at_a_time_and_only_ones_own(log):
    log.decide("a", "keep", who="ann")
    log.decide(["b", "c"], "reject", who="ann")
    log.decide("a", "reject", who="bob")
    assert log.undo("ann").id == "c"
    assert flags(log) == {"a": "reject"}
    assert log.undo("ann").id == "a"
    assert log.undo("ann") is None
    assert flags(log) == {"a": "reject"}
    assert len(log.decisions()) == 6


ACTS = st.tuples(
    st.sampled_from(["ann", "bob"]),
    st.lists(st.sampled_from("abcd"), min_size=1, max_size=3),
    st.sampled_from(["keep", "reject", None, "undo"]),
)


@settings(max_examples=60, deadline=None)
@given(acts=st.lists(ACTS, max_size=12))
def test_any_acts_of_two_people_are_replayed(tmp_path_factory, acts):
    log, model = FlagLog(tmp_path_factory.mktemp("log") / FILE_NAME), []
    for who, ids, flag in acts:
        if flag == "undo":
            log.undo(who)
            own = [act for act in model if act[0] == who]
            model = [act for act in model if not own or act is not own[-1]]
        else:
            log.decide(ids, flag, who=who)
            model.append((who, ids, flag))
    held = {one: flag for _, ids, flag in model for one in ids}
    assert flags(log) == {one: flag for one, flag in held.items() if flag}
    assert flags(FlagLog(log.path)) == flags(log)


@pytest.mark.parametrize("cut", [1, 9, 60])
def test_a_line_that_a_kill_cut_is_left_out_and_takes_none_along(log, cut):
    log.decide("a", "keep", who="ann")
    log.decide("b", "keep", who="ann")
    whole = log.path.read_bytes()
    log.path.write_bytes(whole[:-cut])
    left = {"a": "keep", "b": "keep"} if cut == 1 else {"a": "keep"}  # all but the end of the line is there
    assert flags(FlagLog(log.path)) == left
    log.decide("c", "reject", who="ann")
    assert flags(FlagLog(log.path)) == flags(log) == left | {"c": "reject"}


def test_two_processes_lose_nothing(log):
    script = """
import sys
from smalti.table.flags import FlagLog
log = FlagLog(sys.argv[1])
for k in range(150):
    log.decide([f"{sys.argv[2]}{k}", "both"], "keep", who=sys.argv[2])
"""
    command = [sys.executable, "-c", script, str(log.path)]
    both = [subprocess.Popen([*command, who]) for who in ("ann", "bob")]
    assert [one.wait() for one in both] == [0, 0]
    told = log.decisions()
    assert len(told) == len({one.number for one in told}) == 600
    assert log.state().height == 301


def test_times_rise_also_where_the_clock_was_set_back(log):
    ahead = Decision(datetime.now(UTC) + timedelta(days=1), "ann", "a", "keep", number="1")
    log.path.write_bytes(ahead.line())
    log.decide("a", "reject", who="ann")
    assert flags(log) == {"a": "reject"}


def test_logs_of_two_people_become_one_without_doubles(tmp_path):
    ann, bob = FlagLog(tmp_path / "ann.jsonl"), FlagLog(tmp_path / "bob.jsonl")
    ann.decide("a", "keep", who="ann")
    bob.decide("a", "reject", who="bob")
    ann.decide("b", "keep", who="ann")
    once = merge([ann.path, bob.path], tmp_path / "both.jsonl")
    again = merge([bob.path, ann.path, once.path], tmp_path / "again.jsonl")
    assert [one.who for one in once.decisions()] == ["ann", "bob", "ann"]
    assert once.path.read_bytes() == again.path.read_bytes()
    assert flags(once) == {"a": "reject", "b": "keep"}
    with pytest.raises(UsageError, match=r"none.jsonl is not there"):
        merge([tmp_path / "none.jsonl"], tmp_path / "both.jsonl")


def test_a_log_that_was_written_anew_is_read_anew(tmp_path, log):
    log.decide("a", "keep", who="ann")
    other = FlagLog(tmp_path / "other.jsonl")
    other.decide("b", "keep", who="bob")
    assert flags(log) == {"a": "keep"}
    merge([other.path], log.path)
    assert flags(log) == {"a": "keep", "b": "keep"}


def test_kappa_of_a_known_table(log):
    """Of 50 images both keep 20, both reject 15, 5 and 10 are kept by one only: 0.4."""
    pairs = [("keep", "keep")] * 20 + [("keep", "reject")] * 5
    pairs += [("reject", "keep")] * 10 + [("reject", "reject")] * 15
    for k, (first, second) in enumerate(pairs):
        log.decide(str(k), first, who="ann")
        log.decide(str(k), second, who="bob")
    assert agreement(log, "ann", "bob") == pytest.approx(0.4)
    with pytest.raises(UnknownNameError, match="did you mean 'bob'"):
        agreement(log, "ann", "bobo")


@settings(max_examples=20, deadline=None)
@given(pairs=st.lists(st.tuples(st.sampled_from("kru"), st.sampled_from("kru")), min_size=2, max_size=12))
def test_kappa_is_that_of_scikit_learn(tmp_path_factory, pairs):
    metrics = pytest.importorskip("sklearn.metrics")
    log = FlagLog(tmp_path_factory.mktemp("log") / FILE_NAME)
    first, second = zip(*pairs, strict=True)
    if len({*first, *second}) < 2:
        return
    for who, given_flags in (("ann", first), ("bob", second)):
        for k, flag in enumerate(given_flags):
            log.decide(str(k), flag, who=who)
    assert agreement(log, "ann", "bob") == pytest.approx(metrics.cohen_kappa_score(first, second))


def test_who_agrees_on_nothing_in_common_is_told_so(log):
    log.decide("a", "keep", who="ann")
    log.decide("b", "keep", who="bob")
    with pytest.raises(UsageError, match="no image in common"):
        agreement(log, "ann", "bob")
    log.decide("a", "keep", who="bob")
    assert agreement(log, "ann", "bob") != agreement(log, "ann", "bob")  # nothing but one flag: not a number


def test_what_cannot_be_written_says_why(tmp_path, log):
    with pytest.raises(UsageError, match="the flag is empty"):
        log.decide("a", " ")
    assert log.decide([], "keep") == ()
    mark(tmp_path, tmp_path / "x.zip")
    with pytest.raises(UsageError, match="is read-only"):
        log.decide("a", "keep")
    (tmp_path / "file").write_text("")
    with pytest.raises(SmaltiError, match="cannot be written"):
        FlagLog(tmp_path / "file" / FILE_NAME).decide("a", "keep")


def test_lines_that_are_no_decisions_are_left_out(log):
    log.decide("a", "keep", who="ann")
    with log.path.open("a") as file:
        file.write('5\n{"when": "no time", "who": "x", "id": "b"}\n{"id": ["b"], "who": "x"}\n[]\n')
    log.decide("c", "keep", who="ann")
    assert flags(FlagLog(log.path)) == {"a": "keep", "c": "keep"}


NO_TEXTS = {"rating": "five", "comment": 5, "undoes": ["a"], "flag": False, "who": 1}


@pytest.mark.parametrize("wrong", [{k: v} for k, v in NO_TEXTS.items()] + [{"rating": 1 << 70}, {"flag": ""}])
def test_a_line_with_a_value_of_another_kind_is_left_out(log, wrong):
    line = {"when": "2026-01-01T00:00:00", "who": "ann", "id": "b", "flag": "keep", "number": "1"}
    log.path.write_text(
        json.dumps(line) + "\n" + json.dumps(line | {"id": "c", "number": "2"} | wrong) + "\n"
    )
    assert flags(log) == {"b": "keep"}
    assert log.undo("ann").undoes == "1"


def test_lines_without_a_number_are_each_an_act_of_its_own(tmp_path, log):
    line = {"when": "2026-01-01T00:00:00", "who": "ann", "flag": "keep", "comment": None}
    log.path.write_text("".join(json.dumps(line | {"id": name}) + "\n" for name in "abc"))
    assert flags(merge([log.path], tmp_path / "all.jsonl")) == dict.fromkeys("abc", "keep")
    log.undo("ann")
    assert len(flags(log)) == 2


def test_polars_reads_a_log_too(log):
    log.decide(["a", "b"], "keep", who="ann")
    assert pl.read_ndjson(log.path)["id"].to_list() == ["a", "b"]
