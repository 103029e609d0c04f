"""`torchrun -m pipeline train`: the curve of one process, stopped and resumed by another number."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

TOP = Path(__file__).resolve().parents[2]
STAGE = "train_transfer"


def start(folder: Path, part: str, count: int, out: str) -> subprocess.Popen[bytes]:
    """Start a training by so many processes."""
    command = [sys.executable, "-m"]
    if count > 1:
        command += ["torch.distributed.run", "--standalone", "--nproc-per-node", str(count), "-m"]
    command += ["pipeline", "train", part, "--dataset", "rafd", "--device", "cpu"]
    command += ["--in", str(folder / "data"), "--out", str(folder / out), "--save-every", "0"]
    command += ["--params", str(folder / "params.yaml"), "--checkpoints", str(folder / f"{out} c")]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, cwd=TOP, env=environment, start_new_session=True)


def steps(folder: Path, out: str) -> list[int]:
    """Steps of the checkpoints on disk."""
    return sorted(int(p.stem.split("-")[1]) for p in (folder / f"{out} c").rglob("step-*.pt"))


def same(folder: Path, one: str, other: str) -> None:
    """Both have the same curves and weights, but for rounding."""
    for name in ("loss_total", "loss_discriminator", "ssim"):
        curves = []
        for out in (one, other):
            live = folder / out / "metrics" / STAGE / "plots" / "metrics" / f"{name}.tsv"
            with live.open() as file:
                curves.append([float(row[name]) for row in csv.DictReader(file, delimiter="\t")])
        assert curves[0]
        np.testing.assert_allclose(*curves, rtol=5e-3)
    weights = [load_file(folder / out / STAGE / "transfer.safetensors") for out in (one, other)]
    for name, value in weights[0].items():
        np.testing.assert_allclose(weights[1][name], value, rtol=0.05, atol=5e-3, err_msg=name)


def stopped(folder: Path, count: int, out: str, signum: signal.Signals) -> None:
    """Start a training, and stop it in the middle of its second epoch."""
    process = start(folder, "fet/transfer", count, out)
    while not [step for step in steps(folder, out) if step > 3 and step % 3]:
        assert process.poll() is None, "the run ended before it could be stopped"
        time.sleep(0.01)
    process.send_signal(signum)
    assert process.wait(60) != 0
    # No process of it is left behind; each has the name of its checkpoints among its words.
    words = ["pgrep", "-f", str(folder / f"{out} c")]
    left = subprocess.run(words, capture_output=True, check=False)
    assert left.stdout == b""
    assert not (folder / out / STAGE / "transfer.safetensors").exists()
    assert steps(folder, out)


@pytest.fixture
def trained(folder: Path) -> Path:
    """With Φ, and Ω by one process."""
    assert start(folder, "fet/fusion", 1, "data").wait() == 0
    params = folder / "params.yaml"
    params.write_text(params.read_text().replace("  epochs: 1", "  epochs: 6"))
    assert start(folder, "fet/transfer", 1, "whole").wait() == 0
    return folder


@pytest.mark.slow
def test_two_processes_stopped_and_resumed_make_one_s_curve(trained: Path) -> None:
    assert start(trained, "fet/transfer", 2, "two").wait() == 0
    same(trained, "two", "whole")

    stopped(trained, 2, "mixed", signal.SIGINT)
    assert start(trained, "fet/transfer", 1, "mixed").wait() == 0
    same(trained, "mixed", "whole")

    stopped(trained, 1, "other", signal.SIGTERM)
    assert start(trained, "fet/transfer", 2, "other").wait() == 0
    same(trained, "other", "whole")


@pytest.mark.slow
def test_a_mistake_ends_all_processes(folder: Path) -> None:
    process = start(folder, "fet/fusion", 3, "data")
    # A batch of 8 is none of three.
    assert process.wait(60) != 0
    assert not steps(folder, "data")
