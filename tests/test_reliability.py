"""The harness of `make test-reliability` sees what is planted, and its numbers make a table."""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fet_core.errors import UserError
from fet_core.show import reliability

TOP = Path(__file__).resolve().parents[1]
sys.path.append(str(TOP / "benchmarks"))

from trials import damage, traps  # noqa: E402
from trials.commands import Done, judged  # noqa: E402
from trials.engine import MIB, Kind, Limits, Outcome, Wrong, note, run  # noqa: E402


def tried(
    folder: Path, work: Callable[[], Any], numbers: tuple[int, ...] = (0,), seconds: float = 60.0
) -> list[Outcome]:
    """What the harness says of something that is done in its trials."""

    def trial(prepared: object, rng: np.random.Generator, place: Path) -> str:
        note("planted")
        return work() or "result"

    kind = Kind("planted", "", 1.0, lambda _: None, trial, Limits(seconds, 64 * MIB))
    return list(run(kind, None, numbers, 7, folder, 2))


def raises(error: BaseException) -> Callable[[], Any]:
    def work() -> None:
        raise error

    return work


def held(size: int) -> Callable[[], Any]:
    def work() -> None:
        np.ones(size, np.uint8)

    return work


def lives(pid: str) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def segfault() -> None:
    faulthandler.disable()
    os.kill(os.getpid(), signal.SIGSEGV)


def class_of(done: Done) -> str:
    try:
        return judged(done)
    except Wrong as wrong:
        return wrong.kind


PLANTED: list[tuple[str, Callable[[], Any], str]] = [
    ("result", lambda: None, ""),
    ("rejected", raises(UserError("it is no picture; name another")), "it is no picture"),
    ("traceback", raises(KeyError("row")), "KeyError: 'row'"),
    ("traceback", raises(UserError("")), "an empty complaint"),
    ("crash", segfault, "SIGSEGV"),
    ("crash", lambda: os._exit(3), "ended with 3"),
    ("silent", raises(Wrong("silent", "the result is flat")), "the result is flat"),
    ("memory", held(120 * MIB), "where 64 are allowed"),
    ("memory", held(900 * MIB), "MemoryError"),
]


@pytest.mark.parametrize(("outcome", "work", "said"), PLANTED)
def test_what_is_planted_is_classed(
    outcome: str, work: Callable[[], Any], said: str, tmp_path: Path
) -> None:
    (found,) = tried(tmp_path, work)
    assert (found.outcome, found.damage, found.seed) == (outcome, "planted", 7)
    assert said in found.said
    assert found.failed == (outcome not in ("result", "rejected"))
    assert list(tmp_path.iterdir()) == []


def test_what_does_not_end_hangs_and_is_ended(tmp_path: Path) -> None:
    (found,) = tried(tmp_path, lambda: time.sleep(600), seconds=0.5)
    assert (found.outcome, found.said) == ("hang", "not done after 0.5 s")
    assert found.seconds < 300


def test_a_failure_keeps_no_other_trial_from_its_end(tmp_path: Path) -> None:
    def work() -> None:
        if Path.cwd().parent.name.endswith("-1"):
            segfault()

    found = {one.trial: one.outcome for one in tried(tmp_path, work, (0, 1, 2, 3))}
    assert found == {0: "result", 1: "crash", 2: "result", 3: "result"}


def test_a_process_that_is_left_is_found_and_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trials.processes._GRACE", 0.2)
    pids = tmp_path / "pids"

    def work() -> None:
        pids.write_text(str(subprocess.Popen(["sleep", "600"]).pid))

    (found,) = tried(tmp_path / "trials", work)
    assert found.outcome == "hang"
    assert "sleep" in found.said
    # Somebody else's child by now, who may not have asked after it yet.
    while lives(pids.read_text()):
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("done", "outcome"),
    [
        (Done(0, "", ""), "result"),
        (Done(2, "", "reading\nfet: there is no picture; name one\n"), "rejected"),
        (Done(2, "", ""), "traceback"),
        (Done(1, "", "Aborted!"), "traceback"),
        (Done(1, "", "Traceback (most recent call last)\n  File ...\nKeyError: 1"), "traceback"),
        (Done(-11, "", ""), "crash"),
    ],
)
def test_endings_of_commands_are_judged(done: Done, outcome: str) -> None:
    assert class_of(done) == outcome


def test_a_trial_draws_the_same_each_time() -> None:
    content = bytes(range(256)) * 8
    made = [damage.harm(content, np.random.default_rng([3, n])) for n in (1, 1, 2)]
    assert made[0] == made[1] != made[2]


@pytest.mark.parametrize("how", ["byte", "fsync", "rename"])
def test_a_trap_ends_a_writer_that_writes_in_place(how: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def work() -> None:
        traps.Trap(how, 5, 1, after=False).set()
        with path.open("wb") as file:
            file.write(b"0123456789")
            file.flush()
            os.fsync(file.fileno())
        path.replace(tmp_path / "other")

    (found,) = tried(tmp_path / "trials", work)
    assert found.outcome == "crash"
    assert path.read_bytes() == (b"01234" if how == "byte" else b"0123456789")


def test_the_numbers_become_a_table(tmp_path: Path) -> None:
    outcomes = dict.fromkeys(("rejected", "traceback", "crash", "hang", "memory"), 0)
    kinds = {
        "pictures": {"about": "odd ones", "tried": 1200, "measured": ["3 steps: +0 KiB"]}
        | {"outcomes": outcomes | {"result": 1199, "silent": 1}}
    }
    failure = {"kind": "pictures", "seed": 1, "trial": 5, "class": "silent", "damage": "a|`b`\n"}
    found = {
        "kinds": kinds,
        "failures": [failure],
        "seed": 1,
        "count": 1200,
        "versions": {"a": "1"},
    }
    assert not reliability.there(tmp_path)
    (tmp_path / reliability.FILE).write_text(json.dumps(found), encoding="utf-8")
    assert reliability.there(tmp_path)
    text = reliability.tables(tmp_path)
    assert "| pictures | odd ones | 1,200 | 1,199 | 0 | 0 | 0 | 0 | 1 | 0 |" in text
    assert "Measured: 3 steps: +0 KiB." in text
    assert "- `--only pictures --seed 1 --trial 5`: silent; `a|'b' `" in text
    assert text.endswith("Seed 1, `--count 1200`; a 1.")
