"""A training killed in the middle of an epoch goes on to the very bits of one that was not."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from safetensors.numpy import load_file

TOP = Path(__file__).resolve().parents[2]


def run(folder: Path, stage: str, checkpoints: Path, out: str = "data") -> subprocess.Popen[bytes]:
    """Start a training stage, as "train-baseline --model cgan"."""
    command = [sys.executable, "-m", "pipeline", *stage.split()]
    command += ["--dataset", "rafd", "--device", "cpu"]
    command += ["--in", str(folder / "data"), "--out", str(folder / out)]
    command += ["--metrics", str(folder / out / "metrics"), "--checkpoints", str(checkpoints)]
    command += ["--params", str(folder / "params.yaml"), "--save-every", "0"]
    return subprocess.Popen(command, cwd=TOP, env=os.environ | {"OMP_NUM_THREADS": "1"})


def saved_steps(checkpoints: Path) -> list[int]:
    """Steps of the checkpoints on disk."""
    return sorted(int(p.stem.split("-")[1]) for p in checkpoints.rglob("step-*.pt"))


def weights(folder: Path, model: str) -> dict[str, bytes]:
    """A model's weights, byte for byte."""
    path = folder / f"train_{model}" / f"{model}.safetensors"
    return {name: value.tobytes() for name, value in load_file(path).items()}


@pytest.mark.parametrize(
    ("stage", "model", "stops", "epochs", "steps"),
    [
        (
            "train-transfer",
            "transfer",
            (signal.SIGKILL, signal.SIGTERM, signal.SIGINT),
            16,
            48,
        ),
        # Its dropout draws from a generator, whose place in the sequence is not in the weights.
        ("train-baseline --model pix2pix", "pix2pix", (signal.SIGKILL,), 6, 18),
        # An epoch of G2-GAN is two of the others.
        pytest.param(
            *("train-baseline --model g2gan", "g2gan", (signal.SIGKILL,), 12, 18),
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_resumed_run_has_the_bits_of_one_that_was_not_stopped(
    folder: Path, stage: str, model: str, stops: tuple[signal.Signals, ...], epochs: int, steps: int
) -> None:
    if model == "transfer":
        assert run(folder, "train-fusion", folder / "checkpoints").wait() == 0
    params = folder / "params.yaml"
    params.write_text(params.read_text().replace("  epochs: 1", f"  epochs: {epochs}"))
    per_epoch = 3
    whole = run(folder, stage, folder / "whole checkpoints", out="whole")

    stopped = folder / "stopped"
    for how in stops:
        process = run(folder, stage, stopped, out="resumed")
        enough = max([per_epoch, *saved_steps(stopped)]) + per_epoch
        # A checkpoint after every step, so the last one lies in the middle of an epoch.
        while not [step for step in saved_steps(stopped) if step > enough and step % per_epoch]:
            assert process.poll() is None, "the run ended before it could be stopped"
            time.sleep(0.01)
        process.send_signal(how)
        code = process.wait()
        assert code == (-signal.SIGKILL if how == signal.SIGKILL else 128 + how)
        assert not (folder / "resumed" / f"train_{model}" / f"{model}.safetensors").exists()
        assert 0 < saved_steps(stopped)[-1] < steps, "it was stopped too late"

    assert run(folder, stage, stopped, out="resumed").wait() == 0
    assert whole.wait() == 0
    assert weights(folder / "resumed", model) == weights(folder / "whole", model)
    for name in ("loss_l1.tsv", "ssim.tsv"):
        live = Path("metrics") / f"train_{model}" / "plots" / "metrics" / name
        assert (folder / "resumed" / live).read_text() == (folder / "whole" / live).read_text()
    shutil.rmtree(folder)


def test_a_second_training_into_the_same_folder_is_refused_as_long_as_the_first_lives(
    folder: Path,
) -> None:
    params = folder / "params.yaml"
    one = params.read_text()
    params.write_text(one.replace("  epochs: 1", "  epochs: 1000"))
    first = run(folder, "train-fusion", folder / "first")
    while not saved_steps(folder / "first"):
        assert first.poll() is None
        time.sleep(0.01)
    # Small results in one folder, or checkpoints, are enough.
    for out, checkpoints in (("data", "second"), ("other", "first")):
        assert run(folder, "train-fusion", folder / checkpoints, out=out).wait() == 2
    assert saved_steps(folder / "second") == []
    first.kill()
    first.wait()
    params.write_text(one)
    assert run(folder, "train-fusion", folder / "second").wait() == 0
    live = folder / "data" / "metrics" / "train_fusion" / "plots" / "metrics" / "loss_l1.tsv"
    assert live.read_text().splitlines()[1:][0].startswith("1\t")
    assert len(live.read_text().splitlines()) == 2
