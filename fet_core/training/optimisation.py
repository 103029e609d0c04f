"""Small pieces that all tasks share: first weights, Adam, one update, eval mode for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Adam

from fet_core.params import Optimisation

Net = TypeVar("Net", bound=nn.Module)


def seeded(seed: int, build: type[Net], *args: Any, **named: Any) -> Net:
    """Build a network whose first weights depend on `seed` alone; the CPU's global state stays."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build(*args, **named)


def adam(net: nn.Module, rate: float, params: Optimisation) -> Adam:
    """Adam (Kingma 2014) with the betas of `params`."""
    return Adam(net.parameters(), lr=rate, betas=(params.beta1, params.beta2))


def update(optimizer: Adam, loss: Tensor) -> None:
    """One step down the gradient of `loss`."""
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()


@contextmanager
def drawing(seed: int, step: int, device: torch.device) -> Iterator[None]:
    """Inside the block, torch's own random numbers (dropout) depend on seed and step alone."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        state = np.random.SeedSequence([seed, 3, step]).generate_state(1, np.uint64)
        torch.manual_seed(int(state[0]))
        yield


@contextmanager
def evaluating(net: nn.Module) -> Iterator[None]:
    """Eval mode (BatchNorm with its running statistics) and no gradients inside the block."""
    training = net.training
    net.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        net.train(training)
