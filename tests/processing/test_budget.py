import subprocess
import sys
from threading import Event, Thread

from smalti.processing.budget import Budget, slot_files


def test_who_asks_for_more_than_is_free_waits_and_says_that_it_lives(tmp_path):
    slots = slot_files(tmp_path, 4)
    waiting, entered = Event(), Event()

    def second():
        with Budget(100, slots).hold(60, waiting.set):
            entered.set()

    thread = Thread(target=second)
    with Budget(100, slots).hold(60, lambda: None):
        thread.start()
        assert waiting.wait(5)
        assert not entered.is_set()
    thread.join(5)
    assert entered.is_set()


def test_one_that_is_too_large_runs_alone_rather_than_never(tmp_path):
    budget = Budget(10, slot_files(tmp_path, 2))
    with budget.hold(1000, lambda: None):
        pass
    with budget.hold(5, lambda: None), budget.hold(5, lambda: None):
        pass


def test_a_killed_holder_gives_its_share_back(tmp_path):
    hold = (
        "import os, sys; from pathlib import Path; from smalti.processing.budget import *\n"
        "with Budget(10, slot_files(Path(sys.argv[1]), 2)).hold(10, print):\n"
        "    os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", hold, tmp_path], check=False, timeout=60)
    with Budget(10, slot_files(tmp_path, 2)).hold(10, lambda: None):
        pass
