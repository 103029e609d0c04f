"""Checkpoints of networks laid out as on CUDA, tried on the CPU."""

from __future__ import annotations

from pathlib import Path

import torch
from torch.optim import Adam

from fet_core.nets.generators import Transfer
from fet_core.train.checkpoint import Checkpoints, Progress
from fet_core.train.losses import seeded, update


def test_a_channels_last_network_is_saved_and_restored_with_its_bits(tmp_path: Path) -> None:
    nets, optimizers = {}, {}
    for name, seed in (("a", 0), ("b", 1)):
        net = seeded(seed, Transfer, 32, 3, 4)
        net.to(memory_format=torch.channels_last)
        nets[name], optimizers[name] = net, Adam(net.parameters())
        picture = torch.rand(2, 3, 32, 32).contiguous(memory_format=torch.channels_last)
        update(optimizers[name], net(torch.rand(2, 1, 32, 32), picture).mean())
    first = Checkpoints(tmp_path, {"net": nets["a"]}, {"net": optimizers["a"]})
    first.save(Progress(step=1))
    second = Checkpoints(tmp_path, {"net": nets["b"]}, {"net": optimizers["b"]})
    found = second.load()
    assert found is not None
    assert found.step == 1
    for one, two in zip(nets["a"].parameters(), nets["b"].parameters(), strict=True):
        assert torch.equal(one, two)
        states = optimizers["a"].state[one], optimizers["b"].state[two]
        assert torch.equal(states[0]["exp_avg"], states[1]["exp_avg"])
