"""Several processes: order, death of one, Ctrl-C, and nobody left behind."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time

import pytest
from interrupts import hear_ctrl_c

from fet_core.parallel import WorkerDiedError, in_order


def test_results_come_in_order():
    items = [n * 37 % 50 for n in range(50)]
    assert list(in_order(math.factorial, items, 3, chunk=4)) == [math.factorial(n) for n in items]


def test_nothing_to_do_starts_nothing():
    assert list(in_order(math.factorial, [], 2)) == []


@pytest.mark.parametrize(
    ("function", "items"), [(os._exit, [1] * 9), (signal.raise_signal, [9] * 9)]
)
def test_a_process_that_dies_is_noticed(function, items):
    with pytest.raises(WorkerDiedError) as caught:
        list(in_order(function, items, 2, chunk=2))
    assert caught.value.first == items[0]


def test_an_exception_comes_through_in_its_place():
    results = in_order(math.sqrt, [4.0, 9.0, -1.0, 16.0], 2, chunk=1)
    assert [next(results), next(results)] == [2.0, 3.0]
    with pytest.raises(ValueError, match=r"domain error|nonnegative") as caught:
        next(results)
    assert "in a worker process" in caught.value.__notes__[0]


SCRIPT = """
import time
from multiprocessing import active_children
from fet_core.parallel import in_order

if __name__ == "__main__":
    for place, _ in enumerate(in_order(time.sleep, [0.01] * 100_000, 2, chunk=2)):
        if place == 10:
            print(*(child.pid for child in active_children()), flush=True)
"""


def test_ctrl_c_ends_all_processes_at_once(tmp_path):
    script = tmp_path / "work.py"
    script.write_text(SCRIPT)
    # A session of its own: the signal goes to all its processes, as a terminal sends it.
    process = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=hear_ctrl_c,
    )
    assert process.stdout is not None
    children = [int(word) for word in process.stdout.readline().split()]
    assert len(children) == 2
    os.killpg(process.pid, signal.SIGINT)
    time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode != 0
    assert "Process SpawnProcess" not in errors, errors
    for child in children:
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)
