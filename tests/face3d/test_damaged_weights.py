"""The shipped files of a face in space after a change: a sentence, and no numbers that are none."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from fet_core.errors import UserError
from fet_core.face3d import fusion, model
from fet_core.face3d.stored import read_tensors

Tensors = dict[str, np.ndarray]


def changed(path: Path, module: Any, change: Callable[[Tensors], Any]) -> Path:
    """The file that a module ships, with other tensors."""
    tensors, about = read_tensors(module.SHIPPED, module.FORMAT)
    change(tensors)
    save_file(tensors, path, about)
    return path


def test_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.safetensors")
    with pytest.raises(UserError, match="is a device or a pipe"):
        model.load_model(tmp_path / "a.safetensors")


def test_a_type_that_numpy_does_not_know(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file as save_torch

    save_torch({"mean": torch.ones(2, dtype=torch.bfloat16)}, tmp_path / "a.safetensors")
    # NumPy knows it where somebody has imported ml_dtypes, as onnx does.
    with pytest.raises(UserError, match=r"cannot be read|is of another version"):
        model.load_model(tmp_path / "a.safetensors")


@pytest.mark.parametrize(
    "change",
    [
        lambda found: found.update(mean=found["mean"].T.copy()),
        lambda found: found.update(mean=found["mean"] * 0),
        lambda found: found.update(mean=found["mean"] * np.float32([1, 1, 0])),
        lambda found: found.update(mean=found["mean"] * 1e5),
        lambda found: found.update(identity=found["identity"][..., :2].copy()),
        lambda found: found.update(identity=found["identity"].reshape(-1)),
        lambda found: found.update(units=found["units"][1:].copy()),
        lambda found: found.update(units=np.array(1, np.float16)),
        lambda found: found["units"].fill(6e4),
    ],
)
def test_a_model_that_is_no_face_is_refused(
    tmp_path: Path, change: Callable[[Tensors], Any]
) -> None:
    with pytest.raises(UserError, match="is of another version"):
        model.load_model(changed(tmp_path / "a.safetensors", model, change))


@pytest.mark.parametrize(
    "change",
    [
        lambda found: found.update({"basis": found["basis"].T.copy()}),
        lambda found: found.update({"mean": found["mean"][:-2].copy()}),
        lambda found: found.update({"mean": found["mean"] * 0 + 1000}),
        lambda found: found.update({"decode.0.bias": found["decode.0.bias"][1:].copy()}),
        lambda found: found["linear.weight"].fill(6e4),
        lambda found: found["decode.3.bias"].fill(6e4),
    ],
)
def test_weights_that_fit_no_face_are_refused(
    tmp_path: Path, change: Callable[[Tensors], Any]
) -> None:
    with pytest.raises(UserError, match="is of another version"):
        fusion.load_fusion(changed(tmp_path / "a.safetensors", fusion, change))
