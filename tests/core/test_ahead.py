"""Work ahead of whoever takes its results."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from smalti.core.ahead import in_order


def counted(n, seen):
    for number in range(n):
        seen.append(number)
        yield number


@pytest.mark.parametrize("ahead", [0, 1, 7, 100])
def test_results_come_in_the_order_of_the_items(ahead):
    with ThreadPoolExecutor(3) as pool:
        assert list(in_order(pool, lambda number: number**2, range(50), ahead)) == [n**2 for n in range(50)]


def test_no_more_items_are_begun_than_may_wait():
    seen = []
    with ThreadPoolExecutor(3) as pool:
        results = in_order(pool, abs, counted(50, seen), 4)
        assert [next(results) for _ in range(10)] == list(range(10))
        assert seen == list(range(14))


def test_an_error_comes_where_its_result_would():
    with ThreadPoolExecutor(2) as pool:
        results = in_order(pool, lambda number: 1 // number, (1, 0, 2), 2)
        assert next(results) == 1
        with pytest.raises(ZeroDivisionError):
            next(results)
