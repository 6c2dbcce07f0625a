"""Results come in order, are computed ahead, and no thread is left behind."""

from __future__ import annotations

import itertools
import threading
import time
from functools import partial

import pytest

from napari_slitseg.core.training.prefetch import prefetched


def workers():
    return [each for each in threading.enumerate() if "slitseg-prefetch" in each.name]


@pytest.fixture(autouse=True)
def no_thread_is_left():
    assert workers() == []
    yield
    assert workers() == []


def slowly(value):
    time.sleep(0.002 * (value % 3))
    return value


@pytest.mark.parametrize("threads", [0, 1, 3])
@pytest.mark.parametrize("ahead", [1, 2, 50])
def test_results_come_in_order(threads, ahead):
    calls = [partial(slowly, value) for value in range(20)]
    assert list(prefetched(calls, threads, ahead)) == list(range(20))


@pytest.mark.parametrize("threads", [0, 2])
def test_nothing_to_do_is_nothing_done(threads):
    assert list(prefetched([], threads, 2)) == []


@pytest.mark.parametrize("threads", [0, 2])
def test_an_error_is_raised_when_its_turn_comes(threads):
    def fail():
        raise ZeroDivisionError("the third")

    results = prefetched([lambda: 1, lambda: 2, fail, lambda: 4], threads, 4)
    assert [next(results), next(results)] == [1, 2]
    with pytest.raises(ZeroDivisionError, match="the third"):
        next(results)
    assert workers() == []


def test_an_error_in_what_gives_the_calls_is_raised_too():
    def calls():
        yield lambda: 1
        raise ZeroDivisionError("no more")

    results = prefetched(calls(), 2, 1)
    with pytest.raises(ZeroDivisionError, match="no more"):
        list(results)


def test_calls_without_end_are_taken_as_they_are_needed():
    taken = itertools.count()
    calls = (partial(int, number) for number in taken)
    results = prefetched(calls, 2, 3)
    assert [next(results) for _ in range(10)] == list(range(10))
    assert next(taken) <= 10 + 3
    results.close()
    assert workers() == []


def test_several_calls_run_at_once():
    both = threading.Barrier(2)
    calls = [lambda: both.wait(timeout=30)] * 2
    assert sorted(prefetched(calls, 2, 2)) == [0, 1]


def test_the_next_result_is_computed_while_one_is_used():
    begun = threading.Event()
    results = prefetched([lambda: 1, begun.set], 1, 1)
    assert next(results) == 1
    assert begun.wait(timeout=30)
    results.close()


def test_closing_drops_what_has_not_begun():
    free, begun = threading.Event(), []

    def wait(number):
        begun.append(number)
        return free.wait(timeout=30)

    calls = [lambda: True, *(partial(wait, number) for number in range(30))]
    results = prefetched(calls, 1, 20)
    assert next(results)
    threading.Timer(0.05, free.set).start()
    results.close()
    assert len(begun) <= 1


def test_an_iterator_that_is_never_used_or_forgotten_leaves_no_thread():
    prefetched([lambda: 1], 2, 2)
    assert workers() == []
    results = prefetched([lambda: 1, lambda: 2, lambda: 3], 2, 2)
    next(results)
    assert workers()
    del results
    assert workers() == []


def test_without_threads_each_result_is_computed_when_it_is_asked_for():
    ran = []
    calls = [lambda: ran.append(threading.current_thread())] * 3
    results = prefetched(calls, 0, 2)
    assert ran == []
    next(results)
    assert ran == [threading.main_thread()]
    results.close()


@pytest.mark.parametrize(("threads", "ahead"), [(-1, 1), (1, 0), (0, 0)])
def test_numbers_that_make_no_sense_are_refused(threads, ahead):
    with pytest.raises(ValueError, match="threads >= 0 and ahead >= 1"):
        prefetched([], threads, ahead)
