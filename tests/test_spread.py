"""Work on several threads: all of it, in order, or the first failure."""

import threading
import time

import pytest

from rtdiff.spread import spread


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_all_is_done_and_comes_in_order(threads: int) -> None:
    def work(item: int) -> int:
        time.sleep(0.002 * (item % 3))
        return item * item

    assert spread(work, range(20), threads) == [item * item for item in range(20)]
    assert spread(work, [], threads) == []


def test_two_work_at_a_time() -> None:
    meet = threading.Barrier(2, timeout=20)
    assert spread(lambda item: (meet.wait(), item)[1], "ab", 2) == ["a", "b"]


def test_the_first_failure_in_order_is_told_and_nothing_is_begun_after_it() -> None:
    begun = []
    both = threading.Barrier(2, timeout=20)

    def work(item: int) -> None:
        begun.append(item)
        both.wait()
        time.sleep(0.05 * (item == 0))  # the later one fails first
        raise OSError(item)

    before = threading.active_count()
    with pytest.raises(OSError, match=r"^0$"):
        spread(work, range(9), 2)
    assert sorted(begun) == [0, 1]
    assert threading.active_count() == before


def test_an_interrupt_goes_through() -> None:
    def work(item: int) -> None:
        if threading.current_thread() is threading.main_thread():
            raise KeyboardInterrupt
        time.sleep(0.01)

    with pytest.raises(KeyboardInterrupt):
        spread(work, range(50), 2)
