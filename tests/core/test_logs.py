"""Logging belongs to whoever runs the program: nothing is touched unasked, what was asked for is undone."""

import json
import logging
import subprocess
import sys

import pytest

from smalti.core.errors import UnknownNameError
from smalti.core.logs import configure_logging

LOOK = """
import json, logging, sys
def state():
    logs = [logging.getLogger(name) for name in ("", "py.warnings", "zarr", "PIL")]
    facts = [[len(log.handlers), log.level, log.propagate, log.disabled] for log in logs]
    return facts, logging.root.manager.disable, logging.raiseExceptions, repr(sys.excepthook)
before = state()
import smalti
for name in dir(smalti):
    getattr(smalti, name)
own = logging.getLogger("smalti")
print(json.dumps([before, state(), [type(one).__name__ for one in own.handlers], own.level, own.propagate]))
"""


@pytest.fixture(autouse=True)
def _as_it_was():
    yield
    configure_logging(enable=False)


@pytest.fixture
def log():
    return logging.getLogger("smalti.any.module")


def handlers():
    """Of smalti, less the one that says nothing."""
    return [one for one in logging.getLogger("smalti").handlers if type(one) is not logging.NullHandler]


def test_importing_smalti_touches_nobodys_logging():
    done = subprocess.run([sys.executable, "-c", LOOK], capture_output=True, encoding="utf-8", check=True)
    before, after, *own = json.loads(done.stdout)
    assert before == after
    assert own == [["NullHandler"], logging.NOTSET, True]
    assert done.stderr == ""


def test_what_is_logged_is_shown_from_its_level_up(log, capsys):
    configure_logging(level="warning")
    log.info("quiet")
    log.warning("loud")
    said = capsys.readouterr()
    assert "WARNING smalti.any.module: loud" in said.err
    assert "quiet" not in said.err
    assert said.out == ""


def test_it_is_shown_once_however_often_it_is_asked_for(log, capsys):
    for _ in range(3):
        configure_logging(level="DEBUG")
    log.debug("once")
    assert capsys.readouterr().err.count("once") == 1
    assert len(handlers()) == 1


def test_it_can_be_shown_no_more(log, capsys):
    configure_logging(level="DEBUG")
    configure_logging(enable=False)
    log.debug("silent")
    assert capsys.readouterr().err == ""
    assert handlers() == []


def test_the_level_and_handlers_that_were_there_come_back(log):
    mine, own = logging.StreamHandler(), logging.getLogger("smalti")
    own.addHandler(mine)
    own.setLevel(logging.ERROR)
    try:
        configure_logging(level="DEBUG")
        configure_logging(level="INFO")
        configure_logging(enable=False)
        assert (own.level, handlers()) == (logging.ERROR, [mine])
    finally:
        own.removeHandler(mine)
        own.setLevel(logging.NOTSET)


def test_others_are_left_alone(capsys):
    root = logging.getLogger()
    before = root.level, list(root.handlers)
    configure_logging(level="DEBUG")
    logging.getLogger("other").debug("mine")
    assert (root.level, list(root.handlers)) == before
    assert "mine" not in capsys.readouterr().err


@pytest.mark.parametrize("level", ["LOUD", "", 7])
def test_a_level_that_is_none_is_answered_with_those_there_are(level):
    with pytest.raises(UnknownNameError, match="no level named"):
        configure_logging(level=level)


def test_a_number_is_a_level_too(log, capsys):
    configure_logging(level=logging.ERROR)
    log.warning("quiet")
    log.error("loud")
    said = capsys.readouterr().err
    assert "loud" in said
    assert "quiet" not in said
