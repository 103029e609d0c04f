"""`FET_ACCELERATION=force fet train`: its weights are files like any others."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from fet_core.nets.generators import Transfer
from fet_core.nets.weights import load_fitting

TOP = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_a_model_trained_as_on_a_gpu_is_read_as_any_other(folder: Path) -> None:
    # Where no compiler is found its graphs are run as they are, which takes seconds.
    forced = {"FET_ACCELERATION": "force", "OMP_NUM_THREADS": "1", "PATH": str(folder)}
    for part in ("fet/fusion", "fet/transfer"):
        command = [sys.executable, "-m", "pipeline", "train", part, "--dataset", "rafd"]
        command += ["--in", str(folder / "data"), "--out", str(folder / "data"), "--device", "cpu"]
        command += ["--params", str(folder / "params.yaml"), "--checkpoints", str(folder / "c")]
        assert subprocess.run(command, cwd=TOP, env=os.environ | forced).returncode == 0
    path = folder / "data" / "train_transfer" / "transfer.safetensors"
    net, _ = load_fitting(path, "transfer", Transfer, 32, 3, torch.device("cpu"))
    made = net(torch.zeros(1, 1, 32, 32), torch.zeros(1, 3, 32, 32))
    assert torch.isfinite(made).all()
