"""Work spread over a few threads. `concurrent.futures` brings logging along: 5 ms of every start."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def spread(work: Callable[[T], R], items: Iterable[T], threads: int) -> list[R]:
    """Return what `work` makes of each of `items`, in their order; the caller's thread works as well.

    Parameters
    ----------
    work : callable
        Called from several threads at a time.
    items : iterable
        Taken one by one, in order.
    threads : int
        At most so many at work, >= 1.

    Raises
    ------
    Exception
        What `work` raised for the first of the items that failed; none is begun after a failure.
    """
    todo = deque(enumerate(items))
    made: dict[int, R] = {}
    failed: dict[int, BaseException] = {}

    def run() -> None:
        while not failed:
            try:
                at, item = todo.popleft()
            except IndexError:
                return
            try:
                made[at] = work(item)
            except BaseException as error:  # an interrupt as well: it is raised again below
                failed[at] = error

    helpers = [threading.Thread(target=run) for _ in range(min(threads, len(todo)) - 1)]
    for helper in helpers:
        helper.start()
    try:
        run()
    finally:
        todo.clear()
        for helper in helpers:
            helper.join()
    if failed:
        raise failed[min(failed)]
    return [made[at] for at in sorted(made)]
