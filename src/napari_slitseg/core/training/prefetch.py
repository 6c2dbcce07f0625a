"""Compute ahead in threads, in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def prefetched(calls: Iterable[Callable[[], T]], threads: int, ahead: int) -> Iterator[T]:
    """Yield the results of calls in their order, while the next ones are computed.

    Parameters
    ----------
    calls : iterable of callable
        Taken one by one, in the consumer's thread, possibly without end.
    threads : int
        How many compute; 0 computes each when it is asked for.
    ahead : int
        How many results may wait or be under way, at least 1.

    Yields
    ------
    object
        What the next call returns; an error in a call is raised when its turn comes. When the
        iterator is closed, or has raised, calls that have not begun are dropped and its threads
        have ended.

    Raises
    ------
    ValueError
        If ``threads`` is negative or ``ahead`` below 1.
    """
    if threads < 0 or ahead < 1:
        raise ValueError(f"Needs threads >= 0 and ahead >= 1, not {threads} and {ahead}.")
    return _threaded(iter(calls), threads, ahead) if threads else (call() for call in calls)


def _threaded(calls: Iterator[Callable[[], T]], threads: int, ahead: int) -> Iterator[T]:
    pool = ThreadPoolExecutor(threads, thread_name_prefix="slitseg-prefetch")
    try:
        under_way: deque[Future[T]] = deque(pool.submit(call) for call in islice(calls, ahead))
        while under_way:
            result = under_way.popleft().result()
            under_way.extend(pool.submit(call) for call in islice(calls, 1))
            yield result
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
