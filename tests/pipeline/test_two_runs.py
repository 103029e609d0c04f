"""Two runs of one stage into one folder: the second is refused, whatever the stage."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]

STAGES = {
    "ingest": "ingest",
    "grayscale": "grayscale",
    "align": "align",
    "landmarks": "landmarks",
    "augment": "augment",
    "truths": "truths",
    "train fet/fusion": "train_fusion",
    "train-baseline --model cgan": "train_cgan",
    "evaluate": "evaluate",
    "evaluate --row cgan": "evaluate_cgan",
    "merge a b": "align",
}
SMALL = {
    "train fet/transfer": "train_transfer-metrics",
    "evaluate --row fet-plus": "evaluate_fet_plus-metrics",
    "compare": "compare-metrics",
}

HOLDER = """
import contextlib, sys
from pathlib import Path
from fet_core.locks import exclusive

with contextlib.ExitStack() as stack:
    for name in sys.argv[2:]:
        stack.enter_context(exclusive(Path(sys.argv[1]), name, "--out"))
    print("in", flush=True)
    input()
"""


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder into which another process is running all stages."""
    folder = tmp_path_factory.mktemp("busy")
    names = {*STAGES.values(), *SMALL.values()}
    command = [sys.executable, "-c", HOLDER, str(folder), *names]
    with subprocess.Popen(
        command, cwd=TOP, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "in\n"
        yield folder
        process.communicate("\n")


def code_of(command: str, *options: str, monkeypatch: pytest.MonkeyPatch) -> object:
    """The exit code of a command."""
    from pipeline.cli import main

    monkeypatch.chdir(TOP)
    words = command.split()
    of_set = [] if words[0] == "merge" else ["--dataset", "rafd"]
    monkeypatch.setattr(sys, "argv", ["fet", *words, *of_set, *options])
    with pytest.raises(SystemExit) as end:
        main()
    return end.value.code


@pytest.mark.parametrize("command", STAGES)
def test_the_second_is_refused(
    busy: Path, command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code = code_of(command, "--out", str(busy), monkeypatch=monkeypatch)
    error = capsys.readouterr().err
    assert code == 2
    assert f'another command is writing "{STAGES[command]}" in {busy}; wait until' in error
    assert error.count("\n") == 1
    assert not [path for path in busy.iterdir() if path.suffix != ".lock"]


@pytest.mark.parametrize("command", SMALL)
def test_the_second_is_refused_in_the_folder_of_small_results(
    busy: Path,
    tmp_path: Path,
    command: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    options = ["--out", str(tmp_path), "--metrics", str(busy)]
    code = code_of(command, *options, monkeypatch=monkeypatch)
    error = capsys.readouterr().err
    assert code == 2
    assert f'another command is writing "{SMALL[command]}" in {busy}; wait until' in error
    assert "another folder with --metrics" in error
