from hypothesis import given
from hypothesis import strategies as st

from smalti.core.image import ImageRef
from smalti.processing.plan import cut_batches, hired_at_once


def refs_of(sizes):
    return [ImageRef(f"/{i}", str(i), size_bytes=size) for i, size in enumerate(sizes)]


@given(st.lists(st.integers(0, 10**9), max_size=60), st.integers(1, 8))
def test_every_file_is_in_exactly_one_batch_and_in_order(sizes, workers):
    refs = refs_of(sizes)
    assert [ref for batch in cut_batches(refs, workers) for ref in batch] == refs


def test_tiny_files_come_by_the_hundred_and_large_ones_alone():
    assert len(next(cut_batches(refs_of([100] * 6400), 2))) == 512
    assert {len(batch) for batch in cut_batches(refs_of([50_000_000] * 16), 2)} == {1}


def test_few_files_still_keep_every_thread_busy():
    assert len(list(cut_batches(refs_of([1000] * 40), 4))) >= 8


def test_batches_shrink_towards_the_end_so_that_no_worker_waits_long_for_another():
    sizes = [len(batch) for batch in cut_batches(refs_of([100] * 2000), 2)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] <= 64


def test_batches_of_a_number_of_files_hold_that_many():
    assert [len(batch) for batch in cut_batches(refs_of([9**9] * 10), 2, 4)] == [4, 4, 2]


def test_no_second_worker_starts_for_less_work_than_its_start():
    assert hired_at_once(refs_of([100] * 64), 8) == 1
    assert hired_at_once(refs_of([100] * 600), 8) == 4
    assert hired_at_once(refs_of([50_000_000] * 4), 8) == 8


def test_images_of_a_network_have_all_workers_wait_for_answers():
    assert hired_at_once([ImageRef("https://x.org/a.tif", "a.tif", size_bytes=100)], 8) == 8
