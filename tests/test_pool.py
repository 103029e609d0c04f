"""One function over many items: order, few items without processes, and a process that dies."""

from __future__ import annotations

import math
import os
import signal

import pytest

from fet_core.errors import UserError
from fet_core.parallel import each, once


def test_results_come_in_order_from_processes() -> None:
    items = list(range(40))
    found = list(each(math.factorial, items, "factorials", processes=2))
    assert found == [math.factorial(item) for item in items]


def test_few_items_need_no_process() -> None:
    assert set(each(process_id, [0] * 5, "ids", pool_from=6)) == {os.getpid()}
    assert os.getpid() not in set(each(process_id, [0] * 5, "ids", processes=2))


def test_a_process_that_dies_is_one_sentence() -> None:
    with pytest.raises(
        UserError, match=r"died.*at 9 or one of the next, perhaps for want of memory"
    ):
        list(each(signal.raise_signal, [9, 9, 9], "dying", processes=2))


def test_once_builds_once() -> None:
    assert once(list) is once(list)


def process_id(_: int) -> int:
    return os.getpid()
