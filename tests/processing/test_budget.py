from threading import Event, Thread

from smalti.processing.budget import Budget


def test_who_asks_for_more_than_is_free_waits_until_it_is_given_back():
    budget, entered = Budget(100), Event()

    def second():
        with budget.hold(60):
            entered.set()

    thread = Thread(target=second)
    with budget.hold(60):
        thread.start()
        assert not entered.wait(0.1)
    thread.join(5)
    assert entered.is_set()


def test_one_that_is_too_large_runs_alone_rather_than_never():
    budget = Budget(10)
    with budget.hold(1000):
        pass
    with budget.hold(5), budget.hold(5):
        pass
