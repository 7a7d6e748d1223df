"""Worker processes that are on their way before there is work."""

import subprocess
import sys
from contextlib import suppress

from smalti.processing import hired
from smalti.processing.machine import usable_cores


def test_the_process_started_ahead_is_the_first_to_be_hired(monkeypatch, tmp_path):
    monkeypatch.setattr(hired, "_waiting", [])
    with hired.ahead(str(tmp_path)):
        (ahead,) = hired._waiting
        first, second = hired.hire(), hired.hire()
        assert first is ahead
        assert second.process.pid != ahead.process.pid
    for one in (first, second):
        one.process.communicate(timeout=60)  # the end of its stdin ends it
        one.log.close()
        assert one.process.returncode == 0


def test_one_that_nobody_hired_is_ended_whatever_happened(monkeypatch):
    monkeypatch.setattr(hired, "_waiting", [])
    ahead = _left_over()
    assert ahead.process.returncode is not None
    assert ahead.log.closed
    assert not hired._waiting


def _left_over():
    """The process of a block that ended by an error."""
    with suppress(KeyError), hired.ahead("no such folder"):
        (ahead,) = hired._waiting
        raise KeyError
    return ahead


def test_a_folder_of_many_files_has_a_process_a_core(monkeypatch, tmp_path):
    monkeypatch.setattr(hired, "_waiting", [])
    for number in range(3 * hired.FILES_A_WORKER):
        (tmp_path / f"{number}.png").touch()
    for workers, started in ((0, min(3, usable_cores())), (1, 1)):
        with hired.ahead(str(tmp_path), workers):
            assert len(hired._waiting) == started


def test_to_hire_takes_nothing_heavy():
    code = "import sys, smalti.processing.hired; print({'numpy', 'polars', 'numba'} & {*sys.modules} or '')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not done.stdout.strip()
