"""SIGINT and SIGTERM in the middle of a stage: one sentence, 130 or 143, nothing left behind."""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from import_graph import ROOT
from interrupts import hear_ctrl_c

from fet_core.stopping import Stopped, stoppable

DEMO = ROOT / "data" / "demo" / "rafd"
STAGES = ("ingest", "grayscale", "align")


def start(folder: Path, stage: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "pipeline", stage, "--dataset", "rafd"]
    command += ["--params", str(folder / "params.yaml"), "--out", str(folder / "data")]
    command += [] if stage == "ingest" else ["--in", str(folder / "data")]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        start_new_session=True,
        preexec_fn=hear_ctrl_c,
    )


def children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8")
    return [int(word) for word in text.split()]


def ended_soon(pid: int) -> None:
    """The tracker of multiprocessing ends by itself once nobody is there; nobody may collect it."""
    stat = Path(f"/proc/{pid}/stat")
    deadline = time.monotonic() + 20
    while stat.exists() and stat.read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "Z":
        assert time.monotonic() < deadline, f"{pid} lives on"
        time.sleep(0.01)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo faces as a grey data set, so that every picture is converted."""
    if not DEMO.is_dir():
        pytest.skip("data/demo/rafd is not there")
    if not Path("/proc/self/task").is_dir():
        pytest.skip("this system does not say who is whose child")
    made = tmp_path_factory.mktemp("stopped")
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    first, last = text.index("datasets:"), text.index("figures:")
    told = f"datasets:\n  rafd:\n    root: {DEMO}\n    channels: 1\n\n"
    text = text[:first] + told + text[last:].replace("[ckplus, rafd]", "[rafd]")
    (made / "params.yaml").write_text(text, encoding="utf-8")
    return made


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_ends_at_once_and_leaves_nothing(stage: str, folder: Path) -> None:
    before = sorted(folder.rglob("*"))
    for number, whole in ((signal.SIGINT, True), (signal.SIGTERM, False), (signal.SIGTERM, True)):
        process = start(folder, stage)
        # The tracker of multiprocessing is one of them.
        while len(found := children(process.pid)) < min(os.cpu_count() or 1, 2) + 1:
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)
        while stage == "grayscale" and not [*(folder / "data/grayscale").glob("*.png")]:
            assert process.poll() is None, process.communicate()
        # A terminal sends to all processes of the group, `kill` to the first alone.
        (os.killpg if whole else os.kill)(process.pid, number)
        _, said = process.communicate(timeout=30)
        assert process.returncode == 128 + number, said
        lines = [line for line in said.splitlines() if not line.startswith(stage)]
        assert said.count("\n") < 5, said
        assert lines == [f"fet: stopped by {number.name}; run the same command again"]
        for child in found:
            ended_soon(child)
        hidden = [path for path in folder.rglob(".*") if path.name.endswith("part.png")]
        assert hidden == []
        left = {path.suffix for path in set(folder.rglob("*")) - set(before) if path.is_file()}
        assert left <= {".png"}, "pictures that were finished"
    # The next one needs it.
    assert stage == STAGES[-1] or start(folder, stage).wait() == 0


def test_the_next_signals_of_a_group_are_the_same() -> None:
    told = []

    def work() -> None:
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            signal.raise_signal(signal.SIGINT)
            told.append("cleaned")

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Stopped) as stop, stoppable():
        work()
    assert (stop.value.code, told) == (143, ["cleaned"])
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_library_that_answers_with_an_exception_of_its_own() -> None:
    def load(number: int | None) -> None:
        try:
            if number is not None:
                signal.raise_signal(number)
        finally:
            raise ImportError("half a package")

    with pytest.raises(Stopped) as stop, stoppable():
        load(signal.SIGINT)
    assert stop.value.code == 130
    with pytest.raises(ImportError), stoppable():
        load(None)


SLOW = """
import os, signal, time
try:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(0.3)
except BaseException as error:
    raise ImportError("no package") from error
whole = True
"""


def test_an_import_is_not_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "slow_package.py").write_text(SLOW, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    went_on = False

    def work() -> None:
        nonlocal went_on
        importlib.import_module("slow_package")
        for _ in range(500):
            time.sleep(0.01)
        went_on = True

    with pytest.raises(Stopped) as stop, stoppable():
        work()
    assert stop.value.code == 143
    assert sys.modules.pop("slow_package").whole
    assert not went_on


def test_what_c_code_ignores_is_heard_again(capfd: pytest.CaptureFixture[str]) -> None:
    class Odd:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    def work() -> None:
        Odd()
        for _ in range(500):
            time.sleep(0.01)

    began = time.monotonic()
    with pytest.raises(Stopped) as stop, stoppable():
        work()
    assert stop.value.code == 130
    assert time.monotonic() - began < 4
    assert capfd.readouterr().err == ""


def test_what_ends_well_has_ended_well() -> None:
    def work(code: int) -> None:
        with contextlib.suppress(Stopped):
            signal.raise_signal(signal.SIGINT)
        sys.exit(code)

    with pytest.raises(SystemExit), stoppable():
        work(0)
    with pytest.raises(Stopped), stoppable():
        work(2)


ENDING = """
import os, signal, sys
from fet_core.stopping import stop_no_more, stoppable

with stoppable():
    pass
stop_no_more()


class Late:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        print("ended", flush=True)


import atexit
atexit.register(lambda late=Late(): None)
kept = Late()
"""


def test_a_signal_at_the_very_end_changes_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ENDING], cwd=ROOT, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr, done.stdout.split()) == (0, b"", [b"ended", b"ended"])


def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stoppable():
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
