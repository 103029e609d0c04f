"""How networks are computed is said in one place: by the device, and by FET_ACCELERATION."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from fet_core import acceleration
from fet_core.acceleration import VARIABLE, Acceleration
from fet_core.errors import UserError
from fet_core.geometry.raster import choose_device
from fet_core.nets.plus_file import load_plus

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


@pytest.mark.parametrize("word", [None, "", "auto", "off"])
def test_a_cpu_does_nothing_of_it(word: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if word is not None:
        monkeypatch.setenv(VARIABLE, word)
    how = Acceleration.of(CPU)
    assert how == Acceleration(CPU, None, False, None, False)
    assert str(how) == "cpu"
    net = how.prepare(nn.Conv2d(3, 8, 3))
    assert net.weight.is_contiguous()
    assert net._compiled_call_impl is None
    with how.autocast():
        assert net(torch.rand(1, 3, 8, 8)).dtype == torch.float32


def test_a_cpu_can_be_made_to_do_all_that_a_gpu_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "force")
    monkeypatch.setattr(acceleration.shutil, "which", lambda name: f"/usr/bin/{name}")
    how = Acceleration.of(CPU)
    assert how == Acceleration(CPU, torch.bfloat16, True, "inductor", True)
    assert str(how) != "cpu"
    assert how.prepare(nn.Conv2d(3, 8, 3))._compiled_call_impl is not None
    net = how.prepare(nn.Conv2d(3, 8, 3), trained=False)
    assert net._compiled_call_impl is None
    assert net.weight.is_contiguous(memory_format=torch.channels_last)
    with how.autocast():
        assert net(torch.rand(1, 3, 8, 8)).dtype == torch.bfloat16


def test_without_a_compiler_a_cpu_runs_the_graphs_as_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(VARIABLE, "force")
    monkeypatch.setattr(acceleration.shutil, "which", lambda name: None)
    assert Acceleration.of(CPU).backend == "aot_eager"


def test_each_process_on_a_machine_takes_a_gpu_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert choose_device("auto") == torch.device("cuda")
    for name in ("auto", "cuda"):
        monkeypatch.setenv("LOCAL_RANK", "1")
        assert choose_device(name) == torch.device("cuda:1")
        assert choose_device("cpu") == torch.device("cpu")
        monkeypatch.setenv("LOCAL_RANK", "2")
        with pytest.raises(UserError, match="there is no cuda:2: torch sees 2 GPUs"):
            choose_device(name)


def test_another_word_is_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "yes")
    with pytest.raises(UserError, match='FET_ACCELERATION is "yes"; say auto or force or off'):
        Acceleration.of(CPU)


def test_a_picture_model_is_laid_out_and_rounds_as_on_a_gpu(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    torch.manual_seed(0)
    photo, points = torch.rand(1, 3, 128, 128) * 2 - 1, torch.rand(1, 68, 2) * 128
    wanted = points + torch.randn(1, 68, 2)
    plain = load_plus().picture(photo, points, wanted)
    monkeypatch.setenv(VARIABLE, "force")
    plus = load_plus()
    assert plus.transfer.stem.weight.is_contiguous(memory_format=torch.channels_last)
    assert plus.transfer._compiled_call_impl is None
    made = plus.picture(photo, points, wanted)
    assert not torch.equal(made, plain)
    assert (made - plain).abs().mean() < 0.01
